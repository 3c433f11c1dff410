//! HTTPS, with a certificate of one's own and with one that nobody knows.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pipecat_instrument::setup::{ExportError, Protocol};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::loopback::{Server, spans};

/// A server for `localhost`, and a file with the certificate that it shows.
fn secure_server(name: &str) -> (Server, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.pem", std::process::id()));
    std::fs::write(&path, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (Server::secure(TlsAcceptor::from(Arc::new(config))), path)
}

#[test]
fn a_certificate_that_is_named_is_trusted() {
    let (server, certificate) = secure_server("trusted");
    let setup = server.setup().certificate(certificate).build().unwrap();
    setup.check().unwrap();
    spans(&setup, 3);
    assert!(setup.shutdown(Duration::from_secs(60)).is_complete());
    assert_eq!(server.spans(), 4);
}

#[test]
fn over_grpc_too() {
    let (server, certificate) = secure_server("trusted-grpc");
    let setup = server.setup().protocol(Protocol::Grpc).certificate(certificate).build().unwrap();
    let _ = setup.check();
    assert_eq!(server.received()[0].span_names(), ["setup.check"], "it got through to the server");
}

#[test]
fn a_certificate_that_nobody_knows_is_not_trusted_and_said_to_be_so() {
    for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
        let (server, _) = secure_server("unknown");
        let setup = server.setup().protocol(protocol).build().unwrap();
        let failed = setup.check().unwrap_err();
        assert!(matches!(failed.error, ExportError::Tls(_)), "{failed}");
        assert!(failed.to_string().contains("OTEL_EXPORTER_OTLP_CERTIFICATE"), "{failed}");
        assert!(server.received().is_empty());
    }
}

#[test]
fn plain_http_to_a_secure_port_says_what_to_write() {
    let (server, _) = secure_server("plain");
    let url = server.url().replace("https://", "http://");
    let failed = server.setup().endpoint(url).build().unwrap().check().unwrap_err();
    assert!(failed.to_string().contains("https://"), "{failed}");
}

#[test]
fn a_file_without_a_certificate_is_told_of_when_it_is_read() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("no-certificate.pem");
    std::fs::write(&path, "nothing").unwrap();
    let (server, _) = secure_server("none");
    let error = server.setup().certificate(&path).build().unwrap_err();
    assert!(error.to_string().contains("without a certificate in PEM"), "{error}");
    let error = server.setup().certificate("missing.pem").build().unwrap_err();
    assert!(
        error.to_string().starts_with("the certificate names missing.pem, which cannot be read"),
        "{error}"
    );
}
