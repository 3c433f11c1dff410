//! A temporary directory for the frame logs of a test.

use std::fs;
use std::path::PathBuf;

use crate::TestResult;

/// A directory that is removed when the test ends.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    /// Creates the directory of the test `name`.
    pub(crate) fn new(name: &str) -> TestResult<Self> {
        let path = std::env::temp_dir().join(format!("pipecat-privacy-{}-{name}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
