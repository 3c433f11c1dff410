//! A small HTTP server with as much of `OpenAI`'s interface as a streaming chat completion needs.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::dental_office::{Response, respond};

/// Time to the first token.
const FIRST_TOKEN: Duration = Duration::from_millis(250);
/// Time for each token, which is a word.
const TOKEN: Duration = Duration::from_millis(20);
/// Time to an error response.
const ERROR: Duration = Duration::from_millis(120);

/// Address and name of a language model with `OpenAI`'s interface.
#[derive(Debug, Clone)]
pub struct Model {
    /// URL of the interface, including its version.
    pub base_url: String,
    /// The API key.
    pub api_key: String,
    /// Name of the model.
    pub name: String,
    /// Name of the provider.
    pub provider: &'static str,
}

impl Model {
    /// Returns the model from `OPENAI_API_KEY`, `OPENAI_BASE_URL` and `OPENAI_MODEL`, if a key is set.
    pub fn from_env() -> Option<Self> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self {
            api_key: variable("OPENAI_API_KEY")?,
            base_url: variable("OPENAI_BASE_URL").unwrap_or_else(|| "https://api.openai.com/v1".to_owned()),
            name: variable("OPENAI_MODEL").unwrap_or_else(|| "gpt-4o-mini".to_owned()),
            provider: "openai",
        })
    }
}

/// A language model server on the loopback interface. Dropping it stops it.
pub struct ModelServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl ModelServer {
    /// Starts a server on a free port.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        });
        Ok(Self { address, task })
    }

    /// Returns the model that this server serves.
    pub fn model(&self) -> Model {
        Model {
            base_url: format!("http://{}/v1", self.address),
            api_key: "none needed".to_owned(),
            name: "prepared-answers".to_owned(),
            provider: "loopback",
        }
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream) {
    // An error here means that the client went away.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(complete)).await;
}

async fn complete(request: Request<Incoming>) -> Result<hyper::Response<Channel<Bytes>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let messages = request["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let response = respond(messages);

    let status = match response {
        Response::Overloaded => {
            tokio::time::sleep(ERROR).await;
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::OK,
    };
    let includes_usage = request["stream_options"]["include_usage"] == true;
    let prompt_tokens = includes_usage.then(|| count_tokens(messages));
    let (sender, body) = Channel::new(1);
    tokio::spawn(send(response, prompt_tokens, sender));
    let mut http_response = hyper::Response::new(body);
    *http_response.status_mut() = status;
    Ok(http_response)
}

/// Counts the words, which are this model's tokens.
fn count_tokens(messages: &[Value]) -> usize {
    let texts = messages.iter().filter_map(|message| message["content"].as_str());
    texts.flat_map(str::split_whitespace).count()
}

/// Streams `response`, then its usage if the request asked for it. Stops when the client closes the connection.
async fn send(response: Response, prompt_tokens: Option<usize>, mut body: Sender<Bytes, Infallible>) {
    let mut events: Vec<String> = match response {
        Response::Overloaded => {
            let error = json!({ "error": { "message": "The engine is overloaded", "type": "server_error" } });
            let _ = body.send_data(error.to_string().into()).await;
            return;
        }
        Response::Text(text) => {
            text.split_inclusive(' ').map(|word| delta_event(&json!({ "content": word }))).collect()
        }
        Response::ToolCall { name, arguments } => vec![delta_event(&tool_call(name, &arguments))],
    };
    let completion_tokens = events.len();
    events.extend(prompt_tokens.map(|prompt_tokens| usage_event(prompt_tokens, completion_tokens)));
    tokio::time::sleep(FIRST_TOKEN).await;
    for event in events.into_iter().chain(["data: [DONE]\n\n".to_owned()]) {
        if body.send_data(event.into()).await.is_err() {
            return;
        }
        tokio::time::sleep(TOKEN).await;
    }
}

fn tool_call(name: &str, arguments: &Value) -> Value {
    json!({
        "tool_calls": [{
            "index": 0,
            "id": "call_tuesday",
            "type": "function",
            "function": { "name": name, "arguments": arguments.to_string() },
        }],
    })
}

fn delta_event(delta: &Value) -> String {
    let chunk = json!({ "object": "chat.completion.chunk", "choices": [{ "index": 0, "delta": delta }] });
    format!("data: {chunk}\n\n")
}

fn usage_event(prompt_tokens: usize, completion_tokens: usize) -> String {
    let usage = json!({
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    });
    let chunk = json!({ "object": "chat.completion.chunk", "choices": [], "usage": usage });
    format!("data: {chunk}\n\n")
}
