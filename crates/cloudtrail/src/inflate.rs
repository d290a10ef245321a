//! Gzip, told by its content.

use std::ffi::c_void;
use std::io::Read;
use std::ptr::NonNull;

use libdeflate_sys as sys;

/// Whether `bytes` begin as gzip does.
#[must_use]
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Why a file wasn't inflated as a whole. It may still be read piece by piece, as far as it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotWhole {
    /// It inflates to more than the limit.
    TooLong,
    /// It is cut off, damaged, or has something behind it that isn't gzip.
    Damaged,
}

/// Inflates whole files with libdeflate.
///
/// The safe wrapper of that library doesn't say how many bytes a member took, without which a second member could
/// be missed; so this calls the library itself.
#[derive(Debug)]
pub struct Inflater(NonNull<sys::libdeflate_decompressor>);

// SAFETY: a decompressor is plain memory that only its owner reaches.
unsafe impl Send for Inflater {}

impl Inflater {
    /// An inflater; `None` where there is no memory for one.
    #[must_use]
    pub fn new() -> Option<Self> {
        // SAFETY: has no preconditions; returns null without memory.
        NonNull::new(unsafe { sys::libdeflate_alloc_decompressor() }).map(Self)
    }

    /// Inflates `gzip`, one or several members, into `inflated` from its start, up to `limit` bytes, and returns how
    /// many bytes are valid. `inflated` becomes `limit` bytes long with the first file, which costs nothing: the system
    /// hands zeros out as they are first written to. What is left in it from before saves clearing it.
    ///
    /// # Errors
    /// Where the result would be longer than `limit`, or `gzip` isn't whole.
    pub fn inflate(&mut self, gzip: &[u8], inflated: &mut Vec<u8>, limit: usize) -> Result<usize, NotWhole> {
        if expected_length(gzip) > limit {
            return Err(NotWhole::TooLong);
        }
        if inflated.len() < limit {
            *inflated = Vec::new();
            *inflated = vec![0; limit];
        }
        let (mut rest, mut length) = (gzip, 0);
        loop {
            let room = inflated.get_mut(length..limit).unwrap_or_default();
            let (read, written) = self.call(rest, room)?;
            length += written;
            rest = rest.get(read..).unwrap_or_default();
            // Zeros behind the last member are padding, as `gzip -d` treats them.
            if rest.iter().all(|byte| *byte == 0) {
                return Ok(length);
            }
        }
    }

    /// Inflates the first member of `gzip`; returns the bytes read and written.
    fn call(&mut self, gzip: &[u8], out: &mut [u8]) -> Result<(usize, usize), NotWhole> {
        let (mut read, mut written) = (0_usize, 0_usize);
        // SAFETY: the decompressor is alive and not shared; both buffers are valid for their lengths, and the library
        // writes to `out`, `read` and `written` only.
        let result = unsafe {
            sys::libdeflate_gzip_decompress_ex(
                self.0.as_ptr(),
                gzip.as_ptr().cast::<c_void>(),
                gzip.len(),
                out.as_mut_ptr().cast::<c_void>(),
                out.len(),
                &raw mut read,
                &raw mut written,
            )
        };
        match result {
            sys::libdeflate_result_LIBDEFLATE_SUCCESS => Ok((read, written)),
            sys::libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE => Err(NotWhole::TooLong),
            _ => Err(NotWhole::Damaged),
        }
    }
}

impl Drop for Inflater {
    fn drop(&mut self) {
        // SAFETY: it came from `libdeflate_alloc_decompressor` and is freed once.
        unsafe { sys::libdeflate_free_decompressor(self.0.as_ptr()) }
    }
}

/// What the last four bytes of a gzip file say: the length of its last member, modulo 2³². A hint only.
fn expected_length(gzip: &[u8]) -> usize {
    gzip.last_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize)
}

/// A reader of what the gzip members of `gzip` hold, piece by piece.
pub(crate) fn inflate_stream<'r>(gzip: impl Read + 'r) -> impl Read + 'r {
    flate2::read::MultiGzDecoder::new(gzip)
}
