//! The spool: spans that could not be sent arrive later, in this process or in the next one, and only once.

use std::collections::VecDeque;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use pipecat_instrument::opentelemetry::trace::{Span as _, Tracer, TracerProvider};
use pipecat_instrument::setup::{
    self, DestinationReport, Environment, ExportError, Protocol, Setup, SetupBuilder,
};

use crate::loopback::{ReceivedRequest, Reply, Server, free_port};

const MIB: u64 = 1 << 20;
const LIMIT: Duration = Duration::from_secs(60);
/// The time of a shutdown while the backend is away.
const SHORT: Duration = Duration::from_millis(400);

/// A backend that is away at first, and can be switched between replies.
///
/// While it is away, connections are refused, so that no request of that time arrives later.
struct Backend {
    port: u16,
    server: OnceLock<Server>,
    /// The replies to the next requests. The last one is repeated.
    replies: Arc<Mutex<VecDeque<Reply>>>,
    /// The numbers of the requests that were answered with success.
    accepted: Arc<Mutex<Vec<usize>>>,
}

impl Backend {
    fn away() -> Self {
        Self { port: free_port(), server: OnceLock::new(), replies: Arc::default(), accepted: Arc::default() }
    }

    fn replying(reply: Reply) -> Self {
        let backend = Self::away();
        backend.reply(reply);
        backend
    }

    /// Starts it if it is away, and sets the reply to all requests.
    fn reply(&self, reply: Reply) {
        self.reply_in_turn([reply]);
    }

    /// Starts it if it is away, and sets the replies to the next requests. The last one is repeated.
    fn reply_in_turn(&self, replies: impl IntoIterator<Item = Reply>) {
        *self.replies.lock().unwrap() = replies.into_iter().collect();
        self.server.get_or_init(|| {
            let (replies, accepted) = (Arc::clone(&self.replies), Arc::clone(&self.accepted));
            Server::replying_by_number_at(self.port, move |number| {
                let mut replies = replies.lock().unwrap();
                let reply = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
                let reply = reply.unwrap();
                if matches!(reply, Reply::Ok) {
                    accepted.lock().unwrap().push(number);
                }
                reply
            })
        });
    }

    fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    fn builder(&self, directory: &TestDirectory) -> SetupBuilder {
        let builder = setup::builder().environment(Environment::default()).service_name("desk");
        builder.endpoint(self.url()).spool(&directory.0, 64 * MIB)
    }

    fn requests(&self) -> Vec<ReceivedRequest> {
        self.server.get().map(Server::requests).unwrap_or_default()
    }

    /// Returns the numbers in the names of the accepted spans, in order.
    fn spans(&self) -> Vec<usize> {
        let requests = self.requests();
        let accepted = self.accepted.lock().unwrap();
        let names = accepted.iter().flat_map(|number| requests[*number].span_names());
        let mut numbers: Vec<usize> = names.map(|name| name.parse().unwrap()).collect();
        numbers.sort_unstable();
        numbers
    }
}

/// A directory of its own, removed at the end.
struct TestDirectory(PathBuf);

impl TestDirectory {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("spool-{}-{number}", std::process::id());
        Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    fn files(&self) -> Vec<PathBuf> {
        fn files(folder: &Path) -> Vec<PathBuf> {
            let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
            entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
        }
        files(&self.0)
    }
}

impl Drop for TestDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Ends a span for each number, which is its name.
fn make_spans(setup: &Setup, numbers: Range<usize>) {
    let tracer = setup.provider().tracer("test");
    numbers.for_each(|number| tracer.start(number.to_string()).end());
}

fn report_of(setup: &Setup) -> DestinationReport {
    setup.report().destinations()[0].clone()
}

fn shut_down(setup: &Setup, timeout: Duration) -> DestinationReport {
    setup.shutdown(timeout).destinations()[0].clone()
}

/// Waits until the report is as expected, and checks that it counts `received` spans.
fn wait_until(setup: &Setup, received: u64, is_reached: impl Fn(&DestinationReport) -> bool) {
    let start = Instant::now();
    loop {
        let report = report_of(setup);
        assert_eq!(count(&report), received, "{report}");
        if is_reached(&report) {
            return;
        }
        assert!(start.elapsed() < LIMIT, "{report}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Returns the sum of all outcomes.
fn count(report: &DestinationReport) -> u64 {
    let failed: u64 = report.failed.iter().map(|failed| failed.spans).sum();
    report.queued + report.exported + failed + report.dropped + report.late + report.spooled
}

fn numbers(range: Range<usize>) -> Vec<usize> {
    range.collect()
}

#[test]
fn spans_left_at_a_shutdown_arrive_after_the_next_start() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    let setup = backend.builder(&directory).build().unwrap();
    make_spans(&setup, 0..1_300);
    let report = shut_down(&setup, SHORT);
    assert_eq!((report.spooled, count(&report), report.is_complete()), (1_300, 1_300, false), "{report}");
    let text = format!("0 spans exported; 1300 wait in {}, to be sent later", directory.0.display());
    assert!(report.to_string().ends_with(&text), "{report}");

    backend.reply(Reply::Ok);
    let setup = backend.builder(&directory).build().unwrap();
    make_spans(&setup, 1_300..1_305);
    let report = shut_down(&setup, LIMIT);
    assert_eq!((report.exported, report.recovered, report.is_complete()), (5, 1_300, true), "{report}");
    assert_eq!(backend.spans(), numbers(0..1_305));
    assert_eq!(directory.files(), [""; 0].map(PathBuf::from));
}

#[test]
fn spans_arrive_after_the_next_start_without_any_new_ones() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    let setup = backend.builder(&directory).build().unwrap();
    make_spans(&setup, 0..10);
    assert_eq!(shut_down(&setup, SHORT).spooled, 10);
    backend.reply(Reply::Ok);
    let setup = backend.builder(&directory).build().unwrap();
    wait_until(&setup, 0, |report| report.recovered == 10);
    assert_eq!(backend.spans(), numbers(0..10));
}

#[test]
fn dropping_a_setup_spools_within_its_five_seconds() {
    let (directory, backend) = (TestDirectory::new(), Backend::replying(Reply::Hang));
    let setup = backend.builder(&directory).build().unwrap();
    make_spans(&setup, 0..10);
    let begun = Instant::now();
    drop(setup);
    assert!(begun.elapsed() < Duration::from_millis(5_900), "{:?}", begun.elapsed());
    backend.reply(Reply::Ok);
    let report = shut_down(&backend.builder(&directory).build().unwrap(), LIMIT);
    assert_eq!((report.recovered, backend.spans()), (10, numbers(0..10)), "{report}");
}

#[test]
fn a_shutdown_without_time_spools_what_is_left() {
    let (directory, backend) = (TestDirectory::new(), Backend::replying(Reply::Hang));
    let setup = backend.builder(&directory).build().unwrap();
    make_spans(&setup, 0..2_000);
    let report = shut_down(&setup, Duration::ZERO);
    assert_eq!((report.spooled, count(&report)), (2_000, 2_000), "{report}");
}

#[test]
fn a_full_queue_is_spooled_and_sent_once_the_backend_is_back() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    let setup = backend.builder(&directory).max_queue_spans(50).max_batch_spans(20).build().unwrap();
    make_spans(&setup, 0..1_000);
    wait_until(&setup, 1_000, |report| report.queued <= 50);
    let report = report_of(&setup);
    assert_eq!((report.spooled, report.dropped), (1_000 - report.queued, 0), "{report}");
    backend.reply(Reply::Ok);
    wait_until(&setup, 1_000, |report| report.exported == 1_000);
    assert_eq!(backend.spans(), numbers(0..1_000));
    let report = shut_down(&setup, LIMIT);
    assert_eq!((report.exported, report.recovered, report.is_complete()), (1_000, 0, true), "{report}");
}

#[test]
fn grpc_requests_are_spooled_and_sent_too() {
    let directory = TestDirectory::new();
    let backend = Backend::away();
    let builder = || backend.builder(&directory).protocol(Protocol::Grpc);
    let setup = builder().build().unwrap();
    make_spans(&setup, 0..700);
    assert_eq!(shut_down(&setup, SHORT).spooled, 700);
    backend.reply(Reply::Ok);
    let report = shut_down(&builder().build().unwrap(), LIMIT);
    assert_eq!((report.recovered, backend.spans()), (700, numbers(0..700)), "{report}");
}

#[test]
fn setups_that_share_a_directory_send_each_span_once() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    for part in 0..4 {
        let setup = backend.builder(&directory).max_batch_spans(10).build().unwrap();
        make_spans(&setup, part * 100..(part + 1) * 100);
        assert_eq!(shut_down(&setup, Duration::from_millis(100)).spooled, 100);
    }
    assert_eq!(directory.files().len(), 40);
    backend.reply(Reply::Ok);
    let setups = [(); 3].map(|()| backend.builder(&directory).build().unwrap());
    let recovered: u64 = setups.into_iter().map(|setup| shut_down(&setup, LIMIT).recovered).sum();
    assert_eq!((recovered, backend.spans()), (400, numbers(0..400)));
}

/// Three processes, as it were, send at once while the backend comes and goes.
#[test]
fn every_span_arrives_once_from_a_backend_that_comes_and_goes() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    let away = |number: usize| if number % 4 == 3 { Reply::Ok } else { Reply::Status(503, &[]) };
    backend.reply_in_turn((0..200).map(away));
    let reports: Vec<DestinationReport> = thread::scope(|scope| {
        let send = |part: usize| {
            let setup = backend.builder(&directory).max_queue_spans(30).max_batch_spans(10).build().unwrap();
            make_spans(&setup, part * 500..(part + 1) * 500);
            wait_until(&setup, 500, |report| report.queued == 0);
            backend.reply(Reply::Ok);
            shut_down(&setup, LIMIT)
        };
        let senders = [0, 1, 2].map(|part| scope.spawn(move || send(part)));
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let _ = shut_down(&backend.builder(&directory).build().unwrap(), LIMIT);
    assert!(backend.spans() == numbers(0..1_500), "{reports:?}");
    assert!(reports.iter().all(|report| count(report) == 500 && report.dropped == 0), "{reports:?}");
}

#[test]
fn spans_for_another_backend_stay_in_the_spool() {
    let (directory, backend, other) = (TestDirectory::new(), Backend::away(), Backend::replying(Reply::Ok));
    let setup = backend.builder(&directory).build().unwrap();
    make_spans(&setup, 0..10);
    assert_eq!(shut_down(&setup, SHORT).spooled, 10);
    let report = shut_down(&other.builder(&directory).build().unwrap(), LIMIT);
    assert_eq!((report.recovered, other.requests().len()), (0, 0));
    backend.reply(Reply::Ok);
    assert_eq!(shut_down(&backend.builder(&directory).build().unwrap(), LIMIT).recovered, 10);
}

#[test]
fn a_refused_request_leaves_the_spool_and_is_counted() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    let setup = backend.builder(&directory).build().unwrap();
    make_spans(&setup, 0..10);
    assert_eq!(shut_down(&setup, SHORT).spooled, 10);
    backend.reply(Reply::Status(400, &[]));
    let report = shut_down(&backend.builder(&directory).build().unwrap(), LIMIT);
    assert!(
        report.to_string().contains("10 from earlier processes failed: it answered 400 Bad Request"),
        "{report}"
    );
    assert_eq!(directory.files(), [""; 0].map(PathBuf::from));
}

#[test]
fn a_request_that_is_too_large_now_is_sent_in_parts() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    let setup = backend.builder(&directory).build().unwrap();
    make_spans(&setup, 0..9);
    assert_eq!(shut_down(&setup, SHORT).spooled, 9);
    let too_large = Reply::Status(413, &[]);
    backend.reply_in_turn([too_large.clone(), too_large, Reply::Ok]);
    let report = shut_down(&backend.builder(&directory).build().unwrap(), LIMIT);
    assert_eq!((report.recovered, report.unrecovered.len()), (9, 0), "{report}");
    assert_eq!(backend.spans(), numbers(0..9));
    assert_eq!(backend.accepted.lock().unwrap().len(), 3, "a half and two quarters");
    assert_eq!(directory.files(), [""; 0].map(PathBuf::from));
}

#[test]
fn a_span_that_is_too_large_leaves_the_spool_and_is_counted() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    let setup = backend.builder(&directory).build().unwrap();
    make_spans(&setup, 0..2);
    assert_eq!(shut_down(&setup, SHORT).spooled, 2);
    backend.reply(Reply::Status(413, &[]));
    let report = shut_down(&backend.builder(&directory).build().unwrap(), LIMIT);
    assert_eq!((report.unrecovered[0].spans, report.unrecovered.len()), (2, 1), "{report}");
    assert_eq!(directory.files(), [""; 0].map(PathBuf::from));
}

#[test]
fn the_oldest_spans_of_a_full_spool_fail_and_are_counted() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    let builder = backend.builder(&directory).spool(&directory.0, 20_000);
    let setup = builder.max_batch_spans(50).build().unwrap();
    make_spans(&setup, 0..1_000);
    let report = shut_down(&setup, SHORT);
    assert_eq!((count(&report), report.dropped, report.queued), (1_000, 0, 0), "{report}");
    assert!(report.spooled >= 50, "{report}");
    assert_eq!(
        report.failed.iter().map(|failed| &failed.error).collect::<Vec<_>>(),
        [&ExportError::SpoolFull]
    );
    let bytes: u64 = directory.files().iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(bytes <= 20_000, "{bytes}");
    let spooled = usize::try_from(report.spooled).unwrap();
    backend.reply(Reply::Ok);
    let _ = shut_down(&backend.builder(&directory).build().unwrap(), LIMIT);
    assert_eq!(backend.spans(), numbers(1_000 - spooled..1_000), "the newest are kept");
}

#[test]
fn a_spool_that_cannot_be_written_loses_spans_and_says_so() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    fs::write(&directory.0, "a file").unwrap();
    let setup = backend.builder(&directory).max_queue_spans(10).build().unwrap();
    make_spans(&setup, 0..100);
    let report = shut_down(&setup, SHORT);
    fs::remove_file(&directory.0).unwrap();
    assert_eq!((count(&report), report.spooled), (100, 0), "{report}");
    let text = report.to_string();
    assert!(
        text.contains("100 failed: they could not be spooled: ")
            && text.contains("make the directory writable")
    );
}

#[test]
fn a_damaged_file_is_counted_and_the_others_arrive() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    let setup = backend.builder(&directory).max_batch_spans(10).build().unwrap();
    make_spans(&setup, 0..30);
    assert_eq!(shut_down(&setup, SHORT).spooled, 30);
    let mut files = directory.files();
    files.sort();
    let last = fs::OpenOptions::new().write(true).open(&files[2]).unwrap();
    last.set_len(last.metadata().unwrap().len() - 1).unwrap();
    backend.reply(Reply::Ok);
    let report = shut_down(&backend.builder(&directory).build().unwrap(), LIMIT);
    assert_eq!((report.recovered, backend.spans()), (20, numbers(0..20)), "{report}");
    assert_eq!((report.unrecovered[0].spans, &report.unrecovered[0].error), (10, &ExportError::SpoolDamaged));
}

#[test]
fn no_secret_is_written_to_the_spool() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    let endpoint = format!("{}/v1/traces?key=hush", backend.url());
    let builder = backend.builder(&directory).endpoint(endpoint).header("authorization", "Bearer hush");
    let setup = builder.build().unwrap();
    make_spans(&setup, 0..10);
    assert_eq!(shut_down(&setup, SHORT).spooled, 10);
    let files = directory.files();
    assert_eq!(files.len(), 1);
    for file in files {
        assert!(!file.to_string_lossy().contains("hush"));
        assert!(!fs::read(file).unwrap().windows(4).any(|bytes| bytes == b"hush"));
    }
}

/// The process that [`a_request_that_cannot_be_divided_on_disk_is_counted_once`] starts.
#[cfg(unix)]
#[test]
fn process_on_a_full_disk() {
    let (Ok(directory), Ok(url)) = (std::env::var(DIRECTORY), std::env::var(URL)) else { return };
    let builder = setup::builder().environment(Environment::default()).endpoint(url).spool(directory, MIB);
    let report = shut_down(&builder.build().unwrap(), Duration::from_secs(5));
    println!("\nreport: {report}");
}

/// The limit of a file's size fails the writes of the halves, as a full disk does.
#[cfg(unix)]
#[test]
fn a_request_that_cannot_be_divided_on_disk_is_counted_once() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    let setup = backend.builder(&directory).build().unwrap();
    make_spans(&setup, 0..100);
    assert_eq!(shut_down(&setup, SHORT).spooled, 100);
    backend.reply(Reply::Status(413, &[]));
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "spool::process_on_a_full_disk", "--nocapture"])
        .env(DIRECTORY, &directory.0)
        .env(URL, backend.url())
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.contains("; 100 from earlier processes failed: they could not be spooled: "), "{output}");
    assert_eq!(backend.requests().len(), 1);
    assert_eq!(directory.files(), [""; 0].map(PathBuf::from));
}

const DIRECTORY: &str = "PIPECAT_TEST_SPOOL_DIRECTORY";
const URL: &str = "PIPECAT_TEST_SPOOL_URL";

/// The process that [`spooled_spans_of_an_aborted_process_arrive`] starts.
#[test]
fn aborting_process() {
    let (Ok(directory), Ok(url)) = (std::env::var(DIRECTORY), std::env::var(URL)) else { return };
    let builder = setup::builder()
        .environment(Environment::default())
        .endpoint(url)
        .spool(directory, MIB)
        .max_queue_spans(20);
    let setup = builder.build().unwrap();
    make_spans(&setup, 0..100);
    wait_until(&setup, 100, |report| report.queued <= 20);
    std::process::abort();
}

#[test]
fn spooled_spans_of_an_aborted_process_arrive() {
    let (directory, backend) = (TestDirectory::new(), Backend::away());
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "spool::aborting_process"])
        .env(DIRECTORY, &directory.0)
        .env(URL, backend.url())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
    backend.reply(Reply::Ok);
    let report = shut_down(&backend.builder(&directory).build().unwrap(), LIMIT);
    let recovered = usize::try_from(report.recovered).unwrap();
    assert!(recovered >= 80, "those in memory are lost: {report}");
    assert_eq!(backend.spans(), numbers(0..recovered));
}
