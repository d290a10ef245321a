//! What tells equal texts from others, however long they are.

use sha2::{Digest as _, Sha256};

/// A hash of texts and of how they are separated. An attacker who writes the texts can't make two of them equal.
pub(crate) struct Hash(Sha256);

impl Hash {
    pub(crate) fn new() -> Self {
        Hash(Sha256::new())
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
        self
    }

    pub(crate) fn optional(mut self, text: Option<&str>) -> Self {
        self.0.update([u8::from(text.is_some())]);
        self.text(text.unwrap_or_default())
    }

    pub(crate) fn finish(self) -> [u8; 16] {
        let whole: [u8; 32] = self.0.finalize().into();
        std::array::from_fn(|at| whole.get(at).copied().unwrap_or_default())
    }
}

/// Of who and which key.
pub(crate) fn of_pair(principal: &str, key: Option<&str>) -> [u8; 16] {
    Hash::new().text(principal).optional(key).finish()
}
