use super::{Backend, KNOWN};
use crate::export::{Environment, Protocol, SetupError};

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().copied().collect()
}

/// Where a backend with these variables listens, and what requests to it carry.
fn account(backend: Backend, protocol: Protocol, variables: &[(&str, &str)]) -> (String, Vec<String>) {
    let account = backend.account(&environment(variables), protocol).unwrap();
    let header =
        |(name, secret): &(String, crate::export::secret::Secret)| format!("{name}: {}", secret.expose());
    (account.endpoint, account.headers.iter().map(header).collect())
}

fn endpoint(backend: Backend, protocol: Protocol, variables: &[(&str, &str)]) -> String {
    account(backend, protocol, variables).0
}

const HTTP: Protocol = Protocol::HttpProtobuf;
const GRPC: Protocol = Protocol::Grpc;

#[test]
fn the_table_holds_every_backend_where_it_is_looked_for() {
    for (index, known) in KNOWN.iter().enumerate() {
        assert_eq!(known.backend as usize, index);
        assert_eq!(known.word.parse::<Backend>().unwrap(), known.backend);
    }
    assert_eq!(KNOWN.map(|known| known.word).join(", "), Backend::NAMES);
}

#[test]
fn phoenix_has_a_port_of_its_own_for_grpc() {
    let at = |url| [("PHOENIX_COLLECTOR_ENDPOINT", url)];
    assert_eq!(endpoint(Backend::Phoenix, HTTP, &[]), "http://localhost:6006");
    assert_eq!(endpoint(Backend::Phoenix, GRPC, &[]), "http://localhost:4317");
    assert_eq!(endpoint(Backend::Phoenix, HTTP, &at("http://host:6006/v1/traces")), "http://host:6006");
    assert_eq!(endpoint(Backend::Phoenix, GRPC, &at("http://host:6006")), "http://host:4317");
    let cloud = at("https://app.phoenix.arize.com/s/me");
    assert_eq!(endpoint(Backend::Phoenix, HTTP, &cloud), "https://app.phoenix.arize.com/s/me");
    let error = Backend::Phoenix.account(&environment(&cloud), GRPC).unwrap_err();
    assert!(matches!(error, SetupError::NoGrpc { backend: Backend::Phoenix }), "{error}");
    let port = [("PHOENIX_GRPC_PORT", "4318x")];
    let error = Backend::Phoenix.account(&environment(&port), GRPC).unwrap_err().to_string();
    assert_eq!(error, "PHOENIX_GRPC_PORT is \"4318x\": set it to a port, as 4317, or unset it");
}

#[test]
fn phoenixs_project_has_two_names_and_the_first_counts() {
    let both = [("PHOENIX_PROJECT_NAME", "alias"), ("PHOENIX_PROJECT", "first")];
    let project =
        |variables: &[(&str, &str)]| Backend::Phoenix.account(&environment(variables), HTTP).unwrap().project;
    assert_eq!(project(&both).as_deref(), Some("first"));
    assert_eq!(project(&both[..1]).as_deref(), Some("alias"));
    assert_eq!(project(&[]), None);
}

#[test]
fn langfuse_has_regions_and_takes_no_grpc() {
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
    let refused = |variables: &[(&str, &str)], protocol| {
        Backend::Langfuse.account(&environment(variables), protocol).unwrap_err().to_string()
    };
    assert!(refused(&with(&[]), GRPC).contains("set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf"));
    assert!(refused(&keys[..1], HTTP).starts_with("Langfuse needs LANGFUSE_SECRET_KEY"));
    assert_eq!(
        refused(&with(&[("LANGFUSE_REGION", "mars")]), HTTP),
        "LANGFUSE_REGION is \"mars\": set it to eu, us, jp or hipaa, or set LANGFUSE_BASE_URL"
    );
}

#[test]
fn openobserves_organisation_is_in_the_path_or_over_grpc_in_a_header() {
    let variables = [("OPENOBSERVE_AUTH_TOKEN", "cm9vdA=="), ("OPENOBSERVE_ORG", "acme")];
    assert_eq!(
        account(Backend::OpenObserve, HTTP, &variables),
        ("http://localhost:5080/api/acme".to_owned(), vec!["authorization: Basic cm9vdA==".to_owned()])
    );
    let (url, headers) = account(Backend::OpenObserve, GRPC, &variables);
    assert_eq!(url, "http://localhost:5081");
    assert_eq!(headers, ["authorization: Basic cm9vdA==", "organization: acme"]);
}

#[test]
fn arize_needs_both_of_its_variables() {
    let error = Backend::Arize.account(&environment(&[("ARIZE_API_KEY", "k")]), HTTP).unwrap_err();
    assert!(error.to_string().starts_with("Arize needs ARIZE_SPACE_ID"), "{error}");
    let both = [("ARIZE_API_KEY", "k"), ("ARIZE_SPACE_ID", "s")];
    assert_eq!(endpoint(Backend::Arize, HTTP, &both), "https://otlp.arize.com");
}

#[test]
fn those_without_an_account_listen_on_this_machine() {
    assert_eq!(endpoint(Backend::Jaeger, HTTP, &[]), "http://localhost:4318");
    assert_eq!(endpoint(Backend::Jaeger, GRPC, &[]), "http://localhost:4317");
    assert_eq!(endpoint(Backend::Zipkin, HTTP, &[]), "http://localhost:9411");
    assert_eq!(endpoint(Backend::Collector, HTTP, &[]), "http://localhost:4318");
    assert!(Backend::Zipkin.account(&environment(&[]), GRPC).is_err());
}

#[test]
fn a_backend_is_known_by_its_own_variables_unless_there_are_two() {
    let recognized = |variables: &[(&str, &str)]| Backend::recognized(&environment(variables));
    assert_eq!(recognized(&[]).unwrap(), None);
    assert_eq!(recognized(&[("PHOENIX_API_KEY", "k")]).unwrap(), Some(Backend::Phoenix));
    assert_eq!(recognized(&[("LANGFUSE_SECRET_KEY", "k")]).unwrap(), Some(Backend::Langfuse));
    assert_eq!(recognized(&[("OPENOBSERVE_URL", "u")]).unwrap(), Some(Backend::OpenObserve));
    assert_eq!(recognized(&[("ARIZE_SPACE_ID", "k")]).unwrap(), Some(Backend::Arize));
    assert_eq!(recognized(&[("PHOENIX_API_KEY", "")]).unwrap(), None, "an empty variable is not set");
    let error = recognized(&[("PHOENIX_API_KEY", "k"), ("LANGFUSE_SECRET_KEY", "k")]).unwrap_err();
    assert!(
        error.to_string().starts_with("Phoenix and Langfuse are both set up in the environment"),
        "{error}"
    );
}
