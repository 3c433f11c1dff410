//! The lines of a file, compressed or not.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;

/// The two bytes that every gzip file begins with.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// A file of lines.
pub(super) enum Input<R> {
    Plain(R),
    Gzip(BufReader<MultiGzDecoder<R>>),
}

impl<R: BufRead> Input<R> {
    /// Finds out whether `input` is compressed.
    pub(super) fn new(mut input: R) -> io::Result<Self> {
        Ok(if input.fill_buf()?.starts_with(GZIP_MAGIC) {
            Self::Gzip(BufReader::new(MultiGzDecoder::new(input)))
        } else {
            Self::Plain(input)
        })
    }

    /// Reads the next line into `line`, replacing what is there; false at the end.
    ///
    /// A compressed file whose writer died ends in the middle of its data: that is its end, and no error.
    pub(super) fn read_line(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        let read = match self {
            Self::Plain(input) => input.read_until(b'\n', line),
            Self::Gzip(input) => input.read_until(b'\n', line),
        };
        match read {
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(error),
            _ => Ok(!line.is_empty()),
        }
    }
}

impl<R: BufRead> Read for Input<R> {
    /// What stands in the file, uncompressed. A compressed file whose writer died ends where its data do.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(buffer),
            Self::Gzip(input) => match input.read(buffer) {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(0),
                read => read,
            },
        }
    }
}
