//! How fast can log files be read and inflated, if nothing else is done with them?
//!
//! This is the yardstick of `cargo xtask bench`: no scan can be faster, so the speed of `kmswatch scan` is said as a
//! share of it. It uses the same allocator and the same inflating library as kmswatch, called in the cheapest
//! correct way: one buffer for the file and one for its content, both reused, checksums verified, one file after
//! the other in each thread.
//!
//! ```text
//! floor DIR [--threads N]
//! ```

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "its answer is for the terminal that called it"
)]

use std::ffi::c_void;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, bail};
use libdeflate_sys as sys;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Far more than a log file has.
const LARGEST: usize = 4 << 30;

/// Deflate can't do better; a longer length is claimed by a damaged file.
const HIGHEST_RATIO: usize = 1032;

/// Bytes of all files, as they lie there and inflated.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Bytes {
    compressed: u64,
    inflated: u64,
}

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(Bytes { compressed, inflated }) => {
            println!("{compressed} bytes in, {inflated} bytes out");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(mut words: impl Iterator<Item = String>) -> anyhow::Result<Bytes> {
    const USAGE: &str = "usage: floor DIR [--threads N]";
    let folder = words.next().context(USAGE)?;
    let threads = match words.next().as_deref() {
        None => 1,
        Some("--threads") => words.next().context(USAGE)?.parse().context(USAGE)?,
        Some(_) => bail!(USAGE),
    };
    let mut files = Vec::new();
    walk(Path::new(&folder), &mut files).context(folder)?;
    inflate_all(&files, threads)
}

/// The `.json.gz` files below a folder, in order.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), files)?;
        } else if entry.file_name().as_encoded_bytes().ends_with(b".gz") {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Hands out the files through a counter; the caller's thread is one of the threads.
fn inflate_all(files: &[PathBuf], threads: usize) -> anyhow::Result<Bytes> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| inflate_some(files, &next))).collect();
        let mut total = inflate_some(files, &next)?;
        for other in others {
            let Ok(bytes) = other.join() else { bail!("a thread panicked") };
            let bytes = bytes?;
            total.compressed += bytes.compressed;
            total.inflated += bytes.inflated;
        }
        Ok(total)
    })
}

fn inflate_some(files: &[PathBuf], next: &AtomicUsize) -> anyhow::Result<Bytes> {
    let mut inflater = Inflater::new().context("no memory for an inflater")?;
    let mut compressed = Vec::new();
    let mut inflated = Vec::new();
    let mut total = Bytes::default();
    while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
        let name = || path.display().to_string();
        compressed.clear();
        File::open(path).and_then(|mut file| file.read_to_end(&mut compressed)).with_context(name)?;
        total.compressed += compressed.len() as u64;
        total.inflated += inflater.file(&compressed, &mut inflated).with_context(name)? as u64;
    }
    Ok(total)
}

/// Inflates with libdeflate.
struct Inflater(NonNull<sys::libdeflate_decompressor>);

impl Inflater {
    fn new() -> Option<Self> {
        // SAFETY: has no preconditions; returns null without memory.
        NonNull::new(unsafe { sys::libdeflate_alloc_decompressor() }).map(Self)
    }

    /// Inflates all members of a file, each over the one before, and returns the length of all together. The buffer
    /// only grows, so that it is cleared once and not for each file.
    fn file(&mut self, mut gzip: &[u8], buffer: &mut Vec<u8>) -> anyhow::Result<usize> {
        let mut length = 0;
        while !gzip.is_empty() {
            let (read, written) = self.member(gzip, buffer)?;
            length += written;
            gzip = gzip.get(read..).unwrap_or_default();
        }
        Ok(length)
    }

    /// Inflates the first member; returns the bytes read and written.
    fn member(&mut self, gzip: &[u8], buffer: &mut Vec<u8>) -> anyhow::Result<(usize, usize)> {
        // The last four bytes of a file say how long its last member is: mostly all there is to know.
        let claimed = gzip.last_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize);
        let expected = claimed.min(gzip.len().saturating_mul(HIGHEST_RATIO));
        if buffer.len() < expected {
            buffer.resize(expected, 0);
        }
        loop {
            let (result, read, written) = self.call(gzip, buffer);
            match result {
                sys::libdeflate_result_LIBDEFLATE_SUCCESS => return Ok((read, written)),
                sys::libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE if buffer.len() < LARGEST => {
                    buffer.resize((buffer.len() * 2).clamp(64 << 10, LARGEST), 0);
                }
                _ => bail!("not whole gzip"),
            }
        }
    }

    fn call(&mut self, gzip: &[u8], buffer: &mut [u8]) -> (sys::libdeflate_result, usize, usize) {
        let (mut read, mut written) = (0, 0);
        // SAFETY: the decompressor is alive and not shared; both buffers are valid for their lengths, and the
        // library writes to `buffer`, `read` and `written` only.
        let result = unsafe {
            sys::libdeflate_gzip_decompress_ex(
                self.0.as_ptr(),
                gzip.as_ptr().cast::<c_void>(),
                gzip.len(),
                buffer.as_mut_ptr().cast::<c_void>(),
                buffer.len(),
                &raw mut read,
                &raw mut written,
            )
        };
        (result, read, written)
    }
}

impl Drop for Inflater {
    fn drop(&mut self) {
        // SAFETY: it came from `libdeflate_alloc_decompressor` and is freed once.
        unsafe { sys::libdeflate_free_decompressor(self.0.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn all_members_are_inflated_whatever_the_last_one_says() {
        let file = [gzip(&[b'a'; 300_000]), gzip(b"bc"), gzip(b"")].concat();
        let mut inflater = Inflater::new().unwrap();
        assert_eq!(inflater.file(&file, &mut Vec::new()).unwrap(), 300_002);
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        let mut file = gzip(b"some text");
        let checksum = file.len() - 8;
        file[checksum] ^= 1;
        let mut inflater = Inflater::new().unwrap();
        assert!(inflater.file(&file, &mut Vec::new()).is_err());
        assert!(inflater.file(b"not gzip", &mut Vec::new()).is_err());
    }
}
