//! The service's door: pushed records, status, metrics, and what the other commands ask of a running service.
//!
//! Everything runs in one asynchronous thread; what takes time (reading records, asking the database) runs in others.

mod admit;
mod body;
mod connections;
mod drill;
mod metrics;
mod push;
mod tls;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use serde_json::json;

use super::asking::{Asking, Refused};
use super::status::Status;
use crate::settings::Http;
use body::Room;
use connections::Doorman;

/// How long requests that have begun may take when the service ends.
const GRACE: Duration = Duration::from_secs(5);
/// How long the head of a request may take, and how long a connection may be idle before the next.
const LONGEST_HEAD: Duration = Duration::from_secs(10);
/// How many bytes the head of a request may have.
const MAX_HEAD: usize = 64 << 10;
/// How many threads do what takes a while.
const THREADS: usize = 8;
/// After how many seconds to come again.
const COME_AGAIN: &str = "2";

/// What every request has at hand.
#[derive(Clone)]
struct Door {
    asking: Arc<Asking>,
    /// Each of them opens it: the one of the settings, and the one of the data folder.
    tokens: Arc<[String]>,
    /// How many bytes a body may have.
    max_body: u64,
    /// Where bodies are in memory.
    room: Room,
}

/// A place where the door can be opened, so that nothing is begun where it can't.
pub(crate) struct Place {
    listener: TcpListener,
    tls: Option<tls::Certificate>,
}

impl Place {
    /// Takes the place.
    ///
    /// # Errors
    /// Where somebody else listens there, or the certificate can't be used.
    pub(crate) fn take(settings: &Http) -> anyhow::Result<Self> {
        let tls = tls::Certificate::of(settings)?;
        let listener = TcpListener::bind(settings.listen).with_context(|| {
            format!(
                "can't listen on {}; choose another address with --listen, port 0 takes a free one",
                settings.listen
            )
        })?;
        Ok(Place { listener, tls })
    }
}

/// The door, open.
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    pub(crate) scheme: &'static str,
    handle: Handle<SocketAddr>,
    thread: JoinHandle<()>,
}

impl Listening {
    /// Opens the door.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub(crate) fn start(
        place: Place,
        settings: &Http,
        tokens: Vec<String>,
        asking: Arc<Asking>,
    ) -> anyhow::Result<Self> {
        let figures = Arc::clone(&asking.figures);
        let door = Door {
            asking,
            tokens: tokens.into(),
            max_body: settings.max_body,
            // Else a body that may be sent could never be taken.
            room: Room::new(settings.max_queue.max(settings.max_body)),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(THREADS)
            .thread_name("http")
            .enable_all()
            .build()?;
        let address = place.listener.local_addr()?;
        let scheme = if place.tls.is_some() { "https" } else { "http" };
        let handle = Handle::new();
        let (app, own) = (router(door), handle.clone());
        let thread = thread::Builder::new().name("door".into()).spawn(move || {
            let served = runtime.block_on(async {
                let tls = place.tls.map(|certificate| certificate.kept_new(figures));
                serve(place.listener, tls, own, app).await
            });
            if let Err(error) = served {
                tracing::error!("the HTTP server ended: {error}");
            }
            runtime.shutdown_timeout(GRACE);
        })?;
        Ok(Listening { address, scheme, handle, thread })
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// No request comes in any more; those that have begun may end.
    pub(crate) fn close(self) -> JoinHandle<()> {
        self.handle.graceful_shutdown(Some(GRACE));
        self.thread
    }
}

async fn serve(
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    handle: Handle<SocketAddr>,
    app: Router,
) -> std::io::Result<()> {
    let server = prepared(axum_server::from_tcp(listener)?.handle(handle));
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    match tls {
        Some(tls) => {
            let acceptor = RustlsAcceptor::new(tls).handshake_timeout(LONGEST_HEAD).acceptor(Doorman::new());
            server.acceptor(acceptor).serve(app).await
        }
        None => server.acceptor(Doorman::new()).serve(app).await,
    }
}

fn prepared<A>(server: Server<SocketAddr, A>) -> Server<SocketAddr, A> {
    let mut server =
        server.http1_only().first_request_timeout(LONGEST_HEAD).accept_error_handler(|from, error| {
            tracing::debug!("a connection wasn't accepted, from {from:?}: {error}");
        });
    server.http_builder().http1().header_read_timeout(LONGEST_HEAD).max_buf_size(MAX_HEAD);
    server
}

fn router(door: Door) -> Router {
    let with_token = Router::new()
        .route("/v1/records", post(push::records))
        .route("/v1/status", get(status))
        .route("/v1/drill", post(drill::drill))
        .route("/v1/outbox/{id}/retry", post(retry))
        .layer(middleware::from_fn_with_state(door.clone(), admit::with_token));
    let on_this_machine = Router::new()
        .route("/metrics", get(metrics::metrics))
        .layer(middleware::from_fn_with_state(door.clone(), admit::from_here_or_with_token));
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .merge(with_token)
        .merge(on_this_machine)
        .method_not_allowed_fallback(|| async {
            answer(StatusCode::METHOD_NOT_ALLOWED, "that can't be done here; docs/serve.md lists what can")
        })
        .fallback(|| async {
            answer(StatusCode::NOT_FOUND, "there is nothing here; docs/serve.md lists what there is")
        })
        .with_state(door)
}

/// An answer for a person.
pub(super) fn answer(status: StatusCode, said: &str) -> Response {
    (status, Json(json!({ "message": said }))).into_response()
}

/// Whether the process does its work at all.
async fn healthz(State(door): State<Door>) -> Response {
    match door.asking.is_alive() {
        true => "ok\n".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "time hasn't been told for too long\n").into_response(),
    }
}

/// Whether records are read, kept and told of.
async fn readyz(State(door): State<Door>) -> Response {
    let troubles = door.asking.troubles();
    match troubles.is_empty() {
        true => "ready\n".into_response(),
        // What is wrong may tell paths, and who asks is anybody.
        false => (StatusCode::SERVICE_UNAVAILABLE, "something is wrong; kmswatch status says what\n")
            .into_response(),
    }
}

async fn status(State(door): State<Door>) -> Response {
    match blocking(move || door.asking.status()).await {
        Ok(status) => Json::<Status>(status).into_response(),
        Err(error) => unavailable(&error),
    }
}

async fn retry(State(door): State<Door>, id: Result<Path<u64>, PathRejection>) -> Response {
    let Ok(Path(id)) = id else { return answer(StatusCode::NOT_FOUND, "notifications have numbers") };
    match door.asking.retry(id).await {
        Ok(Ok(true)) => answer(StatusCode::OK, "it is tried again now"),
        Ok(Ok(false)) => {
            answer(StatusCode::CONFLICT, "there is no notification of that number that was given up")
        }
        Ok(Err(refused)) => why_refused(&refused),
        Err(error) => unavailable(&error),
    }
}

pub(super) fn why_refused(refused: &Refused) -> Response {
    match refused {
        Refused::Busy => {
            come_again(StatusCode::TOO_MANY_REQUESTS, "more comes than can be taken now; come again")
        }
        Refused::TooLong(why) => answer(StatusCode::PAYLOAD_TOO_LARGE, why),
        Refused::Unavailable(why) => come_again(StatusCode::SERVICE_UNAVAILABLE, why),
    }
}

/// Runs what may take a while beside the asynchronous thread.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("it was broken off")?
}

pub(super) fn unavailable(error: &anyhow::Error) -> Response {
    tracing::error!("a request can't be answered: {error:#}");
    come_again(StatusCode::SERVICE_UNAVAILABLE, "that can't be answered now; the log says why")
}

/// An answer for whoever should ask again.
pub(super) fn come_again(status: StatusCode, said: &str) -> Response {
    let mut response = answer(status, said);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(COME_AGAIN));
    response
}
