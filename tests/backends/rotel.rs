//! A real collector, rotel, between this process and a backend.

use std::process::Command;
use std::thread;
use std::time::Duration;

use pipecat_instrument::setup::{self, Compression, Environment, ExportError, Protocol, ResponseCode, Setup};

use crate::loopback::{Reply, Server, free_port, spans};
use crate::real::{Running, eventually, listens, program};

const LIMIT: Duration = Duration::from_secs(60);

/// A collector that sends on to a server of ours.
pub(crate) struct Collector {
    _running: Running,
    http: u16,
    grpc: u16,
}

impl Collector {
    /// One that sends on to `url`, unless rotel is not installed.
    pub(crate) fn before(url: &str) -> Option<Self> {
        let (http, grpc) = (free_port(), free_port());
        let mut running = Running::start(
            Command::new(program("rotel-agent")?)
                .arg("start")
                .args(["--otlp-http-endpoint", &format!("127.0.0.1:{http}")])
                .args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{grpc}")])
                .args(["--exporter", "otlp", "--otlp-exporter-protocol", "http"])
                .args(["--otlp-exporter-endpoint", url, "--batch-timeout", "200ms"]),
            &format!("rotel-{http}"),
        );
        running.until(|| listens(http) && listens(grpc));
        Some(Self { _running: running, http, grpc })
    }

    /// Where it listens for a protocol.
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

    /// What speaks `protocol` to the port for `port`.
    fn setup_at(&self, protocol: Protocol, compression: Compression, port: Protocol) -> Setup {
        setup::builder()
            .environment(Environment::default())
            .endpoint(self.url(port))
            .protocol(protocol)
            .compression(compression)
            .build()
            .unwrap()
    }
}

#[test]
fn every_span_passes_the_collector_over_http_and_grpc_plain_and_gzipped() {
    let backend = Server::answering(Reply::Ok);
    let Some(collector) = Collector::before(&backend.url()) else { return };
    let mut sent = 0;
    for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
        for compression in [Compression::None, Compression::Gzip] {
            let setup = collector.setup(protocol, compression);
            setup.check().unwrap();
            spans(&setup, 700);
            let report = setup.shutdown(LIMIT);
            assert!(report.is_complete(), "{protocol}, {compression:?}: {report}");
            sent += 701;
        }
    }
    eventually(|| {
        (backend.spans() == sent).then_some(()).ok_or(format!("{} of {sent} arrived", backend.spans()))
    });
}

#[test]
fn many_bots_at_once_pass_the_collector_whole() {
    const BOTS: usize = 20;
    let backend = Server::answering(Reply::Ok);
    let Some(collector) = Collector::before(&backend.url()) else { return };
    thread::scope(|scope| {
        for _ in 0..BOTS {
            scope.spawn(|| {
                let setup = collector.setup(Protocol::Grpc, Compression::Gzip);
                spans(&setup, 1_000);
                let report = setup.shutdown(LIMIT);
                assert!(report.is_complete(), "{report}");
            });
        }
    });
    let sent = BOTS * 1_000;
    eventually(|| {
        (backend.spans() == sent).then_some(()).ok_or(format!("{} of {sent} arrived", backend.spans()))
    });
}

#[test]
fn the_wrong_protocol_on_a_port_is_told_of() {
    let backend = Server::answering(Reply::Ok);
    let Some(collector) = Collector::before(&backend.url()) else { return };
    for (protocol, port, change) in [
        (Protocol::HttpProtobuf, Protocol::Grpc, "set OTEL_EXPORTER_OTLP_PROTOCOL=grpc"),
        (Protocol::Grpc, Protocol::HttpProtobuf, "set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"),
    ] {
        let failed = collector.setup_at(protocol, Compression::None, port).check().unwrap_err();
        // Its port for gRPC says so, or hangs up, as it comes; the one for HTTP takes HTTP/2 too, but has no such path.
        let expected = [
            ExportError::ProtocolMismatch,
            ExportError::ConnectionClosed,
            ExportError::NotFound(ResponseCode::Grpc("Unimplemented")),
        ];
        assert!(expected.contains(&failed.error), "{failed}");
        assert!(failed.to_string().contains(change), "{failed}");
    }
}
