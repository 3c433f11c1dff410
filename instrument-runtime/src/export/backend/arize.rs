//! Arize AX. Variables and headers are those of its own `arize.otel`.

use super::{Account, Backend, Known};
use crate::export::secret::Secret;
use crate::export::{Environment, Protocol, SetupError};

const SPACE_ID: &str = "ARIZE_SPACE_ID";
const API_KEY: &str = "ARIZE_API_KEY";
const PROJECT_NAME: &str = "ARIZE_PROJECT_NAME";
const COLLECTOR_ENDPOINT: &str = "ARIZE_COLLECTOR_ENDPOINT";

const AMERICA: &str = "https://otlp.arize.com";

pub(super) const KNOWN: Known =
    Known { backend: Backend::Arize, word: "arize", name: "Arize", variables: &[SPACE_ID, API_KEY], account };

fn account(environment: &Environment, _protocol: Protocol) -> Result<Account, SetupError> {
    let required =
        |variable| environment.get(variable).ok_or(SetupError::Missing { backend: Backend::Arize, variable });
    let (space, key) = (required(SPACE_ID)?, required(API_KEY)?);
    // Its documentation writes the address with `/v1` and without.
    let base = environment.get(COLLECTOR_ENDPOINT).unwrap_or(AMERICA).trim_end_matches('/');
    Ok(Account {
        endpoint: base.strip_suffix("/v1").unwrap_or(base).to_owned(),
        endpoint_variable: COLLECTOR_ENDPOINT,
        headers: vec![
            ("authorization".to_owned(), Secret::new(key)),
            ("arize-space-id".to_owned(), Secret::new(space)),
            ("arize-interface".to_owned(), Secret::new("otel")),
        ],
        project: Some(environment.get(PROJECT_NAME).unwrap_or("default").to_owned()),
        credentials: "ARIZE_API_KEY and ARIZE_SPACE_ID",
    })
}
