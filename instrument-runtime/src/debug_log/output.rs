//! One file, compressed or not, and how large it has become.

use std::io::{self, BufWriter, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

type File = BufWriter<Counted>;

/// An open file, compressed or not.
pub(super) enum Output {
    Plain(File),
    Gzip(Box<GzEncoder<File>>),
}

impl Output {
    pub(super) fn new(file: Box<dyn Write + Send>, gzip: bool) -> Self {
        let file = BufWriter::new(Counted { file, written: 0 });
        if gzip {
            Self::Gzip(Box::new(GzEncoder::new(file, Compression::default())))
        } else {
            Self::Plain(file)
        }
    }

    pub(super) fn is_gzip(&self) -> bool {
        matches!(self, Self::Gzip(_))
    }

    /// Its bytes so far; of a compressed one, those that the compressor has let go of.
    pub(super) fn size(&self) -> u64 {
        let file = match self {
            Self::Plain(file) => file,
            Self::Gzip(file) => file.get_ref(),
        };
        file.get_ref().written + file.buffer().len() as u64
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

    /// Writes the last line. Nothing more is to be written.
    pub(super) fn finish(&mut self, footer: &[u8]) -> io::Result<()> {
        self.write(footer)?;
        match self {
            Self::Plain(file) => file.flush(),
            Self::Gzip(file) => {
                file.try_finish()?;
                file.get_mut().flush()
            }
        }
    }
}

/// A file that counts what is written to it.
pub(super) struct Counted {
    file: Box<dyn Write + Send>,
    written: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
