//! `POST /v1/records`: log files, NDJSON, or any envelope that the reader knows, compressed or not. The answer comes when the
//! records are on the disk.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::body::{Held, NotTaken, let_end};
use super::{Door, answer, come_again, why_refused};
use crate::serve::asking::Pushed;

/// Takes records.
pub(super) async fn records(State(door): State<Door>, headers: HeaderMap, mut body: Body) -> Response {
    match taken(&door, &headers, &mut body).await {
        Ok(held) => match door.asking.push(Arc::new(held)).await {
            Ok(pushed) => told(&pushed),
            Err(refused) => why_refused(&refused),
        },
        Err(response) => {
            let_end(&headers, &mut body).await;
            response
        }
    }
}

/// The body, or the answer to one that isn't taken.
async fn taken(door: &Door, headers: &HeaderMap, body: &mut Body) -> Result<Held, Response> {
    let is_gzip = says_gzip(headers).ok_or_else(strangely_compressed)?;
    if let Some(refused) = door.asking.refuses_all() {
        return Err(why_refused(&refused));
    }
    let held = door.room.take(headers, body, door.max_body).await;
    let held = held.map_err(|why| why_not_taken(why, door.max_body))?;
    let bytes = held.as_ref();
    if bytes.is_empty() {
        return Err(bad("the body is empty; send a CloudTrail log file or records, one a line"));
    }
    if is_gzip && !bytes.starts_with(&GZIP) {
        return Err(bad("the body isn't gzip, though `Content-Encoding` says so"));
    }
    Ok(held)
}

/// What gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Whether the header says that the body is gzip; without one, that is told by its content. `None` if it says something else.
fn says_gzip(headers: &HeaderMap) -> Option<bool> {
    let mut says = false;
    for encoding in headers.get_all(header::CONTENT_ENCODING) {
        match encoding.to_str().ok()?.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" if !says => says = true,
            "identity" | "" => {}
            _ => return None,
        }
    }
    Some(says)
}

fn strangely_compressed() -> Response {
    let said = "a body may be compressed with gzip, once, and in no other way";
    let mut response = answer(StatusCode::UNSUPPORTED_MEDIA_TYPE, said);
    response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

fn told(pushed: &Pushed) -> Response {
    let status = if pushed.problems.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    (status, Json(pushed)).into_response()
}

fn bad(problem: &str) -> Response {
    told(&Pushed { problems: vec![problem.to_owned()], ..Pushed::default() })
}

pub(super) fn why_not_taken(why: NotTaken, most: u64) -> Response {
    match why {
        NotTaken::TooLong => {
            answer(StatusCode::PAYLOAD_TOO_LARGE, &format!("a body has at most {most} bytes; send several"))
        }
        NotTaken::NoRoom => come_again(
            StatusCode::TOO_MANY_REQUESTS,
            "too much is being pushed at once (http.max_queue); come again",
        ),
        NotTaken::TooSlow => {
            answer(StatusCode::REQUEST_TIMEOUT, "the body comes too slowly; nothing of it was taken")
        }
        NotTaken::BrokenOff => bad("the body ended before its end; nothing of it was taken"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_be_gzip_and_nothing_else() {
        let says = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_ENCODING, value.parse().unwrap());
            }
            says_gzip(&headers)
        };
        assert_eq!(says(&[]), Some(false));
        assert_eq!(says(&["identity"]), Some(false));
        assert_eq!(says(&["GZip"]), Some(true));
        for strange in [&["br"][..], &["gzip", "gzip"], &["gzip, gzip"], &["deflate"], &["zstd"]] {
            assert_eq!(says(strange), None, "{strange:?}");
        }
    }
}
