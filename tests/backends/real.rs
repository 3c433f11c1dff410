//! Real servers, from the virtual environment that `bash .ci/backends` makes.

use std::fs::File;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a real server may take for anything. The machine may be busy.
pub(crate) const LIMIT: Duration = Duration::from_secs(240);

/// A program of the virtual environment, or nothing: then the test is skipped with a message; in CI, it fails.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let environment = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/backends/venv");
    let found = places(&environment).into_iter().map(|folder| folder.join(name)).find(|path| path.exists());
    if found.is_none() {
        let message = format!("{name} is not installed: run `bash .ci/backends`");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
        // Past the harness, which keeps what a test that passes prints.
        std::io::stderr().write_all(format!("skipped: {message}\n").as_bytes()).unwrap();
    }
    found
}

/// Where a virtual environment has programs: among its own, or in the package `rotel`.
fn places(environment: &Path) -> Vec<PathBuf> {
    let mut places = vec![environment.join("bin")];
    let versions = std::fs::read_dir(environment.join("lib")).into_iter().flatten().flatten();
    places.extend(versions.map(|version| version.path().join("site-packages/rotel")));
    places
}

/// A server of one's own, which ends with this.
pub(crate) struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts it. What it says goes to a file under `target`.
    pub(crate) fn start(command: &mut Command, name: &str) -> Self {
        let log =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.log", std::process::id()));
        let file = File::create(&log).unwrap();
        let child =
            command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Self { child, log }
    }

    /// Waits until it is ready.
    pub(crate) fn until(&mut self, ready: impl Fn() -> bool) {
        let start = Instant::now();
        while !ready() {
            let has_ended = self.child.try_wait().unwrap().is_some();
            assert!(!has_ended && start.elapsed() < LIMIT, "it does not start: {}", self.said());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// What it said.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Waits until `what` is there.
pub(crate) fn eventually<T>(what: impl Fn() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match what() {
            Ok(there) => return there,
            Err(problem) => assert!(start.elapsed() < LIMIT, "{problem}"),
        }
        thread::sleep(Duration::from_millis(200));
    }
}
