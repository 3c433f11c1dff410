use std::time::Duration;

use opentelemetry_sdk::trace::Sampler;

use super::{Compression, Destination, ExporterKind, OtlpSettings, Overrides, Settings};
use crate::emit::Preset;
use crate::export::secret::Secret;
use crate::export::{Backend, Environment, SetupError};

fn settings(said: &Overrides, variables: &[(&str, &str)]) -> Result<Settings, SetupError> {
    Settings::read(said, &variables.iter().copied().collect::<Environment>())
}

/// What these variables say, with nothing said by code.
fn read(variables: &[(&str, &str)]) -> Settings {
    settings(&Overrides::default(), variables).unwrap()
}

fn refused(variables: &[(&str, &str)]) -> String {
    settings(&Overrides::default(), variables).unwrap_err().to_string()
}

/// How spans go to the only backend there is.
fn otlp(settings: &Settings) -> &OtlpSettings {
    match settings.destinations.as_slice() {
        [Destination::Otlp(otlp)] => otlp,
        others => panic!("{others:?}"),
    }
}

fn kinds(settings: &Settings) -> Vec<ExporterKind> {
    let kind = |destination: &Destination| match destination {
        Destination::Otlp(_) => ExporterKind::Otlp,
        Destination::Console => ExporterKind::Console,
    };
    settings.destinations.iter().map(kind).collect()
}

fn warnings(settings: &Settings) -> Vec<String> {
    settings.warnings.iter().map(ToString::to_string).collect()
}

fn header(settings: &Settings, name: &str) -> Option<String> {
    let found = otlp(settings).headers.iter().find(|(known, _)| known == name);
    found.map(|(_, secret)| secret.expose().to_owned())
}

/// Each level over the next: code, the variable for traces, the general one, the backend's own, the default.
#[test]
fn an_endpoint_is_the_uppermost_that_is_said() {
    let said = Overrides { endpoint: Some(Secret::new("http://code")), ..Overrides::default() };
    let all = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces/as/it/is"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://general"),
        ("PIPECAT_TRACE_PRESET", "phoenix"),
        ("PHOENIX_COLLECTOR_ENDPOINT", "http://backend"),
    ];
    let url = |said: &Overrides, variables: &[(&str, &str)]| {
        otlp(&settings(said, variables).unwrap()).endpoint.url.clone()
    };
    assert_eq!(url(&said, &all), "http://code/v1/traces");
    let said = Overrides::default();
    assert_eq!(url(&said, &all), "http://traces/as/it/is");
    assert_eq!(url(&said, &all[1..]), "http://general/v1/traces");
    assert_eq!(url(&said, &all[2..]), "http://backend/v1/traces");
    assert_eq!(url(&said, &all[2..3]), "http://localhost:6006/v1/traces");
    assert_eq!(url(&said, &[]), "http://localhost:4318/v1/traces");
}

#[test]
fn headers_of_all_levels_go_together_and_the_uppermost_of_a_name_counts() {
    let said = Overrides { headers: vec![("c".to_owned(), Secret::new("code"))], ..Overrides::default() };
    let variables = [
        ("PHOENIX_API_KEY", "key"),
        ("PHOENIX_CLIENT_HEADERS", "a=backend,b=backend,c=backend"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "b=general,c=general"),
    ];
    let read = settings(&said, &variables).unwrap();
    let values = ["a", "b", "c", "authorization"].map(|name| header(&read, name).unwrap());
    assert_eq!(values, ["backend", "general", "code", "Bearer key"]);
}

#[test]
fn headers_for_traces_stand_in_the_place_of_the_general_ones() {
    let read =
        read(&[("OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=1"), ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2")]);
    assert_eq!((header(&read, "a"), header(&read, "b").as_deref()), (None, Some("2")));
}

#[test]
fn a_key_for_one_backend_is_not_sent_where_an_endpoint_points() {
    let variables = [("LANGFUSE_PUBLIC_KEY", "p"), ("LANGFUSE_SECRET_KEY", "s")];
    assert!(header(&read(&variables), "authorization").is_some());
    let elsewhere = [&variables[..], &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")]].concat();
    assert_eq!(header(&read(&elsewhere), "authorization"), None);
    let meant = [&elsewhere[..], &[("PIPECAT_TRACE_PRESET", "langfuse")]].concat();
    assert!(header(&read(&meant), "authorization").is_some(), "unless that is what is asked for");
}

#[test]
fn time_and_compression_are_read_with_the_form_for_traces_first() {
    let all = read(&[
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2000"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
    ]);
    assert_eq!((otlp(&all).timeout, otlp(&all).compression), (Duration::from_secs(2), Compression::None));
    let general = read(&[("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"), ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")]);
    assert_eq!(
        (otlp(&general).timeout, otlp(&general).compression),
        (Duration::from_secs(1), Compression::Gzip)
    );
    let default = read(&[]);
    assert_eq!(
        (otlp(&default).timeout, otlp(&default).compression),
        (Duration::from_secs(10), Compression::None)
    );
}

#[test]
fn exporters_are_a_list_and_pipecats_switch_adds_the_console() {
    use ExporterKind::{Console, Otlp};
    for (variables, expected) in [
        (&[][..], &[Otlp][..]),
        (&[("OTEL_TRACES_EXPORTER", "console")], &[Console]),
        (&[("OTEL_TRACES_EXPORTER", "none")], &[]),
        (&[("OTEL_TRACES_EXPORTER", "otlp, console,otlp")], &[Otlp, Console]),
        (&[("OTEL_CONSOLE_EXPORT", "true")], &[Otlp, Console]),
        (&[("OTEL_CONSOLE_EXPORT", "false")], &[Otlp]),
        (&[("OTEL_TRACES_EXPORTER", "zipkin")], &[Otlp]),
    ] {
        assert_eq!(kinds(&read(variables)), expected, "{variables:?}");
    }
    assert_eq!(
        warnings(&read(&[("OTEL_TRACES_EXPORTER", "zipkin")])),
        ["OTEL_TRACES_EXPORTER names \"zipkin\", which is no exporter: choose from otlp, console, none"]
    );
}

#[test]
fn what_code_wants_otherwise_counts_only_if_nothing_is_named() {
    let said = Overrides { fallback_exporters: Some(vec![ExporterKind::Console]), ..Overrides::default() };
    let kinds = |variables: &[(&str, &str)]| kinds(&settings(&said, variables).unwrap());
    assert_eq!(kinds(&[]), [ExporterKind::Console]);
    for named in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://host"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://host"),
        ("PIPECAT_TRACE_PRESET", "jaeger"),
        ("PHOENIX_COLLECTOR_ENDPOINT", "http://host"),
        ("OTEL_TRACES_EXPORTER", "otlp"),
    ] {
        assert_eq!(kinds(&[named]), [ExporterKind::Otlp], "{named:?}");
    }
}

#[test]
fn two_variables_switch_all_of_it_off() {
    for (variable, value, off) in [
        ("OTEL_SDK_DISABLED", "true", true),
        ("OTEL_SDK_DISABLED", "True", true),
        ("OTEL_SDK_DISABLED", "1", false),
        ("ENABLE_TRACING", "false", true),
        ("ENABLE_TRACING", "0", true),
        ("ENABLE_TRACING", "1", false),
        ("ENABLE_TRACING", "maybe", false),
    ] {
        let read = read(&[(variable, value)]);
        assert_eq!(read.switched_off_by, off.then_some(variable), "{variable}={value}");
        assert_eq!(read.destinations.is_empty(), off);
    }
    assert_eq!(
        warnings(&read(&[("OTEL_SDK_DISABLED", "1")])),
        ["OTEL_SDK_DISABLED is \"1\", and so counts as false: set it to true or false"]
    );
    let wrong_but_off = [("OTEL_SDK_DISABLED", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense")];
    assert!(settings(&Overrides::default(), &wrong_but_off).is_ok(), "what is not used need not be right");
}

#[test]
fn a_backend_brings_what_suits_it() {
    assert_eq!(read(&[("PHOENIX_API_KEY", "k")]).preset, Some(Preset::phoenix()));
    assert_eq!(read(&[("PIPECAT_TRACE_PRESET", "jaeger")]).preset, Some(Preset::jaeger()));
    assert_eq!(read(&[("PIPECAT_TRACE_PRESET", "collector")]).preset, None);
    let said = Overrides { backend: Some(Backend::Zipkin), ..Overrides::default() };
    assert_eq!(
        settings(&said, &[("PIPECAT_TRACE_PRESET", "phoenix")]).unwrap().preset,
        Some(Preset::jaeger())
    );
    assert_eq!(
        refused(&[("PIPECAT_TRACE_PRESET", "fenix")]),
        "PIPECAT_TRACE_PRESET is \"fenix\", which is no backend: choose from phoenix, arize, langfuse, openobserve, \
         jaeger, zipkin, collector"
    );
}

#[test]
fn a_service_is_called_as_the_uppermost_says() {
    let said = Overrides { service_name: Some("code".to_owned()), ..Overrides::default() };
    let all = [("OTEL_SERVICE_NAME", "variable"), ("OTEL_RESOURCE_ATTRIBUTES", "service.name=listed")];
    assert_eq!(settings(&said, &all).unwrap().service_name, "code");
    assert_eq!(read(&all).service_name, "variable");
    assert_eq!(read(&all[1..]).service_name, "listed");
    assert!(read(&[]).service_name.starts_with("unknown_service:"));
    let said = Overrides { default_service_name: Some("default".to_owned()), ..Overrides::default() };
    assert_eq!(settings(&said, &[]).unwrap().service_name, "default");
    assert_eq!(settings(&said, &all[1..]).unwrap().service_name, "listed");
}

#[test]
fn a_list_of_attributes_with_a_mistake_counts_not_at_all() {
    let read = read(&[("OTEL_RESOURCE_ATTRIBUTES", "team=desk,service.name")]);
    assert!(!read.resource.iter().any(|attribute| attribute.key.as_str() == "team"));
    assert_eq!(
        warnings(&read),
        [
            "OTEL_RESOURCE_ATTRIBUTES is \"team=desk,service.name\", and so counts as not set: set it to key=value, with \
          commas between attributes, and %2C for a comma in a value"
        ]
    );
}

#[test]
fn samplers_are_those_of_the_specification() {
    let ratio = |ratio| Box::new(Sampler::TraceIdRatioBased(ratio));
    for (name, argument, expected) in [
        ("", "", "ParentBased(AlwaysOn)"),
        ("always_off", "", "AlwaysOff"),
        ("traceidratio", "0.25", "TraceIdRatioBased(0.25)"),
        ("parentbased_traceidratio", "0.5", &format!("ParentBased({:?})", ratio(0.5))),
        ("parentbased_always_off", "", "ParentBased(AlwaysOff)"),
        ("traceidratio", "2", "TraceIdRatioBased(1.0)"),
        ("traceidratio", "NaN", "TraceIdRatioBased(1.0)"),
        ("xray", "", "ParentBased(AlwaysOn)"),
    ] {
        let read = read(&[("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", argument)]);
        assert_eq!(format!("{:?}", read.sampler), expected, "{name} {argument}");
    }
    let read = read(&[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "half")]);
    assert_eq!(
        warnings(&read),
        [
            "OTEL_TRACES_SAMPLER_ARG is \"half\", and so counts as not set: set it to a share from 0 to 1, as 0.1"
        ]
    );
}

#[test]
fn limits_and_queues_are_read_and_nonsense_is_warned_of() {
    let read = read(&[
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "200"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "300"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4000"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512"),
        ("OTEL_BSP_SCHEDULE_DELAY", "250"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "1"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "-1"),
    ]);
    assert_eq!(
        (read.limits.attributes, read.limits.value_length, read.limits.events),
        (300, Some(4000), 128)
    );
    assert_eq!((read.batch.queue_spans, read.batch.request_spans), (100, 100));
    assert_eq!(read.batch.delay, Duration::from_millis(250));
    let variables: Vec<&str> = read.warnings.iter().map(crate::export::SettingWarning::variable).collect();
    assert_eq!(
        variables,
        ["OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"]
    );
}

#[test]
fn without_a_word_the_limits_are_fit_for_voice() {
    let read = read(&[]);
    assert_eq!((read.limits.attributes, read.limits.value_length), (1024, None));
    assert_eq!((read.batch.queue_spans, read.batch.queue_bytes), (65_536, 134_217_728));
    assert_eq!(warnings(&read), [""; 0]);
}

#[test]
fn json_is_warned_of_and_protobuf_is_spoken() {
    let read = read(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]);
    assert_eq!(otlp(&read).protocol, crate::export::Protocol::HttpProtobuf);
    assert_eq!(
        warnings(&read),
        ["OTEL_EXPORTER_OTLP_PROTOCOL is http/json, which is not spoken here: http/protobuf is used"]
    );
}

#[cfg(not(feature = "otlp-grpc"))]
#[test]
fn grpc_names_the_feature_that_it_needs() {
    let message = refused(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    assert!(
        message.starts_with("OTEL_EXPORTER_OTLP_PROTOCOL=grpc needs the feature `otlp-grpc`"),
        "{message}"
    );
}
