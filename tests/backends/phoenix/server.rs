//! A Phoenix server with its own database, shared by tests that run at the same time, and queries to it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::{Value, json};

use super::conversations::SentConversations;
use crate::loopback::free_port;
use crate::programs::{RunningProgram, eventually, program};

/// The project of all conversations.
pub(super) const PROJECT: &str = "calls";

/// A running Phoenix server.
pub(crate) struct Phoenix {
    _program: RunningProgram,
    pub(super) http: u16,
    pub(super) grpc: u16,
    folder: PathBuf,
    pub(super) sent: SentConversations,
}

static SHARED: Mutex<Weak<Phoenix>> = Mutex::new(Weak::new());

impl Phoenix {
    /// Returns the running server, or starts one. Returns `None` if Phoenix is not installed.
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
        let mut server = RunningProgram::start(
            Command::new(program)
                .arg("serve")
                .env("PHOENIX_HOST", "127.0.0.1")
                .env("PHOENIX_PORT", http.to_string())
                .env("PHOENIX_GRPC_PORT", grpc.to_string())
                .env("PHOENIX_WORKING_DIR", &folder)
                .env("PHOENIX_SQL_DATABASE_URL", format!("sqlite:///{}/phoenix.db", folder.display()))
                // No connections to the internet.
                .env("PHOENIX_TELEMETRY_ENABLED", "false")
                .env("PHOENIX_ALLOW_EXTERNAL_RESOURCES", "false"),
            &format!("phoenix-{http}"),
        );
        let ready = format!("http://127.0.0.1:{http}/readyz");
        server.wait_until(|| ureq::get(&ready).call().is_ok());
        Self { _program: server, http, grpc, folder, sent: SentConversations::default() }
    }

    /// Returns the URL of its page and of OTLP over HTTP.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }
}

impl Drop for Phoenix {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Phoenix {
    /// Waits until a conversation has so many spans, and returns them. Phoenix stores spans some time after it accepts
    /// them.
    pub(super) fn spans(&self, session: &str, count: usize) -> Vec<Value> {
        eventually(|| {
            let spans: Vec<Value> =
                self.all_spans()?.into_iter().filter(|span| is_of_session(span, session)).collect();
            if spans.len() == count {
                Ok(spans)
            } else {
                Err(format!("{} of {count} spans of {session}", spans.len()))
            }
        })
    }

    /// Returns the names of the spans of a conversation.
    pub(super) fn span_names(&self, session: &str, count: usize) -> Vec<String> {
        let name = |span: Value| span["name"].as_str().unwrap().to_owned();
        self.spans(session, count).into_iter().map(name).collect()
    }

    /// Waits until the session of a conversation has so many traces, and returns it.
    pub(super) fn session(&self, session_id: &str, traces: u64) -> Value {
        let query = "query($id: String!) { getProjectSessionById(sessionId: $id) { numTraces firstInput { value } \
                     lastOutput { value } tokenUsage { prompt completion total } } }";
        eventually(|| {
            let response = self.graphql(query, &json!({ "id": session_id }))?;
            let session = response["data"]["getProjectSessionById"].clone();
            if session["numTraces"] == traces {
                Ok(session)
            } else {
                Err(format!("{session_id}: {response}"))
            }
        })
    }

    fn all_spans(&self) -> Result<Vec<Value>, String> {
        let mut spans = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("/v1/projects/{PROJECT}/spans?limit=500{cursor}"))?;
            spans.extend(page["data"].as_array().cloned().unwrap_or_default());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(spans),
            }
        }
    }

    fn get(&self, path: &str) -> Result<Value, String> {
        let response = ureq::get(format!("{}{path}", self.url())).call();
        parse(response.map_err(|error| error.to_string())?)
    }

    fn graphql(&self, query: &str, variables: &Value) -> Result<Value, String> {
        let request =
            ureq::post(format!("{}/graphql", self.url())).header("content-type", "application/json");
        let response = request.send(json!({ "query": query, "variables": variables }).to_string());
        parse(response.map_err(|error| error.to_string())?)
    }
}

fn parse(mut response: ureq::http::Response<ureq::Body>) -> Result<Value, String> {
    let text = response.body_mut().with_config().limit(64 * 1024 * 1024).read_to_string();
    serde_json::from_str(&text.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
}

fn is_of_session(span: &Value, session: &str) -> bool {
    span["attributes"]["session.id"] == session
}
