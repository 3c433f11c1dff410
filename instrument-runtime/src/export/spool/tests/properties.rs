//! Any sequence of events, against a model.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;

use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::{prop_assert, prop_assert_eq};

use super::super::SpooledRequest;
use super::{Spool, TestDirectory, URL, append_evicting};

/// A step of a process, or its death.
#[derive(Debug, Clone)]
enum Step {
    Append(Vec<u8>, u8),
    /// Sends the oldest request.
    Deliver,
    /// The backend does not answer.
    Retry,
    /// The process dies while it writes a request, of which so many bytes arrive on the disk.
    DieWriting(Vec<u8>, u16),
    Restart,
    /// A byte of the newest file changes on the disk.
    Damage(u16, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let request = || proptest::collection::vec(any::<u8>(), 0..120);
    let step = prop_oneof![
        4 => (request(), 1_u8..9).prop_map(|(request, spans)| Step::Append(request, spans)),
        2 => proptest::strategy::Just(Step::Deliver),
        1 => proptest::strategy::Just(Step::Retry),
        1 => (request(), any::<u16>()).prop_map(|(request, kept)| Step::DieWriting(request, kept)),
        1 => proptest::strategy::Just(Step::Restart),
        1 => (any::<u16>(), 1_u8..).prop_map(|(index, change)| Step::Damage(index, change)),
    ];
    proptest::collection::vec(step, 1..40)
}

/// A spool under test, and what it must contain.
struct Model {
    directory: TestDirectory,
    spool: Spool,
    /// The undamaged requests, by the path of their file.
    waiting: BTreeMap<PathBuf, (Vec<u8>, u64)>,
    appended: u64,
    delivered: u64,
    /// Evicted or damaged.
    lost: u64,
}

impl Model {
    const MAX_BYTES: u64 = 600;

    fn new() -> Self {
        let directory = TestDirectory::new();
        let spool = directory.spool_for(URL, Self::MAX_BYTES);
        Self { directory, spool, waiting: BTreeMap::new(), appended: 0, delivered: 0, lost: 0 }
    }

    fn append(&mut self, request: Vec<u8>, spans: u64) {
        let evicted = append_evicting(&mut self.spool, &request, spans);
        self.appended += spans;
        self.lost += evicted.this + evicted.other;
        let files = self.directory.files();
        self.waiting.insert(files.last().unwrap().clone(), (request, spans));
        self.waiting.retain(|path, _| files.contains(path));
    }

    fn restart(&mut self) {
        self.spool = self.directory.spool_for(URL, Self::MAX_BYTES);
    }

    fn take(&mut self) -> Option<SpooledRequest> {
        // What was left in the spool is listed again.
        self.spool.found.clear();
        let taken = self.spool.take();
        self.lost += taken.damaged.this + taken.damaged.other;
        taken.request
    }

    /// Sends the oldest request, and expects it to be the oldest undamaged one. Returns whether there was one.
    fn deliver(&mut self) -> bool {
        let request = self.take();
        let found = request.as_ref().map(|request| (request.bytes().to_vec(), request.spans()));
        assert_eq!(found, self.waiting.pop_first().map(|(_, request)| request));
        let Some(request) = request else { return false };
        self.delivered += request.spans();
        request.remove().unwrap();
        true
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Append(request, spans) => self.append(request, spans.into()),
            Step::Deliver => drop(self.deliver()),
            Step::Retry => drop(self.take()),
            Step::DieWriting(request, kept) => {
                self.append(request, 1);
                let (path, _) = self.waiting.pop_last().unwrap();
                let file = File::options().write(true).open(&path).unwrap();
                let length = file.metadata().unwrap().len();
                file.set_len(1 + u64::from(kept) % (length - 1)).unwrap();
                self.restart();
            }
            Step::Restart => self.restart(),
            Step::Damage(index, change) => {
                let Some((path, _)) = self.waiting.pop_last() else { return };
                let mut bytes = fs::read(&path).unwrap();
                let index = usize::from(index) % bytes.len();
                bytes[index] ^= change;
                fs::write(&path, bytes).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens: what was written completely is taken once and in order, unless it was evicted or damaged; each
    /// span is counted once; the directory never exceeds its limit.
    #[test]
    fn requests_survive_deaths_and_damage(steps in steps()) {
        let mut model = Model::new();
        for step in steps {
            model.run(step);
            prop_assert!(model.directory.bytes() <= Model::MAX_BYTES);
        }
        while model.deliver() {}
        prop_assert_eq!(model.appended, model.delivered + model.lost);
        prop_assert!(model.directory.files().is_empty());
    }
}
