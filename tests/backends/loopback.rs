//! A server on loopback that keeps its requests and sends prepared replies.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::http::{HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use pipecat_instrument::opentelemetry::trace::{Span as _, Tracer, TracerProvider};
use pipecat_instrument::setup::{self, Environment, FailedSpans, Protocol, Setup, SetupBuilder};
use prost::Message;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// Longer than any test takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
pub(crate) const PROTOCOLS: [Protocol; 2] = [Protocol::HttpProtobuf, Protocol::Grpc];

/// A reply of the server.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Accepts the spans.
    Ok,
    /// Accepts all but so many, with a message.
    PartialSuccess(i64, &'static str),
    /// A status of HTTP with headers.
    Status(u16, &'static [(&'static str, &'static str)]),
    /// A status of HTTP that asks for a wait: `Retry-After`.
    RetryAfter(u16, String),
    /// Status 200 with a content type and a body.
    Body(&'static str, &'static [u8]),
    /// A status code of gRPC with a message.
    Grpc(u16, &'static str),
    /// Closes the connection over HTTP/1.1, or resets the stream over HTTP/2.
    Break,
    /// No reply.
    Hang,
}

/// The end of a connection before any reply.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BrokenConnection {
    /// RST of TCP.
    Reset,
    /// `GOAWAY` of HTTP/2, then the end.
    GoAway,
    /// Bytes that are no HTTP.
    Garbage,
}

/// A request that the server received.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedRequest {
    pub(crate) parts: Parts,
    pub(crate) body: Vec<u8>,
}

impl ReceivedRequest {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Decodes the body, after decompression. A body of gRPC has five bytes before the message.
    fn export(&self) -> ExportTraceServiceRequest {
        let is_grpc = self.header("content-type") == Some("application/grpc");
        let mut body = if is_grpc { &self.body[5..] } else { &self.body[..] };
        let mut unpacked = Vec::new();
        let is_gzip = [self.header("content-encoding"), self.header("grpc-encoding")].contains(&Some("gzip"));
        if is_gzip && !(is_grpc && self.body[0] == 0) {
            flate2::read::GzDecoder::new(body).read_to_end(&mut unpacked).unwrap();
            body = &unpacked;
        }
        ExportTraceServiceRequest::decode(body).unwrap()
    }

    /// Returns the names of its spans.
    pub(crate) fn span_names(&self) -> Vec<String> {
        let resources = self.export().resource_spans.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).map(|span| span.name).collect()
    }

    /// Returns an attribute of its resource.
    pub(crate) fn resource(&self, key: &str) -> Option<String> {
        let resource = self.export().resource_spans.into_iter().next()?.resource?;
        let attribute = resource.attributes.into_iter().find(|attribute| attribute.key == key)?;
        match attribute.value?.value? {
            Value::StringValue(text) => Some(text),
            other => Some(format!("{other:?}")),
        }
    }
}

/// A server on loopback. It speaks HTTP/1.1 and HTTP/2.
pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    received: Arc<Mutex<Vec<ReceivedRequest>>>,
    _runtime: Runtime,
}

impl Server {
    /// Starts a server that sends the same reply to each request.
    pub(crate) fn replying(reply: Reply) -> Self {
        Self::replying_by_number(move |_| reply.clone())
    }

    /// Starts a server whose reply depends on the number of requests before.
    pub(crate) fn replying_by_number(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(reply, None)
    }

    /// Starts a server with TLS.
    pub(crate) fn with_tls(acceptor: TlsAcceptor) -> Self {
        Self::start(|_| Reply::Ok, Some(acceptor))
    }

    /// Starts a server at a port whose reply depends on the number of requests before.
    pub(crate) fn replying_by_number_at(
        port: ReservedPort,
        reply: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen_at(port, Arc::new(reply), None, None)
    }

    /// Starts a server that breaks its first connections and accepts the spans of the others.
    pub(crate) fn breaking(connections: usize, kind: BrokenConnection) -> Self {
        Self::listen_at(ReservedPort::new(), Arc::new(|_| Reply::Ok), None, Some((connections, kind)))
    }

    fn start(reply: impl Fn(usize) -> Reply + Send + Sync + 'static, tls: Option<TlsAcceptor>) -> Self {
        Self::listen_at(ReservedPort::new(), Arc::new(reply), tls, None)
    }

    fn listen_at(
        port: ReservedPort,
        reply: Replies,
        tls: Option<TlsAcceptor>,
        broken: Option<(usize, BrokenConnection)>,
    ) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(async { port.0.listen(1_024).unwrap() });
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let scheme = if tls.is_some() { "https" } else { "http" };
        runtime.spawn(listen(listener, reply, Arc::clone(&received), tls, broken));
        Self { address, scheme, received, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.address.port())
    }

    /// Returns all requests so far.
    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        self.received.lock().unwrap().clone()
    }

    /// Returns the number of spans received.
    pub(crate) fn span_count(&self) -> usize {
        self.requests().iter().map(|request| request.span_names().len()).sum()
    }

    /// Returns a builder of setups that send to it, without environment variables.
    pub(crate) fn setup_builder(&self) -> SetupBuilder {
        setup::builder().environment(Environment::default()).service_name("desk").endpoint(self.url())
    }
}

/// A port of loopback that no other test gets. Connections to it are refused until a server listens.
pub(crate) struct ReservedPort(TcpSocket);

impl ReservedPort {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self(socket)
    }

    pub(crate) fn number(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }
}

/// Returns a port without a listener.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts and ends so many spans.
pub(crate) fn make_spans(setup: &Setup, count: usize) {
    let tracer = setup.provider().tracer("test");
    for _ in 0..count {
        tracer.start("test.span").end();
    }
}

/// Waits until an attempt has failed. Returns its error and the spans that wait to be sent again.
pub(crate) fn wait_for_failed_attempt(setup: &Setup) -> FailedSpans {
    let begun = Instant::now();
    loop {
        let report = setup.report();
        if let Some(retried) = &report.destinations()[0].retried {
            return retried.clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "no attempt has failed: {report}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

type ReplyBody = BoxBody<Bytes, Infallible>;
type Replies = Arc<dyn Fn(usize) -> Reply + Send + Sync>;

async fn listen(
    listener: TcpListener,
    reply: Replies,
    received: Arc<Mutex<Vec<ReceivedRequest>>>,
    tls: Option<TlsAcceptor>,
    broken: Option<(usize, BrokenConnection)>,
) {
    let (mut left_to_break, kind) = broken.unwrap_or((0, BrokenConnection::Reset));
    while let Ok((stream, _)) = listener.accept().await {
        if left_to_break > 0 {
            left_to_break -= 1;
            tokio::spawn(break_connection(stream, kind));
            continue;
        }
        let (reply, received, tls) = (Arc::clone(&reply), Arc::clone(&received), tls.clone());
        tokio::spawn(async move {
            let service =
                service_fn(move |request| reply_to(request, Arc::clone(&reply), Arc::clone(&received)));
            serve(stream, tls, service).await;
        });
    }
}

async fn break_connection(mut stream: TcpStream, kind: BrokenConnection) {
    match kind {
        BrokenConnection::Reset => stream.set_zero_linger().unwrap(),
        BrokenConnection::GoAway => {
            const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
            const GO_AWAY: &[u8] = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";
            let _ = stream.write_all(&[SETTINGS, GO_AWAY].concat()).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        BrokenConnection::Garbage => {
            let _ = stream.write_all(b"\x15\x03\x01\0\x02\x02\x28garbage\r\n\r\n").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn serve<S, F>(stream: TcpStream, tls: Option<TlsAcceptor>, service: S)
where
    S: hyper::service::Service<
            Request<Incoming>,
            Response = Response<ReplyBody>,
            Error = std::io::Error,
            Future = F,
        >,
    F: Future<Output = Result<Response<ReplyBody>, std::io::Error>> + Send + 'static,
{
    let builder = auto::Builder::new(TokioExecutor::new());
    // A client that disconnects is not an error of the server.
    let _ = match tls {
        None => builder.serve_connection(TokioIo::new(stream), service).await,
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => builder.serve_connection(TokioIo::new(stream), service).await,
            Err(_) => Ok(()),
        },
    };
}

async fn reply_to(
    request: Request<Incoming>,
    reply: Replies,
    received: Arc<Mutex<Vec<ReceivedRequest>>>,
) -> Result<Response<ReplyBody>, std::io::Error> {
    let (parts, body) = request.into_parts();
    let is_grpc = parts.headers.get("content-type").is_some_and(|value| value == "application/grpc");
    let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let number = {
        let mut received = received.lock().unwrap();
        received.push(ReceivedRequest { parts, body });
        received.len() - 1
    };
    let plain = |status: u16, headers: &[(&str, &str)]| {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(Full::default().boxed()).unwrap()
    };
    Ok(match reply(number) {
        Reply::Ok if is_grpc => grpc_success(&ExportTraceServiceResponse::default()),
        Reply::Ok => plain(200, &[]),
        Reply::PartialSuccess(rejected_spans, message) => {
            let partial_success =
                Some(ExportTracePartialSuccess { rejected_spans, error_message: message.to_owned() });
            let response = ExportTraceServiceResponse { partial_success };
            if is_grpc {
                grpc_success(&response)
            } else {
                Response::new(Full::from(response.encode_to_vec()).boxed())
            }
        }
        Reply::Status(status, headers) => plain(status, headers),
        Reply::RetryAfter(status, wait) => plain(status, &[("retry-after", &wait)]),
        Reply::Body(content_type, body) => {
            Response::builder().header("content-type", content_type).body(Full::from(body).boxed()).unwrap()
        }
        Reply::Grpc(code, message) => plain(
            200,
            &[
                ("content-type", "application/grpc"),
                ("grpc-status", &code.to_string()),
                ("grpc-message", message),
            ],
        ),
        Reply::Break => return Err(std::io::Error::other("broken on purpose")),
        Reply::Hang => std::future::pending().await,
    })
}

/// Returns a success of gRPC: the message behind its compressed flag and its length, then the status as a trailer.
fn grpc_success(response: &ExportTraceServiceResponse) -> Response<ReplyBody> {
    let message = response.encode_to_vec();
    let length = u32::try_from(message.len()).unwrap();
    let body = Full::from([&[0][..], &length.to_be_bytes(), &message].concat());
    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static("0"))]);
    Response::builder()
        .header("content-type", "application/grpc")
        .body(body.with_trailers(ready(Some(Ok(trailers)))).boxed())
        .unwrap()
}
