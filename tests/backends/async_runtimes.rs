//! Setups inside async runtimes and without one: no panics and no hangs.

use pipecat_instrument::setup::{Protocol, SetupBuilder};

use crate::loopback::{LIMIT, Reply, Server, make_spans};

/// Builds a setup, checks it, makes spans and shuts down.
fn use_setup(protocol: Protocol) {
    let server = Server::replying(Reply::Ok);
    let setup = server.setup_builder().protocol(protocol).build().unwrap();
    setup.check().unwrap();
    make_spans(&setup, 3);
    let flushed = setup.flush();
    let report = setup.shutdown(LIMIT);
    assert_eq!(flushed, report);
    assert!(report.is_complete(), "{report}");
}

/// Drops a setup with queued spans.
fn drop_setup(builder: SetupBuilder) {
    let setup = builder.build().unwrap();
    make_spans(&setup, 3);
    drop(setup);
}

fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn a_setup_works_without_a_runtime() {
    use_setup(Protocol::HttpProtobuf);
    use_setup(Protocol::Grpc);
}

#[test]
fn dropping_a_setup_in_async_code_sends_queued_spans() {
    for runtime in [current_thread(), multi_thread()] {
        for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
            let server = Server::replying(Reply::Ok);
            let builder = server.setup_builder().protocol(protocol);
            runtime.block_on(async move { drop_setup(builder) });
            assert_arrived(&server);

            let server = Server::replying(Reply::Ok);
            let builder = server.setup_builder().protocol(protocol);
            runtime.block_on(async move { tokio::spawn(async move { drop_setup(builder) }).await.unwrap() });
            assert_arrived(&server);
        }
    }
}

/// Calls directly from async code, without `spawn_blocking`.
#[test]
fn check_flush_and_shutdown_in_async_code_do_not_panic() {
    for runtime in [current_thread(), multi_thread()] {
        for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
            let server = Server::replying(Reply::Ok);
            let builder = server.setup_builder().protocol(protocol);
            let report = runtime.block_on(async move {
                let setup = builder.build().unwrap();
                let _ = setup.check();
                make_spans(&setup, 3);
                let _ = setup.flush();
                setup.shutdown(LIMIT)
            });
            assert_eq!(report.destinations()[0].queued, 0, "{report}");
            assert_arrived(&server);
        }
    }
}

fn assert_arrived(server: &Server) {
    let names: Vec<String> =
        server.requests().iter().flat_map(crate::loopback::ReceivedRequest::span_names).collect();
    assert_eq!(names.iter().filter(|name| *name == "test.span").count(), 3);
}
