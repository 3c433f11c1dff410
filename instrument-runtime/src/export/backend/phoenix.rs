//! Arize Phoenix. Variables, ports and the bearer's header are those of its own `phoenix.otel`.

use super::{Account, Backend, Known};
use crate::export::endpoint::{self, Address};
use crate::export::headers;
use crate::export::secret::Secret;
use crate::export::{Environment, Protocol, SetupError};

const COLLECTOR_ENDPOINT: &str = "PHOENIX_COLLECTOR_ENDPOINT";
const API_KEY: &str = "PHOENIX_API_KEY";
const CLIENT_HEADERS: &str = "PHOENIX_CLIENT_HEADERS";
const GRPC_PORT: &str = "PHOENIX_GRPC_PORT";
/// The first that is set counts.
const PROJECT: [&str; 2] = ["PHOENIX_PROJECT", "PHOENIX_PROJECT_NAME"];

/// Where its page is, and where it takes OTLP over HTTP.
const LOCAL: &str = "http://localhost:6006";
const DEFAULT_GRPC_PORT: u16 = 4317;
const CLOUD: &str = "app.phoenix.arize.com";

pub(super) const KNOWN: Known = Known {
    backend: Backend::Phoenix,
    word: "phoenix",
    name: "Phoenix",
    variables: &[COLLECTOR_ENDPOINT, API_KEY],
    account,
};

fn account(environment: &Environment, protocol: Protocol) -> Result<Account, SetupError> {
    let base = environment.get(COLLECTOR_ENDPOINT).unwrap_or(LOCAL);
    let address = Address::parse(COLLECTOR_ENDPOINT, base)?;
    let endpoint = match protocol {
        Protocol::HttpProtobuf => endpoint::without_traces_path(base).to_owned(),
        Protocol::Grpc if address.host() == CLOUD => {
            return Err(SetupError::NoGrpc { backend: Backend::Phoenix });
        }
        // gRPC has a port of its own, whatever port the page has.
        Protocol::Grpc => address.with_port(grpc_port(environment)?),
    };
    let mut headers = match environment.get(CLIENT_HEADERS) {
        Some(text) => headers::parse(CLIENT_HEADERS, text)?,
        None => Vec::new(),
    };
    if let Some(key) = environment.get(API_KEY) {
        headers.push(("authorization".to_owned(), Secret::new(format!("Bearer {key}"))));
    }
    Ok(Account {
        endpoint,
        endpoint_variable: COLLECTOR_ENDPOINT,
        headers,
        project: PROJECT.iter().find_map(|name| environment.get(name)).map(str::to_owned),
        credentials: API_KEY,
    })
}

fn grpc_port(environment: &Environment) -> Result<u16, SetupError> {
    let Some(text) = environment.get(GRPC_PORT) else { return Ok(DEFAULT_GRPC_PORT) };
    text.parse().map_err(|_| SetupError::Unreadable {
        setting: GRPC_PORT.to_owned(),
        problem: format!("is {text:?}: set it to a port, as {DEFAULT_GRPC_PORT}, or unset it"),
    })
}
