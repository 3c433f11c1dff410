use super::{BACKENDS, Backend};
use crate::export::{Environment, Protocol, SetupError};

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().copied().collect()
}

/// Returns the endpoint and the headers of a backend with these variables.
fn defaults(backend: Backend, protocol: Protocol, variables: &[(&str, &str)]) -> (String, Vec<String>) {
    let defaults = backend.defaults(&environment(variables), protocol).unwrap();
    (defaults.endpoint, defaults.headers.lines())
}

fn endpoint(backend: Backend, protocol: Protocol, variables: &[(&str, &str)]) -> String {
    defaults(backend, protocol, variables).0
}

const HTTP: Protocol = Protocol::HttpProtobuf;
const GRPC: Protocol = Protocol::Grpc;

#[test]
fn the_table_is_in_the_order_of_the_declaration() {
    for (index, info) in BACKENDS.iter().enumerate() {
        assert_eq!(info.backend as usize, index);
        assert_eq!(info.id.parse::<Backend>().unwrap(), info.backend);
    }
    assert_eq!(BACKENDS.map(|info| info.id).join(", "), Backend::NAMES);
}

#[test]
fn phoenix_takes_grpc_at_another_port_and_not_in_its_cloud() {
    let at = |url| [("PHOENIX_COLLECTOR_ENDPOINT", url)];
    assert_eq!(endpoint(Backend::Phoenix, HTTP, &[]), "http://localhost:6006");
    assert_eq!(endpoint(Backend::Phoenix, GRPC, &[]), "http://localhost:4317");
    assert_eq!(endpoint(Backend::Phoenix, HTTP, &at("http://host:6006/v1/traces")), "http://host:6006");
    assert_eq!(endpoint(Backend::Phoenix, GRPC, &at("http://host:6006")), "http://host:4317");
    let cloud = at("https://app.phoenix.arize.com/s/me");
    assert_eq!(endpoint(Backend::Phoenix, HTTP, &cloud), "https://app.phoenix.arize.com/s/me");
    let error = Backend::Phoenix.defaults(&environment(&cloud), GRPC).unwrap_err();
    assert!(matches!(error, SetupError::GrpcNotSupported { backend: Backend::Phoenix }), "{error}");
    let port = [("PHOENIX_GRPC_PORT", "4318x")];
    let error = Backend::Phoenix.defaults(&environment(&port), GRPC).unwrap_err().to_string();
    assert_eq!(error, "PHOENIX_GRPC_PORT is \"4318x\": set it to a port, such as 4317, or unset it");
}

#[test]
fn phoenix_project_wins_over_phoenix_project_name() {
    let both = [("PHOENIX_PROJECT_NAME", "alias"), ("PHOENIX_PROJECT", "first")];
    let project = |variables: &[(&str, &str)]| {
        Backend::Phoenix.defaults(&environment(variables), HTTP).unwrap().project
    };
    assert_eq!(project(&both).as_deref(), Some("first"));
    assert_eq!(project(&both[..1]).as_deref(), Some("alias"));
    assert_eq!(project(&[]), None);
}

#[test]
fn langfuse_has_regions_and_refuses_grpc() {
    let keys = [("LANGFUSE_PUBLIC_KEY", "pk"), ("LANGFUSE_SECRET_KEY", "sk")];
    let with = |more: &[(&'static str, &'static str)]| [&keys[..], more].concat();
    for (more, url) in [
        (vec![], "https://cloud.langfuse.com/api/public/otel"),
        (vec![("LANGFUSE_REGION", "US")], "https://us.cloud.langfuse.com/api/public/otel"),
        (vec![("LANGFUSE_BASE_URL", "http://localhost:3000/")], "http://localhost:3000/api/public/otel"),
        (vec![("LANGFUSE_HOST", "http://localhost:3000")], "http://localhost:3000/api/public/otel"),
    ] {
        assert_eq!(endpoint(Backend::Langfuse, HTTP, &with(&more)), url);
    }
    let error = |variables: &[(&str, &str)], protocol| {
        Backend::Langfuse.defaults(&environment(variables), protocol).unwrap_err().to_string()
    };
    assert!(error(&with(&[]), GRPC).contains("set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf"));
    assert!(error(&keys[..1], HTTP).starts_with("Langfuse needs LANGFUSE_SECRET_KEY"));
    assert_eq!(
        error(&with(&[("LANGFUSE_REGION", "mars")]), HTTP),
        "LANGFUSE_REGION is \"mars\": set it to eu, us, jp or hipaa, or set LANGFUSE_BASE_URL"
    );
}

#[test]
fn openobserve_organization_is_in_the_path_or_in_a_grpc_header() {
    let variables = [("OPENOBSERVE_AUTH_TOKEN", "cm9vdA=="), ("OPENOBSERVE_ORG", "acme")];
    assert_eq!(
        defaults(Backend::OpenObserve, HTTP, &variables),
        ("http://localhost:5080/api/acme".to_owned(), vec!["authorization: Basic cm9vdA==".to_owned()])
    );
    let (url, headers) = defaults(Backend::OpenObserve, GRPC, &variables);
    assert_eq!(url, "http://localhost:5081");
    assert_eq!(headers, ["authorization: Basic cm9vdA==", "organization: acme"]);
}

#[test]
fn arize_needs_its_space_id_and_its_key() {
    let error = Backend::Arize.defaults(&environment(&[("ARIZE_API_KEY", "k")]), HTTP).unwrap_err();
    assert!(error.to_string().starts_with("Arize needs ARIZE_SPACE_ID"), "{error}");
    let both = [("ARIZE_API_KEY", "k"), ("ARIZE_SPACE_ID", "s")];
    assert_eq!(endpoint(Backend::Arize, HTTP, &both), "https://otlp.arize.com");
}

#[test]
fn backends_without_variables_are_on_this_machine() {
    assert_eq!(endpoint(Backend::Jaeger, HTTP, &[]), "http://localhost:4318");
    assert_eq!(endpoint(Backend::Jaeger, GRPC, &[]), "http://localhost:4317");
    assert_eq!(endpoint(Backend::Zipkin, HTTP, &[]), "http://localhost:9411");
    assert_eq!(endpoint(Backend::Collector, HTTP, &[]), "http://localhost:4318");
    assert!(Backend::Zipkin.defaults(&environment(&[]), GRPC).is_err());
}

#[test]
fn a_backend_is_detected_by_its_variables_unless_there_are_two() {
    let detect = |variables: &[(&str, &str)]| Backend::detect(&environment(variables));
    assert_eq!(detect(&[]).unwrap(), None);
    assert_eq!(detect(&[("PHOENIX_API_KEY", "k")]).unwrap(), Some(Backend::Phoenix));
    assert_eq!(detect(&[("LANGFUSE_SECRET_KEY", "k")]).unwrap(), Some(Backend::Langfuse));
    assert_eq!(detect(&[("OPENOBSERVE_URL", "u")]).unwrap(), Some(Backend::OpenObserve));
    assert_eq!(detect(&[("ARIZE_SPACE_ID", "k")]).unwrap(), Some(Backend::Arize));
    assert_eq!(detect(&[("PHOENIX_API_KEY", "")]).unwrap(), None, "an empty variable counts as not set");
    let error = detect(&[("PHOENIX_API_KEY", "k"), ("LANGFUSE_SECRET_KEY", "k")]).unwrap_err();
    assert!(error.to_string().starts_with("the variables of both Phoenix and Langfuse are set"), "{error}");
}
