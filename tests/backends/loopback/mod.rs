//! A server on loopback that keeps what it is sent and answers as it is told.

mod received;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use pipecat_instrument::opentelemetry::trace::{Span as _, Tracer, TracerProvider};
use pipecat_instrument::setup::{self, Environment, Setup, SetupBuilder};
use prost::Message;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

pub(crate) use received::Received;

/// What the server answers.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// It takes the spans.
    Ok,
    /// It takes all but so many, and says why.
    Partly(i64, &'static str),
    /// A status of HTTP, and headers.
    Status(u16, &'static [(&'static str, &'static str)]),
    /// A code of gRPC.
    Grpc(u16),
    /// Nothing, ever.
    Never,
}

/// A server on loopback. It speaks HTTP/1.1 and HTTP/2, whichever it hears.
pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    received: Arc<Mutex<Vec<Received>>>,
    _runtime: Runtime,
}

impl Server {
    /// One that gives the same answer each time.
    pub(crate) fn answering(reply: Reply) -> Self {
        Self::with(move |_| reply.clone())
    }

    /// One whose answer depends on how many requests came before.
    pub(crate) fn with(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(reply, None)
    }

    /// One that speaks TLS.
    pub(crate) fn secure(acceptor: TlsAcceptor) -> Self {
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

    /// Every request so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// How many spans it was sent.
    pub(crate) fn spans(&self) -> usize {
        self.received().iter().map(|request| request.span_names().len()).sum()
    }

    /// What sends to it, with nothing in the environment.
    pub(crate) fn setup(&self) -> SetupBuilder {
        setup::builder().environment(Environment::default()).service_name("desk").endpoint(self.url())
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Makes so many spans.
pub(crate) fn spans(setup: &Setup, count: usize) {
    let tracer = setup.provider().tracer("test");
    for _ in 0..count {
        tracer.start("test.span").end();
    }
}

type Replies = Arc<dyn Fn(usize) -> Reply + Send + Sync>;

async fn listen(
    listener: TcpListener,
    reply: Replies,
    received: Arc<Mutex<Vec<Received>>>,
    tls: Option<TlsAcceptor>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (reply, received, tls) = (Arc::clone(&reply), Arc::clone(&received), tls.clone());
        tokio::spawn(async move {
            let answer =
                service_fn(move |request| answer(request, Arc::clone(&reply), Arc::clone(&received)));
            serve(stream, tls, answer).await;
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
    // A client that goes away is no failure of the server.
    let _ = match tls {
        None => builder.serve_connection(TokioIo::new(stream), service).await,
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => builder.serve_connection(TokioIo::new(stream), service).await,
            Err(_) => Ok(()),
        },
    };
}

async fn answer(
    request: Request<Incoming>,
    reply: Replies,
    received: Arc<Mutex<Vec<Received>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let number = {
        let mut received = received.lock().unwrap();
        received.push(Received { parts, body });
        received.len() - 1
    };
    Ok(match reply(number) {
        Reply::Ok => Response::new(Full::default()),
        Reply::Partly(rejected_spans, message) => {
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
        Reply::Never => std::future::pending().await,
    })
}
