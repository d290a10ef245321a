//! By what a receiver knows that a request came from here.

use ring::hmac::{HMAC_SHA256, Key, sign};

use crate::email::hex;
use crate::secret::Secret;

/// The header that holds the signature.
pub const SIGNATURE_HEADER: &str = "X-Kmswatch-Signature";

/// Signs requests: `t=1789384728,v1=5257a869…`, where `v1` is the HMAC-SHA256 of the time, a point and the body, in
/// hexadecimal digits. A receiver that refuses times which lie more than some minutes back can't be sent a request again.
#[derive(Debug, Clone)]
pub struct Signature {
    secret: Secret,
}

impl Signature {
    /// Signs with that secret.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Signature { secret }
    }

    /// The header's value for a body that is sent at `now`, in seconds since 1970.
    #[must_use]
    pub fn header(&self, body: &str, now: i64) -> String {
        let key = Key::new(HMAC_SHA256, self.secret.reveal().as_bytes());
        let mac = sign(&key, format!("{now}.{body}").as_bytes());
        format!("t={now},v1={}", hex(mac.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_signed_with_its_time() {
        // printf '1789384728.{}' | openssl dgst -sha256 -hmac secret
        let signature = Signature::new(Secret::new("secret"));
        let expected = "t=1789384728,v1=c9889c6161335a938508eec8894fa6f96d9b54f25ee93b1da1e33cdd1ae9589c";
        assert_eq!(signature.header("{}", 1_789_384_728), expected);
        assert!(!format!("{signature:?}").contains("\"secret\""));
    }
}
