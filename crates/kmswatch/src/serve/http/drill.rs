//! `POST /v1/drill`: the record of a drill, which takes the way of every other and counts for nobody's metrics but its own.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::body::let_end;
use super::push::why_not_taken;
use super::{Door, answer, why_refused};

/// How long the log file of a drill may be, in bytes.
const MAX_DRILL: u64 = 64 * 1024;

/// Takes the record; the answer comes when it is on the disk.
pub(super) async fn drill(State(door): State<Door>, headers: HeaderMap, mut body: Body) -> Response {
    let body = match door.room.take(&headers, &mut body, MAX_DRILL).await {
        Ok(body) => body,
        Err(why) => {
            let_end(&headers, &mut body).await;
            return why_not_taken(why, MAX_DRILL);
        }
    };
    match door.asking.drill(Arc::new(body)).await {
        Ok(drilled) if drilled.matches == 0 => {
            let why = drilled.problems.first().map_or("no failing KMS call is in it", String::as_str);
            answer(StatusCode::BAD_REQUEST, why)
        }
        Ok(drilled) => Json(drilled).into_response(),
        Err(refused) => why_refused(&refused),
    }
}
