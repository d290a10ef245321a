//! Takes the body of a request into memory: as much as there is room for, at the speed that one may expect.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::{HeaderMap, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

/// So long a body may take in any case.
const AT_LEAST: Duration = Duration::from_secs(20);
/// So many bytes must come in each second after that, on average.
const SLOWEST: u64 = 16 << 10;
/// What the rest of a body that isn't wanted may take, so that whoever sends it hears why rather than that the connection is gone.
const LONGEST_FAREWELL: Duration = Duration::from_secs(5);
/// Room is given in pieces of so many bytes.
const PIECE: u64 = 1 << 10;

/// How much of all bodies together may be in memory.
#[derive(Clone)]
pub(super) struct Room(Arc<Semaphore>);

/// A body in memory.
pub(super) struct Held {
    bytes: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why a body isn't in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// It is longer than a body may be.
    TooLong,
    /// Other bodies take the room.
    NoRoom,
    /// It comes too slowly.
    TooSlow,
    /// It ended before its end.
    BrokenOff,
}

impl Room {
    pub(super) fn new(bytes: u64) -> Self {
        let pieces = usize::try_from(bytes.div_ceil(PIECE)).unwrap_or(usize::MAX);
        Room(Arc::new(Semaphore::new(pieces.clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// Takes a body of at most `most` bytes.
    pub(super) async fn take(
        &self,
        headers: &HeaderMap,
        body: &mut Body,
        most: u64,
    ) -> Result<Held, NotTaken> {
        let expected = length(headers).unwrap_or_default();
        if expected > most {
            return Err(NotTaken::TooLong);
        }
        let mut room = self.pieces(expected.max(1))?;
        let mut bytes = Vec::new();
        let began = Instant::now();
        loop {
            let seconds = Duration::from_secs(bytes.len() as u64 / SLOWEST);
            let next = timeout_at(began + AT_LEAST + seconds, next(body)).await;
            let Some(data) = next.map_err(|_| NotTaken::TooSlow)? else { break };
            let data = data.map_err(|_| NotTaken::BrokenOff)?;
            let length = (bytes.len() + data.len()) as u64;
            if length > most {
                return Err(NotTaken::TooLong);
            }
            let has = room.num_permits() as u64 * PIECE;
            if length > has {
                room.merge(self.pieces(length - has)?);
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Held { bytes, _room: room })
    }

    fn pieces(&self, bytes: u64) -> Result<OwnedSemaphorePermit, NotTaken> {
        let pieces = u32::try_from(bytes.div_ceil(PIECE)).map_err(|_| NotTaken::NoRoom)?;
        self.0.clone().try_acquire_many_owned(pieces).map_err(|_| NotTaken::NoRoom)
    }
}

/// Reads on, so that whoever sends still hears the answer, but not for long.
pub(super) async fn let_end(headers: &HeaderMap, body: &mut Body) {
    if headers.contains_key(header::EXPECT) {
        // Nothing is sent before we ask for it.
        return;
    }
    let rest = async { while let Some(Ok(_)) = next(body).await {} };
    let _ = timeout(LONGEST_FAREWELL, rest).await;
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn next(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    loop {
        match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await? {
            Ok(frame) => {
                if let Ok(data) = frame.into_data() {
                    return Some(Ok(data));
                }
            }
            Err(error) => return Some(Err(error)),
        }
    }
}
