//! One open file, compressed or not, and how large it has become.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::fs::OpenFile;

/// An open file, compressed or not. What is opened again and compressed goes on as another member of the gzip file.
pub(super) enum Output {
    Plain(Counted),
    Gzip(Box<GzEncoder<Counted>>),
}

impl Output {
    /// Writes to `file`, which is that large already.
    pub(super) fn new(file: OpenFile, size: u64, gzip: bool) -> Self {
        let file = Counted { file, size };
        if gzip {
            Self::Gzip(Box::new(GzEncoder::new(file, Compression::default())))
        } else {
            Self::Plain(file)
        }
    }

    /// Its bytes so far; of a compressed one, those that the compressor has let go of.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Plain(file) => file.size,
            Self::Gzip(file) => file.get_ref().size,
        }
    }

    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(lines),
            Self::Gzip(file) => file.write_all(lines),
        }
    }

    /// Makes what was written readable for others.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Gzip(file) => file.flush(),
        }
    }

    /// Closes it, and says how large it has become.
    pub(super) fn close(mut self) -> io::Result<u64> {
        if let Self::Gzip(file) = &mut self {
            file.try_finish()?;
        }
        Ok(self.size())
    }
}

/// A file that counts what is written to it.
pub(super) struct Counted {
    file: OpenFile,
    size: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
