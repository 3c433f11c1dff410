//! Phoenix itself, with a database of its own, shared by the tests that run beside each other.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::conversation::Held;
use crate::loopback::free_port;
use crate::real::{Running, program};

/// A running Phoenix.
pub(crate) struct Phoenix {
    _running: Running,
    pub(super) http: u16,
    pub(super) grpc: u16,
    folder: PathBuf,
    /// What it was sent.
    pub(super) held: Held,
}

static SHARED: Mutex<Weak<Phoenix>> = Mutex::new(Weak::new());

impl Phoenix {
    /// The one that is running, or a new one; nothing if it is not installed.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        let program = program("phoenix")?;
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(phoenix) = shared.upgrade() {
            return Some(phoenix);
        }
        let phoenix = Arc::new(Self::start(&program));
        *shared = Arc::downgrade(&phoenix);
        Some(phoenix)
    }

    fn start(program: &Path) -> Self {
        let (http, grpc) = (free_port(), free_port());
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("phoenix-{http}"));
        std::fs::create_dir_all(&folder).unwrap();
        let mut running = Running::start(
            Command::new(program)
                .arg("serve")
                .env("PHOENIX_HOST", "127.0.0.1")
                .env("PHOENIX_PORT", http.to_string())
                .env("PHOENIX_GRPC_PORT", grpc.to_string())
                .env("PHOENIX_WORKING_DIR", &folder)
                .env("PHOENIX_SQL_DATABASE_URL", format!("sqlite:///{}/phoenix.db", folder.display()))
                // It asks nobody but us.
                .env("PHOENIX_TELEMETRY_ENABLED", "false")
                .env("PHOENIX_ALLOW_EXTERNAL_RESOURCES", "false"),
            &format!("phoenix-{http}"),
        );
        let ready = format!("http://127.0.0.1:{http}/readyz");
        running.until(|| ureq::get(&ready).call().is_ok());
        Self { _running: running, http, grpc, folder, held: Held::default() }
    }

    /// Where its page is.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }
}

impl Drop for Phoenix {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
