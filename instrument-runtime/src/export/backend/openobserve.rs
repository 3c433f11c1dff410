//! `OpenObserve`. Variables and headers are those of its own client for Python; HTTP is at `/api/<organization>`, and gRPC
//! on a port of its own, where the organization is a header.

use super::{Account, Backend, Known};
use crate::export::endpoint::Address;
use crate::export::secret::Secret;
use crate::export::{Environment, Protocol, SetupError};

const URL: &str = "OPENOBSERVE_URL";
const ORG: &str = "OPENOBSERVE_ORG";
const AUTH_TOKEN: &str = "OPENOBSERVE_AUTH_TOKEN";
const STREAM_NAME: &str = "OPENOBSERVE_TRACES_STREAM_NAME";

const LOCAL: &str = "http://localhost:5080";
const PAGE_PORT: u16 = 5080;
const GRPC_PORT: u16 = 5081;

pub(super) const KNOWN: Known = Known {
    backend: Backend::OpenObserve,
    word: "openobserve",
    name: "OpenObserve",
    variables: &[URL, AUTH_TOKEN],
    account,
};

fn account(environment: &Environment, protocol: Protocol) -> Result<Account, SetupError> {
    let token = environment
        .get(AUTH_TOKEN)
        .ok_or(SetupError::Missing { backend: Backend::OpenObserve, variable: AUTH_TOKEN })?;
    let org = environment.get(ORG).unwrap_or("default");
    let base = environment.get(URL).unwrap_or(LOCAL);
    let mut headers = vec![("authorization".to_owned(), Secret::new(authorization(token)))];
    if let Some(stream) = environment.get(STREAM_NAME) {
        headers.push(("stream-name".to_owned(), Secret::new(stream)));
    }
    let endpoint = match protocol {
        Protocol::HttpProtobuf => format!("{}/api/{org}", base.trim_end_matches('/')),
        Protocol::Grpc => {
            headers.push(("organization".to_owned(), Secret::new(org)));
            let address = Address::parse(URL, base)?;
            // Only of the page's port is it known that gRPC has another.
            let is_of_the_page = address.port().is_none_or(|port| port == PAGE_PORT);
            if is_of_the_page { address.with_port(GRPC_PORT) } else { base.to_owned() }
        }
    };
    Ok(Account { endpoint, endpoint_variable: URL, headers, project: None, credentials: AUTH_TOKEN })
}

/// The token with the word before it, which its page shows and people leave out.
fn authorization(token: &str) -> String {
    if token.contains(' ') { token.to_owned() } else { format!("Basic {token}") }
}
