//! The bytes of one file: a header with length and checksum, then the request.
//!
//! ```text
//!  bytes 0..8    8..16                       16..20                     20..
//!  "pcspool1"    length, little-endian u64   CRC-32, little-endian u32  the request
//! ```
//!
//! `pcs-done` alone marks a file that is about to be removed.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

use flate2::Crc;

/// Format and version.
const MAGIC: [u8; 8] = *b"pcspool1";
const DONE: [u8; 8] = *b"pcs-done";
const HEADER_BYTES: usize = 20;

/// The contents of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Contents {
    Request(Vec<u8>),
    /// The request was sent, refused or evicted.
    Done,
    /// The file is damaged, or its writer died.
    Damaged,
}

/// Returns the size of a request's file.
pub(super) fn file_bytes(request: &[u8]) -> u64 {
    HEADER_BYTES as u64 + request.len() as u64
}

/// Writes a request to an empty file.
pub(super) fn write(mut file: &File, request: &[u8]) -> io::Result<()> {
    file.write_all(&header(request))?;
    file.write_all(request)
}

/// Reads a file from its start.
pub(super) fn read(file: &File) -> io::Result<Contents> {
    let bytes = file.metadata()?.len();
    let mut start = Vec::with_capacity(HEADER_BYTES);
    file.take(HEADER_BYTES as u64).read_to_end(&mut start)?;
    if start.starts_with(&DONE) {
        return Ok(Contents::Done);
    }
    // A file whose header does not fit its size is not read into memory.
    let length = bytes.saturating_sub(HEADER_BYTES as u64);
    if start.len() < HEADER_BYTES || start[..8] != MAGIC || start[8..16] != length.to_le_bytes() {
        return Ok(Contents::Damaged);
    }
    let mut request = Vec::new();
    file.take(length).read_to_end(&mut request)?;
    Ok(if header(&request) == *start { Contents::Request(request) } else { Contents::Damaged })
}

/// Replaces the contents by the mark of a file that is about to be removed.
pub(super) fn mark_done(mut file: &File) -> io::Result<()> {
    file.rewind()?;
    file.write_all(&DONE)?;
    file.set_len(DONE.len() as u64)
}

fn header(request: &[u8]) -> [u8; HEADER_BYTES] {
    let mut crc = Crc::new();
    crc.update(request);
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..16].copy_from_slice(&(request.len() as u64).to_le_bytes());
    header[16..].copy_from_slice(&crc.sum().to_le_bytes());
    header
}
