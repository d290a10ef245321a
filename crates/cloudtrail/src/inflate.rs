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
    /// many bytes are valid. `inflated` only ever grows: what is left in it from before saves clearing it.
    ///
    /// # Errors
    /// Where the result would be longer than `limit`, or `gzip` isn't whole.
    pub fn inflate(&mut self, gzip: &[u8], inflated: &mut Vec<u8>, limit: usize) -> Result<usize, NotWhole> {
        let (mut rest, mut length) = (gzip, 0);
        if expected_length(gzip) > limit {
            return Err(NotWhole::TooLong);
        }
        loop {
            let (read, written) = self.member(rest, inflated, length, limit)?;
            length += written;
            rest = rest.get(read..).unwrap_or_default();
            // Zeros behind the last member are padding, as `gzip -d` treats them.
            if rest.iter().all(|byte| *byte == 0) {
                return Ok(length);
            }
        }
    }

    /// Inflates the first member of `gzip` behind the first `at` bytes of `inflated`; returns the bytes read and
    /// written.
    fn member(
        &mut self,
        gzip: &[u8],
        inflated: &mut Vec<u8>,
        at: usize,
        limit: usize,
    ) -> Result<(usize, usize), NotWhole> {
        let most = limit.saturating_sub(at);
        let mut room = expected_length(gzip).max(inflated.len().saturating_sub(at)).max(64 << 10).min(most);
        loop {
            if inflated.len() < at + room {
                grow(inflated, at, (at + room).next_power_of_two().min(limit.max(at + room)));
            }
            let outcome = self.call(gzip, inflated.get_mut(at..at + room).unwrap_or_default());
            match outcome {
                Ok(counts) => return Ok(counts),
                Err(sys::libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE) if room < most => {
                    room = room.saturating_mul(2).min(most);
                }
                Err(sys::libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE) => return Err(NotWhole::TooLong),
                Err(_) => return Err(NotWhole::Damaged),
            }
        }
    }

    fn call(&mut self, gzip: &[u8], out: &mut [u8]) -> Result<(usize, usize), sys::libdeflate_result> {
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
        if result == sys::libdeflate_result_LIBDEFLATE_SUCCESS { Ok((read, written)) } else { Err(result) }
    }
}

impl Drop for Inflater {
    fn drop(&mut self) {
        // SAFETY: it came from `libdeflate_alloc_decompressor` and is freed once.
        unsafe { sys::libdeflate_free_decompressor(self.0.as_ptr()) }
    }
}

/// Makes `buffer` `length` bytes long and keeps its first `kept`. Where nothing is to be kept, the old memory goes back
/// before the new is asked for, and zeros come from the system, which hands them out as they are first written to.
fn grow(buffer: &mut Vec<u8>, kept: usize, length: usize) {
    if kept == 0 {
        *buffer = Vec::new();
        *buffer = vec![0; length];
    } else {
        buffer.resize(length, 0);
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
