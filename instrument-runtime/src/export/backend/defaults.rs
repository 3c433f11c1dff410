//! Endpoint, headers and project of each backend, from the variables of its own client.
//!
//! Variables, ports and headers are those of the backend's documentation or of its own client for Python.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Backend;
use crate::export::endpoint::{parse_url, with_port, without_traces_path};
use crate::export::headers::Headers;
use crate::export::{Environment, Protocol, SetupError};

pub(super) const PHOENIX_COLLECTOR_ENDPOINT: &str = "PHOENIX_COLLECTOR_ENDPOINT";
pub(super) const PHOENIX_API_KEY: &str = "PHOENIX_API_KEY";
const PHOENIX_CLIENT_HEADERS: &str = "PHOENIX_CLIENT_HEADERS";
const PHOENIX_GRPC_PORT: &str = "PHOENIX_GRPC_PORT";
const PHOENIX_DEFAULT_GRPC_PORT: u16 = 4317;
const PHOENIX_CLOUD_HOST: &str = "app.phoenix.arize.com";

pub(super) const ARIZE_SPACE_ID: &str = "ARIZE_SPACE_ID";
pub(super) const ARIZE_API_KEY: &str = "ARIZE_API_KEY";
const ARIZE_COLLECTOR_ENDPOINT: &str = "ARIZE_COLLECTOR_ENDPOINT";

pub(super) const LANGFUSE_PUBLIC_KEY: &str = "LANGFUSE_PUBLIC_KEY";
pub(super) const LANGFUSE_SECRET_KEY: &str = "LANGFUSE_SECRET_KEY";
const LANGFUSE_BASE_URL: &str = "LANGFUSE_BASE_URL";
const LANGFUSE_REGION: &str = "LANGFUSE_REGION";
const LANGFUSE_REGIONS: [(&str, &str); 4] = [
    ("eu", "https://cloud.langfuse.com"),
    ("us", "https://us.cloud.langfuse.com"),
    ("jp", "https://jp.cloud.langfuse.com"),
    ("hipaa", "https://hipaa.cloud.langfuse.com"),
];

pub(super) const OPENOBSERVE_URL: &str = "OPENOBSERVE_URL";
pub(super) const OPENOBSERVE_AUTH_TOKEN: &str = "OPENOBSERVE_AUTH_TOKEN";
const OPENOBSERVE_HTTP_PORT: u16 = 5080;
const OPENOBSERVE_GRPC_PORT: u16 = 5081;

/// The settings of a backend that apply unless code or an `OTEL_EXPORTER_OTLP_…` variable overrides them.
#[derive(Debug)]
pub(in crate::export) struct BackendDefaults {
    /// The URL that `/v1/traces` is appended to.
    pub(in crate::export) endpoint: String,
    /// The variable that changes the endpoint, for messages.
    pub(in crate::export) endpoint_variable: &'static str,
    pub(in crate::export) headers: Headers,
    /// The project of the spans, where the backend has projects.
    pub(in crate::export) project: Option<String>,
    /// The variables to set or to check if the backend refuses the credentials, for messages.
    pub(in crate::export) credentials: &'static str,
}

/// Phoenix: HTTP at the port of its page, gRPC at another port.
pub(super) fn phoenix(environment: &Environment, protocol: Protocol) -> Result<BackendDefaults, SetupError> {
    let base = environment.get(PHOENIX_COLLECTOR_ENDPOINT).unwrap_or("http://localhost:6006");
    let uri = parse_url(PHOENIX_COLLECTOR_ENDPOINT, base)?;
    let endpoint = match protocol {
        Protocol::HttpProtobuf => without_traces_path(base).to_owned(),
        Protocol::Grpc if uri.host() == Some(PHOENIX_CLOUD_HOST) => {
            return Err(SetupError::GrpcNotSupported { backend: Backend::Phoenix });
        }
        Protocol::Grpc => with_port(&uri, phoenix_grpc_port(environment)?),
    };
    let mut headers = match environment.get(PHOENIX_CLIENT_HEADERS) {
        Some(text) => Headers::parse(PHOENIX_CLIENT_HEADERS, text)?,
        None => Headers::default(),
    };
    if let Some(key) = environment.get(PHOENIX_API_KEY) {
        headers.set("authorization", format!("Bearer {key}"));
    }
    let project = environment.get("PHOENIX_PROJECT").or_else(|| environment.get("PHOENIX_PROJECT_NAME"));
    Ok(BackendDefaults {
        endpoint,
        endpoint_variable: PHOENIX_COLLECTOR_ENDPOINT,
        headers,
        project: project.map(str::to_owned),
        credentials: PHOENIX_API_KEY,
    })
}

fn phoenix_grpc_port(environment: &Environment) -> Result<u16, SetupError> {
    let Some(text) = environment.get(PHOENIX_GRPC_PORT) else { return Ok(PHOENIX_DEFAULT_GRPC_PORT) };
    text.parse().map_err(|_| {
        SetupError::invalid(
            PHOENIX_GRPC_PORT,
            format!("is {text:?}: set it to a port, such as {PHOENIX_DEFAULT_GRPC_PORT}, or unset it"),
        )
    })
}

/// Arize AX, in the United States unless `ARIZE_COLLECTOR_ENDPOINT` names another region.
pub(super) fn arize(environment: &Environment, _protocol: Protocol) -> Result<BackendDefaults, SetupError> {
    let space_id = required(environment, Backend::Arize, ARIZE_SPACE_ID)?;
    let key = required(environment, Backend::Arize, ARIZE_API_KEY)?;
    let mut headers = Headers::default();
    headers.set("authorization", key);
    headers.set("arize-space-id", space_id);
    headers.set("arize-interface", "otel");
    let base = environment.get(ARIZE_COLLECTOR_ENDPOINT).unwrap_or("https://otlp.arize.com");
    let base = base.trim_end_matches('/');
    Ok(BackendDefaults {
        // Its documentation writes the URL with `/v1` in some places, and without in others.
        endpoint: base.strip_suffix("/v1").unwrap_or(base).to_owned(),
        endpoint_variable: ARIZE_COLLECTOR_ENDPOINT,
        headers,
        project: Some(environment.get("ARIZE_PROJECT_NAME").unwrap_or("default").to_owned()),
        credentials: "ARIZE_API_KEY and ARIZE_SPACE_ID",
    })
}

/// Langfuse: HTTP only, with the pair of keys as user and password.
pub(super) fn langfuse(environment: &Environment, protocol: Protocol) -> Result<BackendDefaults, SetupError> {
    if protocol == Protocol::Grpc {
        return Err(SetupError::GrpcNotSupported { backend: Backend::Langfuse });
    }
    let public = required(environment, Backend::Langfuse, LANGFUSE_PUBLIC_KEY)?;
    let secret = required(environment, Backend::Langfuse, LANGFUSE_SECRET_KEY)?;
    let mut headers = Headers::default();
    headers.set("authorization", format!("Basic {}", STANDARD.encode(format!("{public}:{secret}"))));
    // Shows traces as they arrive, instead of some ten minutes later.
    headers.set("x-langfuse-ingestion-version", "4");
    let (base, endpoint_variable) = langfuse_base_url(environment)?;
    Ok(BackendDefaults {
        endpoint: format!("{}/api/public/otel", base.trim_end_matches('/')),
        endpoint_variable,
        headers,
        project: None,
        credentials: "LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY (each region has its own)",
    })
}

/// Returns the URL, and the variable that changes it.
fn langfuse_base_url(environment: &Environment) -> Result<(&str, &'static str), SetupError> {
    // `LANGFUSE_HOST` is the older name.
    for variable in [LANGFUSE_BASE_URL, "LANGFUSE_HOST"] {
        if let Some(url) = environment.get(variable) {
            return Ok((url, variable));
        }
    }
    let region = environment.get(LANGFUSE_REGION).unwrap_or("eu");
    match LANGFUSE_REGIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(region)) {
        Some((_, url)) => Ok((url, LANGFUSE_BASE_URL)),
        None => Err(SetupError::invalid(
            LANGFUSE_REGION,
            format!("is {region:?}: set it to eu, us, jp or hipaa, or set {LANGFUSE_BASE_URL}"),
        )),
    }
}

/// `OpenObserve`: the organization is in the path over HTTP, and in a header over gRPC, which has its own port.
pub(super) fn openobserve(
    environment: &Environment,
    protocol: Protocol,
) -> Result<BackendDefaults, SetupError> {
    let token = required(environment, Backend::OpenObserve, OPENOBSERVE_AUTH_TOKEN)?;
    let organization = environment.get("OPENOBSERVE_ORG").unwrap_or("default");
    let base = environment.get(OPENOBSERVE_URL).unwrap_or("http://localhost:5080");
    let mut headers = Headers::default();
    // Its page shows the token with the word `Basic`, which people leave out.
    let has_scheme = token.contains(' ');
    headers.set("authorization", if has_scheme { token.to_owned() } else { format!("Basic {token}") });
    if let Some(stream) = environment.get("OPENOBSERVE_TRACES_STREAM_NAME") {
        headers.set("stream-name", stream);
    }
    let endpoint = match protocol {
        Protocol::HttpProtobuf => format!("{}/api/{organization}", base.trim_end_matches('/')),
        Protocol::Grpc => {
            headers.set("organization", organization);
            let uri = parse_url(OPENOBSERVE_URL, base)?;
            // Any other port may be that of gRPC, so it stays.
            let has_http_port = uri.port_u16().is_none_or(|port| port == OPENOBSERVE_HTTP_PORT);
            if has_http_port { with_port(&uri, OPENOBSERVE_GRPC_PORT) } else { base.to_owned() }
        }
    };
    Ok(BackendDefaults {
        endpoint,
        endpoint_variable: OPENOBSERVE_URL,
        headers,
        project: None,
        credentials: OPENOBSERVE_AUTH_TOKEN,
    })
}

/// Jaeger or a collector on this machine, at OTLP's usual ports.
#[allow(clippy::unnecessary_wraps, reason = "all backends have the same signature")]
pub(super) fn collector(
    _environment: &Environment,
    protocol: Protocol,
) -> Result<BackendDefaults, SetupError> {
    Ok(without_variables(match protocol {
        Protocol::HttpProtobuf => "http://localhost:4318",
        Protocol::Grpc => "http://localhost:4317",
    }))
}

/// Zipkin on this machine. Its OTLP module listens at Zipkin's own port, for HTTP only.
pub(super) fn zipkin(_environment: &Environment, protocol: Protocol) -> Result<BackendDefaults, SetupError> {
    match protocol {
        Protocol::HttpProtobuf => Ok(without_variables("http://localhost:9411")),
        Protocol::Grpc => Err(SetupError::GrpcNotSupported { backend: Backend::Zipkin }),
    }
}

fn without_variables(endpoint: &str) -> BackendDefaults {
    BackendDefaults {
        endpoint: endpoint.to_owned(),
        endpoint_variable: "OTEL_EXPORTER_OTLP_ENDPOINT",
        headers: Headers::default(),
        project: None,
        credentials: "OTEL_EXPORTER_OTLP_HEADERS",
    }
}

fn required<'a>(
    environment: &'a Environment,
    backend: Backend,
    variable: &'static str,
) -> Result<&'a str, SetupError> {
    environment.get(variable).ok_or(SetupError::MissingVariable { backend, variable })
}
