//! Any async runtime, and none: nothing panics, nothing hangs.

use std::time::Duration;

use pipecat_instrument::setup::{ExportError, Protocol, SetupBuilder};

use crate::loopback::{Reply, Server, spans};

const LIMIT: Duration = Duration::from_secs(60);

/// Sets up, checks, makes spans and shuts down, against a server that takes spans over HTTP, and for gRPC one that says in
/// its way that it does not: that is an answer too.
fn go_through_it(protocol: Protocol) {
    let reply = match protocol {
        Protocol::HttpProtobuf => Reply::Ok,
        _ => Reply::Grpc(16),
    };
    let server = Server::answering(reply);
    let setup = server.setup().protocol(protocol).build().unwrap();
    let checked = setup.check();
    spans(&setup, 3);
    let flushed = setup.flush();
    let report = setup.shutdown(LIMIT);
    assert_eq!(flushed, report);
    match protocol {
        Protocol::HttpProtobuf => {
            checked.unwrap();
            assert!(report.is_complete(), "{report}");
        }
        _ => {
            assert!(matches!(checked.unwrap_err().error, ExportError::Unauthorized(_)));
            assert!(report.to_string().contains("3 failed"), "{report}");
        }
    }
}

/// Leaves with spans that wait, and drops all of it where it is.
fn drop_it(builder: SetupBuilder) {
    let setup = builder.build().unwrap();
    spans(&setup, 3);
    drop(setup);
}

fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn it_works_without_a_runtime() {
    go_through_it(Protocol::HttpProtobuf);
    go_through_it(Protocol::Grpc);
}

#[test]
fn dropping_it_in_async_code_sends_what_waits() {
    for runtime in [current_thread(), multi_thread()] {
        for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
            let server = Server::answering(Reply::Ok);
            let builder = server.setup().protocol(protocol);
            runtime.block_on(async move { drop_it(builder) });
            assert_arrived(&server, protocol);

            let server = Server::answering(Reply::Ok);
            let builder = server.setup().protocol(protocol);
            runtime.block_on(async move { tokio::spawn(async move { drop_it(builder) }).await.unwrap() });
            assert_arrived(&server, protocol);
        }
    }
}

/// What is done in async code itself, with no `spawn_blocking` around it.
#[test]
fn checking_flushing_and_shutting_down_in_async_code_block_but_do_not_panic() {
    for runtime in [current_thread(), multi_thread()] {
        for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
            let server = Server::answering(Reply::Ok);
            let builder = server.setup().protocol(protocol);
            let report = runtime.block_on(async move {
                let setup = builder.build().unwrap();
                let _ = setup.check();
                spans(&setup, 3);
                let _ = setup.flush();
                setup.shutdown(LIMIT)
            });
            assert_eq!(report.destinations()[0].queued, 0, "{report}");
            assert_arrived(&server, protocol);
        }
    }
}

fn assert_arrived(server: &Server, protocol: Protocol) {
    // By gRPC, this server gets all of it but does not answer as it should; it may be asked again.
    let names: Vec<String> =
        server.received().iter().flat_map(crate::loopback::Received::span_names).collect();
    let arrived = names.iter().filter(|name| *name == "test.span").count();
    match protocol {
        Protocol::HttpProtobuf => assert_eq!(arrived, 3),
        _ => assert!(arrived >= 3, "{names:?}"),
    }
}
