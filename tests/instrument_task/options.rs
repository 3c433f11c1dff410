//! Options of an annotation: the conversation id, attributes, the frame log, and the name under which it is listed.

use std::path::Path;
use std::time::Duration;

use opentelemetry::KeyValue;
use pipecat_instrument::{PipecatInstrumentor, instrument_task};

use crate::single_observer::{Task, speaks_once};
use crate::support::{Traced, attribute};

struct Params {
    call_id: Option<String>,
    log: Option<String>,
}

struct Calls;

impl Calls {
    #[instrument_task(conversation_id = params.call_id, attributes = [KeyValue::new("call", params.call_id.is_some())])]
    fn new(params: Params) -> Task {
        drop(params);
        Task::default()
    }

    #[instrument_task(conversation_id = params.call_id, debug_log = params.log)]
    fn logged(params: &Params) -> Task {
        let _ = params;
        Task::default()
    }

    #[instrument_task(conversation_id = "confidential", debug_log = false)]
    fn confidential() -> Task {
        Task::default()
    }

    /// The inner constructor sets the log.
    #[instrument_task]
    fn outer(params: &Params) -> Task {
        Self::logged(params)
    }
}

#[test]
fn attributes_are_on_every_span() {
    let traced = Traced::new();
    let id = speaks_once(&traced, Calls::new(Params { call_id: Some("call-44".into()), log: None }));
    assert_eq!(id, "call-44");
    for span in traced.spans() {
        assert_eq!(attribute(&span, "call").as_deref(), Some("true"));
    }
}

fn logs_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn params(call_id: &str, log: Option<String>) -> Params {
    Params { call_id: Some(call_id.to_owned()), log }
}

fn flush() {
    PipecatInstrumentor::flush_frame_logs(Duration::from_secs(60)).unwrap();
}

#[test]
fn debug_log_overrides_the_log_of_the_program() {
    let directory = std::env::temp_dir().join(format!("chosen-logs-{}", std::process::id()));
    let chosen = directory.join("chosen").join("{conversation_id}.jsonl").to_str().map(str::to_owned);

    // The program writes logs.
    let builder =
        PipecatInstrumentor::builder().debug_log(directory.join("all").join("{conversation_id}.jsonl"));
    let traced = Traced::with(builder);
    speaks_once(&traced, Calls::logged(&params("as-all", None)));
    speaks_once(&traced, Calls::logged(&params("elsewhere", chosen.clone())));
    speaks_once(&traced, Calls::confidential());
    flush();
    assert_eq!(logs_in(&directory.join("all")), ["as-all.jsonl"]);
    assert_eq!(logs_in(&directory.join("chosen")), ["elsewhere.jsonl"]);
    drop(traced);

    // The program writes no logs.
    let traced = Traced::new();
    speaks_once(&traced, Calls::logged(&params("not-logged", None)));
    speaks_once(&traced, Calls::outer(&params("chosen-again", chosen)));
    speaks_once(&traced, Calls::logged(&params("nowhere", Some("no/file/".to_owned()))));
    flush();
    assert_eq!(logs_in(&directory.join("chosen")), ["chosen-again.jsonl", "elsewhere.jsonl"]);
    std::fs::remove_dir_all(directory).unwrap();
}

struct Listed;

#[instrument_task(name = "the calls")]
impl Listed {
    #[instrument_task(task = Task)]
    fn new() -> Task {
        Task::default()
    }
}
const LINE_OF_LISTED: u32 = line!() - 7;

/// The constructor is never called: the linker registers it.
#[test]
fn annotated_types_are_listed_with_file_and_line() {
    let listed = |name: &str| -> Vec<String> {
        PipecatInstrumentor::annotated_types()
            .filter(|it| it.name() == name)
            .map(ToString::to_string)
            .collect()
    };
    let expected = format!("the calls (tests/instrument_task/options.rs:{LINE_OF_LISTED})");
    assert_eq!(listed("the calls"), std::slice::from_ref(&expected));

    let traced = Traced::new();
    speaks_once(&traced, Listed::new());
    assert_eq!(listed("the calls"), [expected], "listed once, also after a call");
}
