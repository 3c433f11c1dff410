//! A server on loopback that keeps its requests and sends prepared replies.

use std::convert::Infallible;
use std::future::Future;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use pipecat_instrument::opentelemetry::trace::{Span as _, Tracer, TracerProvider};
use pipecat_instrument::setup::{self, Environment, Setup, SetupBuilder};
use prost::Message;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// A reply of the server.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Accepts the spans.
    Ok,
    /// Accepts all but so many, with a message.
    PartialSuccess(i64, &'static str),
    /// A status of HTTP with headers.
    Status(u16, &'static [(&'static str, &'static str)]),
    /// A status code of gRPC.
    Grpc(u16),
    /// No reply.
    Hang,
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

    fn start(reply: impl Fn(usize) -> Reply + Send + Sync + 'static, tls: Option<TlsAcceptor>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let scheme = if tls.is_some() { "https" } else { "http" };
        runtime.spawn(listen(listener, Arc::new(reply), Arc::clone(&received), tls));
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

type Replies = Arc<dyn Fn(usize) -> Reply + Send + Sync>;

async fn listen(
    listener: TcpListener,
    reply: Replies,
    received: Arc<Mutex<Vec<ReceivedRequest>>>,
    tls: Option<TlsAcceptor>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (reply, received, tls) = (Arc::clone(&reply), Arc::clone(&received), tls.clone());
        tokio::spawn(async move {
            let service =
                service_fn(move |request| reply_to(request, Arc::clone(&reply), Arc::clone(&received)));
            serve(stream, tls, service).await;
        });
    }
}

async fn serve<S, F>(stream: TcpStream, tls: Option<TlsAcceptor>, service: S)
where
    S: hyper::service::Service<
            Request<Incoming>,
            Response = Response<Full<Bytes>>,
            Error = Infallible,
            Future = F,
        >,
    F: Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send + 'static,
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
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let number = {
        let mut received = received.lock().unwrap();
        received.push(ReceivedRequest { parts, body });
        received.len() - 1
    };
    Ok(match reply(number) {
        Reply::Ok => Response::new(Full::default()),
        Reply::PartialSuccess(rejected_spans, message) => {
            let partial_success =
                Some(ExportTracePartialSuccess { rejected_spans, error_message: message.to_owned() });
            Response::new(Full::from(ExportTraceServiceResponse { partial_success }.encode_to_vec()))
        }
        Reply::Status(status, headers) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(*name, *value);
            }
            response.body(Full::default()).unwrap()
        }
        Reply::Grpc(code) => Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", code.to_string())
            .body(Full::default())
            .unwrap(),
        Reply::Hang => std::future::pending().await,
    })
}
