//! Where a test writes logs.

use std::fs;
use std::path::PathBuf;

use crate::Outcome;

/// A directory of one test, gone when the test is.
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// That of the test `name`.
    pub(crate) fn new(name: &str) -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("pipecat-privacy-{}-{name}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
