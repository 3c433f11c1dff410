//! Where traces go: an address, and what decided it.

use std::fmt;

use http::Uri;

use super::SetupError;

const TRACES: &str = "/v1/traces";

/// An address that was read, and is one.
#[derive(Debug)]
pub(super) struct Address(Uri);

impl Address {
    /// Reads an address. What is wrong with it is said of `setting`.
    pub(super) fn parse(setting: &str, text: &str) -> Result<Self, SetupError> {
        let wrong = |problem: &str| {
            Err(SetupError::Unreadable { setting: setting.to_owned(), problem: problem.to_owned() })
        };
        let Ok(uri) = text.parse::<Uri>() else {
            return wrong("is no URL: write it as http://localhost:4318");
        };
        let Some(authority) = uri.authority() else {
            return wrong("lacks http:// or https://: write it as http://localhost:4318");
        };
        if authority.as_str().contains('@') {
            return wrong(
                "has a user name or a password in it: send them as a header instead, \
                 OTEL_EXPORTER_OTLP_HEADERS=Authorization=Basic%20… (base64 of user:password)",
            );
        }
        match uri.scheme_str() {
            Some("http" | "https") => Ok(Self(uri)),
            _ => wrong("begins with neither http:// nor https://: write it as http://localhost:4318"),
        }
    }

    pub(super) fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.0.port_u16()
    }

    /// Scheme and host with another port, and no path.
    pub(super) fn with_port(&self, port: u16) -> String {
        format!("{}://{}:{port}", self.0.scheme_str().unwrap_or("http"), self.host())
    }

    fn path(&self) -> &str {
        self.0.path()
    }
}

/// What decided where traces go. It is what to change if they do not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A method of the builder, or an option of a command.
    Code,
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, which is taken as it is.
    TracesVariable,
    /// Another variable, by its name, or the backend's own place, which that variable would change.
    Variable(&'static str),
}

impl Origin {
    pub(super) const TRACES_VARIABLE: &'static str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

    /// What it is called in a message.
    pub(super) fn setting(self) -> &'static str {
        match self {
            Self::Code => "the endpoint",
            Self::TracesVariable => Self::TRACES_VARIABLE,
            Self::Variable(name) => name,
        }
    }
}

/// Where traces go. `Debug` shows no more of the address than messages do.
#[derive(Clone)]
pub(super) struct Endpoint {
    /// The whole address, to which requests go.
    pub(super) url: String,
    pub(super) origin: Origin,
}

impl Endpoint {
    /// The place for OTLP over HTTP. `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is taken as it is; what others name is where
    /// `/v1/traces` lies under, unless they end so already, as people often write it.
    pub(super) fn over_http(origin: Origin, text: &str) -> Result<Self, SetupError> {
        let address = Address::parse(origin.setting(), text)?;
        let url = match origin {
            Origin::TracesVariable => text.to_owned(),
            _ if address.path().trim_end_matches('/').ends_with(TRACES) => text.to_owned(),
            _ => format!("{}{TRACES}", text.trim_end_matches('/')),
        };
        Ok(Self { url, origin })
    }

    /// The place for gRPC: scheme, host and port; a path has no meaning there. Without a scheme, `scheme` is meant.
    pub(super) fn over_grpc(origin: Origin, text: &str, scheme: &str) -> Result<Self, SetupError> {
        let text = if text.contains("://") { text.to_owned() } else { format!("{scheme}://{text}") };
        let Address(uri) = Address::parse(origin.setting(), &text)?;
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        Ok(Self { url: format!("{}://{authority}", uri.scheme_str().unwrap_or(scheme)), origin })
    }

    /// The address without what may follow a `?`: there are backends that want a key there.
    pub(super) fn shown(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }

    /// Whether it is on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        let uri: Option<Uri> = self.url.parse().ok();
        let host = uri.as_ref().and_then(Uri::host).unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("url", &self.shown()).field("origin", &self.origin).finish()
    }
}

/// `url` without `/v1/traces` at its end.
pub(super) fn without_traces_path(url: &str) -> &str {
    let url = url.trim_end_matches('/');
    url.strip_suffix(TRACES).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Origin};

    const BASE: Origin = Origin::Variable("OTEL_EXPORTER_OTLP_ENDPOINT");

    #[test]
    fn a_base_gets_the_path_of_traces_and_the_address_of_traces_does_not() {
        for (origin, text, url) in [
            (BASE, "http://localhost:4318", "http://localhost:4318/v1/traces"),
            (BASE, "http://localhost:4318/", "http://localhost:4318/v1/traces"),
            (BASE, "https://host/api/public/otel", "https://host/api/public/otel/v1/traces"),
            (BASE, "http://localhost:6006/v1/traces", "http://localhost:6006/v1/traces"),
            (Origin::Code, "http://localhost:6006", "http://localhost:6006/v1/traces"),
            (Origin::TracesVariable, "http://localhost:6006", "http://localhost:6006"),
            (Origin::TracesVariable, "http://localhost:6006/in", "http://localhost:6006/in"),
        ] {
            assert_eq!(Endpoint::over_http(origin, text).unwrap().url, url, "{text}");
        }
    }

    #[test]
    fn grpc_has_no_path_and_takes_a_scheme_if_there_is_none() {
        for (text, url) in [
            ("http://localhost:4317", "http://localhost:4317"),
            ("https://otlp.arize.com/v1", "https://otlp.arize.com"),
            ("collector:4317", "https://collector:4317"),
        ] {
            assert_eq!(Endpoint::over_grpc(BASE, text, "https").unwrap().url, url, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_told_with_its_variable_and_a_right_one() {
        for text in ["localhost", "4318", "localhost:4318", "ftp://localhost", "http://", "http://a b"] {
            let message = Endpoint::over_http(BASE, text).unwrap_err().to_string();
            assert!(message.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT "), "{message}");
            assert!(message.contains("http://localhost:4318"), "{message}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        let message = Endpoint::over_http(BASE, "https://me:hush@host").unwrap_err().to_string();
        assert!(message.contains("OTEL_EXPORTER_OTLP_HEADERS") && !message.contains("hush"), "{message}");
    }

    #[test]
    fn what_follows_a_question_mark_is_not_shown() {
        let endpoint =
            Endpoint::over_http(Origin::TracesVariable, "https://host/v1/traces?key=hush").unwrap();
        assert_eq!(endpoint.shown(), "https://host/v1/traces");
        assert!(!format!("{endpoint:?}").contains("hush"), "{endpoint:?}");
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        let is_loopback = |url| Endpoint::over_http(BASE, url).unwrap().is_loopback();
        assert!(
            is_loopback("http://localhost:1")
                && is_loopback("http://127.0.0.1")
                && is_loopback("http://[::1]:4")
        );
        assert!(!is_loopback("http://localhost.example") && !is_loopback("https://10.0.0.1"));
    }
}
