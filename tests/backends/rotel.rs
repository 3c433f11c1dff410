//! Export through a real collector, rotel.

use std::process::Command;
use std::thread;

use pipecat_instrument::setup::{self, Compression, Environment, ExportError, Protocol, ResponseCode, Setup};

use crate::loopback::{LIMIT, Reply, Server, free_port, make_spans};
use crate::programs::{RunningProgram, eventually, listens, program};

/// A running collector that forwards to another server.
pub(crate) struct Collector {
    _program: RunningProgram,
    http: u16,
    grpc: u16,
}

impl Collector {
    /// Starts a collector that forwards to `url`. Returns `None` if rotel is not installed.
    pub(crate) fn forwarding_to(url: &str) -> Option<Self> {
        let rotel = program("rotel-agent")?;
        let (http, grpc) = (free_port(), free_port());
        let mut program = RunningProgram::start(
            Command::new(rotel)
                .arg("start")
                .args(["--otlp-http-endpoint", &format!("127.0.0.1:{http}")])
                .args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{grpc}")])
                .args(["--exporter", "otlp", "--otlp-exporter-protocol", "http"])
                .args(["--otlp-exporter-endpoint", url, "--batch-timeout", "200ms"]),
            &format!("rotel-{http}"),
        );
        program.wait_until(|| listens(http) && listens(grpc));
        Some(Self { _program: program, http, grpc })
    }

    /// Returns the URL for a protocol.
    pub(crate) fn url(&self, protocol: Protocol) -> String {
        let port = match protocol {
            Protocol::HttpProtobuf => self.http,
            _ => self.grpc,
        };
        format!("http://127.0.0.1:{port}")
    }

    pub(crate) fn setup(&self, protocol: Protocol, compression: Compression) -> Setup {
        self.setup_at(protocol, compression, protocol)
    }

    /// Builds a setup that speaks `protocol` at the port for another protocol.
    fn setup_at(&self, protocol: Protocol, compression: Compression, port_for: Protocol) -> Setup {
        setup::builder()
            .environment(Environment::default())
            .endpoint(self.url(port_for))
            .protocol(protocol)
            .compression(compression)
            .build()
            .unwrap()
    }
}

#[test]
fn every_span_passes_the_collector_with_each_protocol_and_compression() {
    let backend = Server::replying(Reply::Ok);
    let Some(collector) = Collector::forwarding_to(&backend.url()) else { return };
    let mut sent = 0;
    for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
        for compression in [Compression::None, Compression::Gzip] {
            let setup = collector.setup(protocol, compression);
            setup.check().unwrap();
            make_spans(&setup, 700);
            let report = setup.shutdown(LIMIT);
            assert!(report.is_complete(), "{protocol}, {compression:?}: {report}");
            sent += 701;
        }
    }
    eventually(|| {
        (backend.span_count() == sent)
            .then_some(())
            .ok_or(format!("{} of {sent} arrived", backend.span_count()))
    });
}

#[test]
fn twenty_bots_at_once_lose_no_spans_in_the_collector() {
    const BOTS: usize = 20;
    let backend = Server::replying(Reply::Ok);
    let Some(collector) = Collector::forwarding_to(&backend.url()) else { return };
    thread::scope(|scope| {
        for _ in 0..BOTS {
            scope.spawn(|| {
                let setup = collector.setup(Protocol::Grpc, Compression::Gzip);
                make_spans(&setup, 1_000);
                let report = setup.shutdown(LIMIT);
                assert!(report.is_complete(), "{report}");
            });
        }
    });
    let sent = BOTS * 1_000;
    eventually(|| {
        (backend.span_count() == sent)
            .then_some(())
            .ok_or(format!("{} of {sent} arrived", backend.span_count()))
    });
}

#[test]
fn a_wrong_protocol_is_reported_with_the_right_one() {
    let backend = Server::replying(Reply::Ok);
    let Some(collector) = Collector::forwarding_to(&backend.url()) else { return };
    for (protocol, port, remedy) in [
        (Protocol::HttpProtobuf, Protocol::Grpc, "set OTEL_EXPORTER_OTLP_PROTOCOL=grpc"),
        (Protocol::Grpc, Protocol::HttpProtobuf, "set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"),
    ] {
        let error = collector.setup_at(protocol, Compression::None, port).check().unwrap_err();
        // Its port for gRPC refuses HTTP/1.1 or closes the connection. Its port for HTTP accepts HTTP/2, but has no
        // such path.
        let expected = [
            ExportError::ProtocolMismatch,
            ExportError::ConnectionClosed,
            ExportError::NotFound(ResponseCode::Grpc("Unimplemented")),
        ];
        assert!(expected.contains(&error.error), "{error}");
        assert!(error.to_string().contains(remedy), "{error}");
    }
}
