//! The address of a backend and the protocol spoken there.

use std::fmt;
use std::str::FromStr;

use http::Uri;

use super::SetupError;

/// The variable whose URL is used as it is, without `/v1/traces` appended.
pub(super) const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const TRACES_PATH: &str = "/v1/traces";

/// The protocol of OTLP: `OTEL_EXPORTER_OTLP_PROTOCOL`, or [`SetupBuilder::protocol`](super::SetupBuilder::protocol).
///
/// ```
/// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
/// use pipecat_instrument::setup::{Protocol, SetupError};
///
/// assert_eq!("grpc".parse::<Protocol>()?, Protocol::Grpc);
/// assert_eq!(Protocol::default().to_string(), "http/protobuf");
/// # Ok::<(), SetupError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Protocol {
    /// OTLP as protobuf over HTTP/1.1 (feature `otlp`).
    #[default]
    HttpProtobuf,
    /// OTLP over gRPC (feature `otlp-grpc`).
    Grpc,
}

impl FromStr for Protocol {
    type Err = SetupError;

    fn from_str(name: &str) -> Result<Self, SetupError> {
        match name {
            "http/protobuf" => Ok(Self::HttpProtobuf),
            "grpc" => Ok(Self::Grpc),
            _ => Err(SetupError::invalid(
                "the protocol",
                format!("is {name:?}: choose from http/protobuf, grpc"),
            )),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HttpProtobuf => "http/protobuf",
            Self::Grpc => "grpc",
        })
    }
}

/// The URL that requests go to. `Debug` hides its query, which holds a key for some backends.
#[derive(Clone)]
pub(super) struct Endpoint {
    url: String,
    setting: &'static str,
}

impl Endpoint {
    /// Creates the URL for OTLP over HTTP from `text`, the value of `setting`.
    ///
    /// `/v1/traces` is appended unless the URL ends with it already, as people often write it, or the setting is
    /// [`TRACES_ENDPOINT`].
    pub(super) fn over_http(setting: &'static str, text: &str) -> Result<Self, SetupError> {
        let path_is_complete = parse_url(setting, text)?.path().trim_end_matches('/').ends_with(TRACES_PATH);
        let url = if setting == TRACES_ENDPOINT || path_is_complete {
            text.to_owned()
        } else {
            format!("{}{TRACES_PATH}", text.trim_end_matches('/'))
        };
        Ok(Self { url, setting })
    }

    /// Creates the URL for gRPC from `text`, the value of `setting`: scheme, host and port, as paths have no meaning in
    /// gRPC.
    ///
    /// Adds `default_scheme` if the text has no scheme.
    pub(super) fn over_grpc(
        setting: &'static str,
        text: &str,
        default_scheme: &str,
    ) -> Result<Self, SetupError> {
        let text = if text.contains("://") { text.to_owned() } else { format!("{default_scheme}://{text}") };
        let uri = parse_url(setting, &text)?;
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        Ok(Self { url: format!("{}://{authority}", uri.scheme_str().unwrap_or(default_scheme)), setting })
    }

    /// Returns the whole URL, for requests only.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the URL without its query, for messages.
    pub(super) fn display_url(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }

    /// Returns the name of the setting that decides the URL, which is the one to change if spans do not arrive.
    pub(super) fn setting(&self) -> &'static str {
        self.setting
    }

    /// Returns whether the host is this machine.
    #[cfg(any(test, feature = "otlp"))]
    pub(super) fn is_loopback(&self) -> bool {
        let uri: Option<Uri> = self.url.parse().ok();
        let host = uri.as_ref().and_then(Uri::host).unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("url", &self.display_url()).field("setting", &self.setting).finish()
    }
}

/// Parses a URL with a scheme and a host. The error names `setting` and does not repeat the URL.
pub(super) fn parse_url(setting: &str, text: &str) -> Result<Uri, SetupError> {
    let invalid = |problem: &str| Err(SetupError::invalid(setting, problem));
    let Ok(uri) = text.parse::<Uri>() else {
        return invalid("is not a URL: write it like http://localhost:4318");
    };
    let Some(authority) = uri.authority() else {
        return invalid("lacks http:// or https://: write it like http://localhost:4318");
    };
    if authority.as_str().contains('@') {
        return invalid(
            "contains a user name or a password: send them as a header instead, \
             OTEL_EXPORTER_OTLP_HEADERS=Authorization=Basic%20… (base64 of user:password)",
        );
    }
    match uri.scheme_str() {
        Some("http" | "https") => Ok(uri),
        _ => invalid("starts with neither http:// nor https://: write it like http://localhost:4318"),
    }
}

/// Returns scheme and host of `uri` with another port, and no path.
pub(super) fn with_port(uri: &Uri, port: u16) -> String {
    format!("{}://{}:{port}", uri.scheme_str().unwrap_or("http"), uri.host().unwrap_or_default())
}

/// Returns `url` without `/v1/traces` at its end.
pub(super) fn without_traces_path(url: &str) -> &str {
    let url = url.trim_end_matches('/');
    url.strip_suffix(TRACES_PATH).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, TRACES_ENDPOINT};

    const BASE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

    #[test]
    fn the_traces_path_is_appended_except_to_the_traces_endpoint() {
        for (setting, text, url) in [
            (BASE, "http://localhost:4318", "http://localhost:4318/v1/traces"),
            (BASE, "http://localhost:4318/", "http://localhost:4318/v1/traces"),
            (BASE, "https://host/api/public/otel", "https://host/api/public/otel/v1/traces"),
            (BASE, "http://localhost:6006/v1/traces", "http://localhost:6006/v1/traces"),
            ("the endpoint", "http://localhost:6006", "http://localhost:6006/v1/traces"),
            (TRACES_ENDPOINT, "http://localhost:6006", "http://localhost:6006"),
            (TRACES_ENDPOINT, "http://localhost:6006/in", "http://localhost:6006/in"),
        ] {
            assert_eq!(Endpoint::over_http(setting, text).unwrap().url(), url, "{text}");
        }
    }

    #[test]
    fn grpc_drops_the_path_and_adds_a_missing_scheme() {
        for (text, url) in [
            ("http://localhost:4317", "http://localhost:4317"),
            ("https://otlp.arize.com/v1", "https://otlp.arize.com"),
            ("collector:4317", "https://collector:4317"),
        ] {
            assert_eq!(Endpoint::over_grpc(BASE, text, "https").unwrap().url(), url, "{text}");
        }
    }

    #[test]
    fn an_invalid_url_is_reported_with_its_setting_and_an_example() {
        for text in ["localhost", "4318", "localhost:4318", "ftp://localhost", "http://", "http://a b"] {
            let message = Endpoint::over_http(BASE, text).unwrap_err().to_string();
            assert!(message.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT "), "{message}");
            assert!(message.contains("http://localhost:4318"), "{message}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        let message = Endpoint::over_http(BASE, "https://me:hush@host").unwrap_err().to_string();
        assert!(message.contains("OTEL_EXPORTER_OTLP_HEADERS") && !message.contains("hush"), "{message}");
    }

    #[test]
    fn the_query_is_not_shown() {
        let endpoint = Endpoint::over_http(TRACES_ENDPOINT, "https://host/v1/traces?key=hush").unwrap();
        assert_eq!(endpoint.display_url(), "https://host/v1/traces");
        assert!(!format!("{endpoint:?}").contains("hush"), "{endpoint:?}");
    }

    #[test]
    fn loopback_is_recognized_by_name_and_by_address() {
        let is_loopback = |url| Endpoint::over_http(BASE, url).unwrap().is_loopback();
        assert!(
            is_loopback("http://localhost:1")
                && is_loopback("http://127.0.0.1")
                && is_loopback("http://[::1]:4")
        );
        assert!(!is_loopback("http://localhost.example") && !is_loopback("https://10.0.0.1"));
    }
}
