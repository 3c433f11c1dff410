//! Real servers, installed by `bash .ci/backends`.

use std::fs::File;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Time limit for a real server, on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(240);

/// Returns the path of an installed program. If there is none, returns `None` and prints that the test is skipped; in
/// CI, panics.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let environment = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/backends/venv");
    let path =
        program_folders(&environment).into_iter().map(|folder| folder.join(name)).find(|path| path.exists());
    if path.is_none() {
        let message = format!("{name} is not installed: run `bash .ci/backends`");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
        // The test harness hides the output of a test that passes, but not this.
        std::io::stderr().write_all(format!("skipped: {message}\n").as_bytes()).unwrap();
    }
    path
}

/// Returns the folders with programs: that of the virtual environment, and that of the package `rotel`.
fn program_folders(environment: &Path) -> Vec<PathBuf> {
    let mut folders = vec![environment.join("bin")];
    let versions = std::fs::read_dir(environment.join("lib")).into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("site-packages/rotel")));
    folders
}

/// A running server, killed on drop.
pub(crate) struct RunningProgram {
    child: Child,
    log: PathBuf,
}

impl RunningProgram {
    /// Starts a server. Its output goes to a file under `target`.
    pub(crate) fn start(command: &mut Command, name: &str) -> Self {
        let log =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.log", std::process::id()));
        let file = File::create(&log).unwrap();
        let child =
            command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Self { child, log }
    }

    /// Waits until `is_ready` returns true.
    pub(crate) fn wait_until(&mut self, is_ready: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_ready() {
            let has_ended = self.child.try_wait().unwrap().is_some();
            assert!(!has_ended && start.elapsed() < LIMIT, "the server does not start: {}", self.output());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Returns its output so far.
    pub(crate) fn output(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for RunningProgram {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Repeats `attempt` until it succeeds, and returns its value.
pub(crate) fn eventually<T>(attempt: impl Fn() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match attempt() {
            Ok(value) => return value,
            Err(problem) => assert!(start.elapsed() < LIMIT, "{problem}"),
        }
        thread::sleep(Duration::from_millis(200));
    }
}
