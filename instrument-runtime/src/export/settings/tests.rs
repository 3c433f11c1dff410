use std::time::Duration;

use opentelemetry_sdk::trace::Sampler;

use super::{Compression, Destination, ExporterKind, OtlpSettings, Settings, SpoolSettings};
use crate::emit::Preset;
use crate::export::{Backend, Environment, SetupBuilder, SetupError};

fn settings(builder: &SetupBuilder, variables: &[(&str, &str)]) -> Result<Settings, SetupError> {
    Settings::read(builder, &variables.iter().copied().collect::<Environment>())
}

/// Reads these variables, without settings by code.
fn read(variables: &[(&str, &str)]) -> Settings {
    settings(&SetupBuilder::default(), variables).unwrap()
}

fn error(variables: &[(&str, &str)]) -> String {
    settings(&SetupBuilder::default(), variables).unwrap_err().to_string()
}

/// Returns the settings of the only destination.
fn otlp(settings: &Settings) -> &OtlpSettings {
    match settings.destinations.as_slice() {
        [Destination::Otlp(otlp)] => otlp,
        others => panic!("{others:?}"),
    }
}

fn service_name(settings: &Settings) -> String {
    settings.resource.get(&"service.name".into()).unwrap().to_string()
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
    otlp(settings).headers.get(name).map(|secret| secret.expose().to_owned())
}

/// Code, the variable for traces, the general one, the backend's own, the default.
#[test]
fn the_endpoint_follows_the_order_of_precedence() {
    let builder = SetupBuilder::default().endpoint("http://code");
    let all = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces/as/it/is"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://general"),
        ("PIPECAT_TRACE_PRESET", "phoenix"),
        ("PHOENIX_COLLECTOR_ENDPOINT", "http://backend"),
    ];
    let url = |builder: &SetupBuilder, variables: &[(&str, &str)]| {
        otlp(&settings(builder, variables).unwrap()).endpoint.url().to_owned()
    };
    assert_eq!(url(&builder, &all), "http://code/v1/traces");
    let builder = SetupBuilder::default();
    assert_eq!(url(&builder, &all), "http://traces/as/it/is");
    assert_eq!(url(&builder, &all[1..]), "http://general/v1/traces");
    assert_eq!(url(&builder, &all[2..]), "http://backend/v1/traces");
    assert_eq!(url(&builder, &all[2..3]), "http://localhost:6006/v1/traces");
    assert_eq!(url(&builder, &[]), "http://localhost:4318/v1/traces");
}

#[test]
fn headers_of_all_levels_are_merged_by_precedence() {
    let builder = SetupBuilder::default().header("c", "code");
    let variables = [
        ("PHOENIX_API_KEY", "key"),
        ("PHOENIX_CLIENT_HEADERS", "a=backend,b=backend,c=backend"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "b=general,c=general"),
    ];
    let read = settings(&builder, &variables).unwrap();
    let values = ["a", "b", "c", "authorization"].map(|name| header(&read, name).unwrap());
    assert_eq!(values, ["backend", "general", "code", "Bearer key"]);
}

#[test]
fn headers_for_traces_replace_the_general_ones() {
    let read =
        read(&[("OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=1"), ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2")]);
    assert_eq!((header(&read, "a"), header(&read, "b").as_deref()), (None, Some("2")));
}

#[test]
fn a_backend_key_is_not_sent_to_another_endpoint() {
    let variables = [("LANGFUSE_PUBLIC_KEY", "p"), ("LANGFUSE_SECRET_KEY", "s")];
    assert!(header(&read(&variables), "authorization").is_some());
    let elsewhere = [&variables[..], &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")]].concat();
    assert_eq!(header(&read(&elsewhere), "authorization"), None);
    let meant = [&elsewhere[..], &[("PIPECAT_TRACE_PRESET", "langfuse")]].concat();
    assert!(header(&read(&meant), "authorization").is_some(), "unless the backend is named");
}

#[test]
fn timeout_and_compression_for_traces_win_over_the_general_ones() {
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
fn exporters_are_a_list_and_console_export_adds_the_console() {
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
        ["OTEL_TRACES_EXPORTER names the unknown exporter \"zipkin\": choose from otlp, console, none"]
    );
}

#[test]
fn fallback_exporters_apply_only_if_nothing_is_named() {
    let builder = SetupBuilder::default().fallback_exporters([ExporterKind::Console]);
    let kinds = |variables: &[(&str, &str)]| kinds(&settings(&builder, variables).unwrap());
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
fn sdk_disabled_and_enable_tracing_disable_all_destinations() {
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
        assert_eq!(read.disabled_by, off.then_some(variable), "{variable}={value}");
        assert_eq!(read.destinations.is_empty(), off);
    }
    assert_eq!(
        warnings(&read(&[("OTEL_SDK_DISABLED", "1")])),
        ["OTEL_SDK_DISABLED is \"1\" and counts as false: set it to true or false"]
    );
    let wrong_but_off = [("OTEL_SDK_DISABLED", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense")];
    assert!(
        settings(&SetupBuilder::default(), &wrong_but_off).is_ok(),
        "settings that are not used are not checked"
    );
}

#[test]
fn a_backend_brings_its_preset() {
    assert_eq!(read(&[("PHOENIX_API_KEY", "k")]).preset, Some(Preset::phoenix()));
    assert_eq!(read(&[("PIPECAT_TRACE_PRESET", "jaeger")]).preset, Some(Preset::jaeger()));
    assert_eq!(read(&[("PIPECAT_TRACE_PRESET", "collector")]).preset, None);
    let builder = SetupBuilder::default().backend(Backend::Zipkin);
    assert_eq!(
        settings(&builder, &[("PIPECAT_TRACE_PRESET", "phoenix")]).unwrap().preset,
        Some(Preset::jaeger())
    );
    assert_eq!(
        error(&[("PIPECAT_TRACE_PRESET", "fenix")]),
        "PIPECAT_TRACE_PRESET is \"fenix\", which is not a known backend: choose from phoenix, arize, langfuse, openobserve, \
         jaeger, zipkin, collector"
    );
}

#[test]
fn the_service_name_follows_the_order_of_precedence() {
    let builder = SetupBuilder::default().service_name("code");
    let all = [("OTEL_SERVICE_NAME", "variable"), ("OTEL_RESOURCE_ATTRIBUTES", "service.name=listed")];
    assert_eq!(service_name(&settings(&builder, &all).unwrap()), "code");
    assert_eq!(service_name(&read(&all)), "variable");
    assert_eq!(service_name(&read(&all[1..])), "listed");
    assert!(service_name(&read(&[])).starts_with("unknown_service:"));
    let builder = SetupBuilder::default().default_service_name("default");
    assert_eq!(service_name(&settings(&builder, &[]).unwrap()), "default");
    assert_eq!(service_name(&settings(&builder, &all[1..]).unwrap()), "listed");
}

#[test]
fn resource_attributes_with_a_mistake_are_ignored() {
    let read = read(&[("OTEL_RESOURCE_ATTRIBUTES", "team=desk,service.name")]);
    assert!(!read.resource.iter().any(|(key, _)| key.as_str() == "team"));
    assert_eq!(
        warnings(&read),
        ["OTEL_RESOURCE_ATTRIBUTES is \"team=desk,service.name\" and is ignored: set it to key=value, with \
          commas between attributes, and %2C for a comma in a value"]
    );
}

#[test]
fn every_sampler_of_the_specification_is_parsed() {
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
        ["OTEL_TRACES_SAMPLER_ARG is \"half\" and is ignored: set it to a ratio from 0 to 1, such as 0.1"]
    );
}

#[test]
fn limits_are_parsed_and_invalid_ones_are_warned_of() {
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
        (
            read.span_limits.max_attributes_per_span,
            read.max_value_length,
            read.span_limits.max_events_per_span
        ),
        (300, Some(4000), 128)
    );
    assert_eq!((read.batch.max_queue_spans, read.batch.max_batch_spans), (100, 100));
    assert_eq!(read.batch.schedule_delay, Duration::from_millis(250));
    let variables: Vec<&str> = read.warnings.iter().map(crate::export::SettingWarning::variable).collect();
    assert_eq!(
        variables,
        ["OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"]
    );
}

#[test]
fn a_spool_is_read_from_code_or_from_the_environment() {
    let spool = |directory: &str, max_bytes| Some(SpoolSettings { directory: directory.into(), max_bytes });
    assert_eq!(read(&[]).spool, None);
    let variables = [("PIPECAT_TRACE_SPOOL_DIR", "/spool")];
    assert_eq!(read(&variables).spool, spool("/spool", 1 << 30));
    let variables = [variables[0], ("PIPECAT_TRACE_SPOOL_MAX_BYTES", "5000")];
    assert_eq!(read(&variables).spool, spool("/spool", 5_000));
    let code = SetupBuilder::default().spool("/code", 7);
    assert_eq!(settings(&code, &variables).unwrap().spool, spool("/code", 7));
    let read = read(&variables[1..]);
    assert_eq!(
        (read.spool.clone(), warnings(&read)),
        (
            None,
            vec!["PIPECAT_TRACE_SPOOL_MAX_BYTES has no effect: set PIPECAT_TRACE_SPOOL_DIR, too".to_owned()]
        )
    );
}

#[test]
fn default_limits_suit_long_calls() {
    let read = read(&[]);
    assert_eq!((read.span_limits.max_attributes_per_span, read.max_value_length), (1024, None));
    assert_eq!((read.batch.max_queue_spans, read.batch.max_queue_bytes), (65_536, 134_217_728));
    assert_eq!(warnings(&read), [""; 0]);
}

#[test]
fn http_json_is_replaced_by_protobuf_with_a_warning() {
    let read = read(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]);
    assert_eq!(otlp(&read).protocol, crate::export::Protocol::HttpProtobuf);
    assert_eq!(
        warnings(&read),
        ["OTEL_EXPORTER_OTLP_PROTOCOL is http/json, which is not supported: http/protobuf is used instead"]
    );
}

#[cfg(not(feature = "otlp-grpc"))]
#[test]
fn grpc_without_its_feature_names_the_feature() {
    let message = error(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    assert!(
        message.starts_with("OTEL_EXPORTER_OTLP_PROTOCOL=grpc needs the feature `otlp-grpc`"),
        "{message}"
    );
}
