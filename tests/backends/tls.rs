//! TLS, with a trusted certificate and with an unknown one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pipecat_instrument::setup::{ExportError, Protocol};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::loopback::{Server, make_spans, wait_for_failed_attempt};

/// Starts a server for `localhost` and returns it with the file of its certificate.
fn secure_server(name: &str) -> (Server, PathBuf) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.pem", std::process::id()));
    std::fs::write(&path, certified.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (Server::with_tls(TlsAcceptor::from(Arc::new(config))), path)
}

#[test]
fn a_certificate_of_the_settings_is_trusted_over_http() {
    let (server, certificate) = secure_server("trusted");
    let setup = server.setup_builder().certificate(certificate).build().unwrap();
    setup.check().unwrap();
    make_spans(&setup, 3);
    assert!(setup.shutdown(Duration::from_secs(60)).is_complete());
    assert_eq!(server.span_count(), 4);
}

#[test]
fn a_certificate_of_the_settings_is_trusted_over_grpc() {
    let (server, certificate) = secure_server("trusted-grpc");
    let setup = server.setup_builder().protocol(Protocol::Grpc).certificate(certificate).build().unwrap();
    setup.check().unwrap();
    assert_eq!(server.requests()[0].span_names(), ["setup.check"]);
}

#[test]
fn an_unknown_certificate_is_refused_with_a_remedy() {
    for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
        let (server, _) = secure_server("unknown");
        let setup = server.setup_builder().protocol(protocol).build().unwrap();
        let error = setup.check().unwrap_err();
        assert!(matches!(error.error, ExportError::Tls(_)), "{error}");
        assert!(error.to_string().contains("OTEL_EXPORTER_OTLP_CERTIFICATE"), "{error}");
        make_spans(&setup, 3);
        let retried = wait_for_failed_attempt(&setup);
        assert!(matches!(retried.error, ExportError::Tls(_)) && retried.spans == 3, "{retried:?}");
        let _ = setup.shutdown(Duration::ZERO);
        assert!(server.requests().is_empty());
    }
}

#[test]
fn plain_http_to_a_tls_port_is_reported_with_https() {
    let (server, _) = secure_server("plain");
    let url = server.url().replace("https://", "http://");
    let error = server.setup_builder().endpoint(url).build().unwrap().check().unwrap_err();
    assert!(error.to_string().contains("https://"), "{error}");
}

#[test]
fn a_file_without_a_certificate_is_an_error_of_the_setup() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("no-certificate.pem");
    std::fs::write(&path, "nothing").unwrap();
    let (server, _) = secure_server("none");
    let error = server.setup_builder().certificate(&path).build().unwrap_err();
    assert!(error.to_string().contains("without a certificate in PEM"), "{error}");
    let error = server.setup_builder().certificate("missing.pem").build().unwrap_err();
    assert!(
        error.to_string().starts_with("the certificate names missing.pem, which cannot be read"),
        "{error}"
    );
}
