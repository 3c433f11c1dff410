//! What Phoenix says that it has.

use serde_json::{Value, json};

use super::server::Phoenix;
use crate::real::eventually;

/// Where every conversation goes.
pub(super) const PROJECT: &str = "calls";

impl Phoenix {
    /// The spans of a conversation, once there are so many. Phoenix takes in what it is sent a little later.
    pub(super) fn spans(&self, session: &str, count: usize) -> Vec<Value> {
        eventually(|| {
            let spans: Vec<Value> =
                self.all_spans()?.into_iter().filter(|span| belongs(span, session)).collect();
            if spans.len() == count {
                Ok(spans)
            } else {
                Err(format!("{} of {count} spans of {session}", spans.len()))
            }
        })
    }

    /// Their names.
    pub(super) fn span_names(&self, session: &str, count: usize) -> Vec<String> {
        let name = |span: Value| span["name"].as_str().unwrap().to_owned();
        self.spans(session, count).into_iter().map(name).collect()
    }

    /// The session that a conversation became, once it has so many traces.
    pub(super) fn session(&self, session: &str, traces: u64) -> Value {
        let query = "query($id: String!) { getProjectSessionById(sessionId: $id) { numTraces firstInput { value } \
                     lastOutput { value } tokenUsage { prompt completion total } } }";
        eventually(|| {
            let answer = self.graphql(query, &json!({ "id": session }))?;
            let found = answer["data"]["getProjectSessionById"].clone();
            if found["numTraces"] == traces { Ok(found) } else { Err(format!("{session}: {answer}")) }
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
        let answer = ureq::get(format!("{}{path}", self.url())).call();
        read(answer.map_err(|error| error.to_string())?)
    }

    fn graphql(&self, query: &str, variables: &Value) -> Result<Value, String> {
        let request =
            ureq::post(format!("{}/graphql", self.url())).header("content-type", "application/json");
        let answer = request.send(json!({ "query": query, "variables": variables }).to_string());
        read(answer.map_err(|error| error.to_string())?)
    }
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> Result<Value, String> {
    let text = answer.body_mut().with_config().limit(64 * 1024 * 1024).read_to_string();
    serde_json::from_str(&text.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
}

fn belongs(span: &Value, session: &str) -> bool {
    span["attributes"]["session.id"] == session
}
