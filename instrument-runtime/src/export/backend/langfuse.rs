//! Langfuse. It takes OTLP over HTTP at `/api/public/otel`, with its pair of keys as user and password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Account, Backend, Known};
use crate::export::secret::Secret;
use crate::export::{Environment, Protocol, SetupError};

const PUBLIC_KEY: &str = "LANGFUSE_PUBLIC_KEY";
const SECRET_KEY: &str = "LANGFUSE_SECRET_KEY";
const BASE_URL: &str = "LANGFUSE_BASE_URL";
/// What it was called before.
const HOST: &str = "LANGFUSE_HOST";
const REGION: &str = "LANGFUSE_REGION";

/// Its regions, and where each is.
const REGIONS: [(&str, &str); 4] = [
    ("eu", "https://cloud.langfuse.com"),
    ("us", "https://us.cloud.langfuse.com"),
    ("jp", "https://jp.cloud.langfuse.com"),
    ("hipaa", "https://hipaa.cloud.langfuse.com"),
];

pub(super) const KNOWN: Known = Known {
    backend: Backend::Langfuse,
    word: "langfuse",
    name: "Langfuse",
    variables: &[PUBLIC_KEY, SECRET_KEY],
    account,
};

fn account(environment: &Environment, protocol: Protocol) -> Result<Account, SetupError> {
    if protocol == Protocol::Grpc {
        return Err(SetupError::NoGrpc { backend: Backend::Langfuse });
    }
    let required = |variable| {
        environment.get(variable).ok_or(SetupError::Missing { backend: Backend::Langfuse, variable })
    };
    let (public, secret) = (required(PUBLIC_KEY)?, required(SECRET_KEY)?);
    let basic = STANDARD.encode(format!("{public}:{secret}"));
    let (base, endpoint_variable) = base(environment)?;
    Ok(Account {
        endpoint: format!("{}/api/public/otel", base.trim_end_matches('/')),
        endpoint_variable,
        headers: vec![
            ("authorization".to_owned(), Secret::new(format!("Basic {basic}"))),
            // Traces are then seen as they come in, and not some ten minutes later.
            ("x-langfuse-ingestion-version".to_owned(), Secret::new("4")),
        ],
        project: None,
        credentials: "LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY (each region has its own)",
    })
}

fn base(environment: &Environment) -> Result<(&str, &'static str), SetupError> {
    for variable in [BASE_URL, HOST] {
        if let Some(url) = environment.get(variable) {
            return Ok((url, variable));
        }
    }
    let region = environment.get(REGION).unwrap_or("eu");
    let known = REGIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(region));
    known.map(|(_, url)| (*url, BASE_URL)).ok_or_else(|| SetupError::Unreadable {
        setting: REGION.to_owned(),
        problem: format!("is {region:?}: set it to eu, us, jp or hipaa, or set {BASE_URL}"),
    })
}
