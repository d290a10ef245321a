//! A picture as PNG (W3C, "Portable Network Graphics"): eight bits for each of red, green, blue and opacity.

use std::io::Write as _;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use super::canvas::Canvas;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The picture as a file.
pub(super) fn encode(canvas: &Canvas) -> Vec<u8> {
    let mut file = SIGNATURE.to_vec();
    let mut header = Vec::new();
    for length in [canvas.width(), canvas.height()] {
        header.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    }
    // Eight bits a channel, colour with opacity; the only compression, filtering and order that there are.
    header.extend([8, 6, 0, 0, 0]);
    chunk(*b"IHDR", &header, &mut file);
    chunk(*b"IDAT", &pixels(canvas), &mut file);
    chunk(*b"IEND", &[], &mut file);
    file
}

/// Each line as the difference from the one above (filter 2), compressed.
fn pixels(canvas: &Canvas) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let mut above = vec![[0_u8; 4]; canvas.width()];
    for line in canvas.lines() {
        let difference =
            line.iter().flatten().zip(above.iter().flatten()).map(|(here, there)| here.wrapping_sub(*there));
        let bytes: Vec<u8> = [2].into_iter().chain(difference).collect();
        // Writing to memory doesn't fail.
        let _ = encoder.write_all(&bytes);
        above = line.to_vec();
    }
    encoder.finish().unwrap_or_default()
}

fn chunk(kind: [u8; 4], data: &[u8], file: &mut Vec<u8>) {
    file.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    let mut checksum = Crc::new();
    checksum.update(&kind);
    checksum.update(data);
    file.extend(kind);
    file.extend(data);
    file.extend(checksum.sum().to_be_bytes());
}
