//! Why a delivery failed, in words for people.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use crate::hostile::harmless;
use crate::limits::MAX_REASON;

/// What a server said, or an error's own words: in one line, and short.
pub(crate) fn said(text: &str) -> String {
    harmless(text.trim(), MAX_REASON)
}

/// What became of a connection.
pub(crate) fn connection(error: &(dyn Error + 'static), timeout: Duration) -> String {
    if let Some(error) = of_kind::<rustls::Error>(error) {
        return tls(error);
    }
    match of_kind::<io::Error>(error).map(io::Error::kind) {
        Some(ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
            format!("it didn't answer within {} seconds", timeout.as_secs())
        }
        Some(ErrorKind::ConnectionRefused) => "nothing listens there (connection refused)".into(),
        Some(ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe) => {
            "it closed the connection".into()
        }
        _ => said(&innermost(error).to_string()),
    }
}

/// What is wrong with an encrypted connection.
pub(crate) fn tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => {
            format!("its certificate isn't trusted ({})", said(&why.to_string()))
        }
        other => format!("no encrypted connection comes about ({})", said(&other.to_string())),
    }
}

/// The first error of a type in the chain of causes; one that an `io::Error` wraps, too.
fn of_kind<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = wrapped.and_then(|wrapped| wrapped.downcast_ref::<T>()) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn innermost<'e>(mut error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}
