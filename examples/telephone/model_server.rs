//! A small server that speaks as much of `OpenAI`'s interface as a streaming chat needs.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::conversation::{Answer, answer_to};

/// How long the model thinks.
const FIRST_TOKEN: Duration = Duration::from_millis(250);
/// How long it takes for each word.
const TOKEN: Duration = Duration::from_millis(20);
/// How long it takes to find out that the service is overloaded.
const REFUSAL: Duration = Duration::from_millis(120);

/// A model on loopback, for as long as this lives.
pub(crate) struct ModelServer {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl ModelServer {
    /// Starts it on a port that is free.
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        });
        Ok(Self { address, serving })
    }

    /// Where it is.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(stream: TcpStream) {
    // A client that goes away is none of our business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(complete)).await;
}

async fn complete(request: Request<Incoming>) -> Result<Response<Channel<Bytes>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let messages = request["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let answer = answer_to(messages);

    let status = match answer {
        Answer::Overloaded => {
            tokio::time::sleep(REFUSAL).await;
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::OK,
    };
    let asks_for_usage = request["stream_options"]["include_usage"] == true;
    let prompt_tokens = asks_for_usage.then(|| tokens_of(messages));
    let (wire, body) = Channel::new(1);
    tokio::spawn(send(answer, prompt_tokens, wire));
    let mut response = Response::new(body);
    *response.status_mut() = status;
    Ok(response)
}

/// This model reads by the word.
fn tokens_of(messages: &[Value]) -> usize {
    let texts = messages.iter().filter_map(|message| message["content"].as_str());
    texts.flat_map(str::split_whitespace).count()
}

/// Sends `answer` as it comes to the model's mind, and what it took if `prompt_tokens` are to be told. A client that
/// hangs up ends it.
async fn send(answer: Answer, prompt_tokens: Option<usize>, mut wire: Sender<Bytes, Infallible>) {
    let mut pieces: Vec<String> = match answer {
        Answer::Overloaded => {
            let error = json!({ "error": { "message": "The engine is overloaded", "type": "server_error" } });
            let _ = wire.send_data(error.to_string().into()).await;
            return;
        }
        Answer::Say(text) => {
            text.split_inclusive(' ').map(|word| event(&json!({ "content": word }))).collect()
        }
        Answer::Call { name, arguments } => vec![event(&tool_call(name, &arguments))],
    };
    let completion_tokens = pieces.len();
    pieces.extend(prompt_tokens.map(|prompt_tokens| usage(prompt_tokens, completion_tokens)));
    tokio::time::sleep(FIRST_TOKEN).await;
    for piece in pieces.into_iter().chain(["data: [DONE]\n\n".to_owned()]) {
        if wire.send_data(piece.into()).await.is_err() {
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

/// A server-sent event with one piece of the answer.
fn event(delta: &Value) -> String {
    let chunk = json!({ "object": "chat.completion.chunk", "choices": [{ "index": 0, "delta": delta }] });
    format!("data: {chunk}\n\n")
}

/// The event that tells what an answer took.
fn usage(prompt_tokens: usize, completion_tokens: usize) -> String {
    let usage = json!({
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    });
    let chunk = json!({ "object": "chat.completion.chunk", "choices": [], "usage": usage });
    format!("data: {chunk}\n\n")
}
