//! The warnings of a test.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// A subscriber that collects the messages of warnings.
#[derive(Clone, Default)]
pub struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    /// Returns the warnings of all threads of this process, from the first call on.
    pub fn of_process() -> Self {
        static ALL: OnceLock<Warnings> = OnceLock::new();
        let start = || {
            let all = Self::default();
            tracing::subscriber::set_global_default(all.clone()).expect("no other subscriber is global");
            all
        };
        ALL.get_or_init(start).clone()
    }

    pub fn messages(&self) -> Vec<String> {
        self.0.lock().expect("no thread panics while it warns").clone()
    }

    /// Returns the number of warnings with both texts.
    pub fn count(&self, subject: &str, problem: &str) -> usize {
        let is_meant = |message: &&String| message.contains(subject) && message.contains(problem);
        self.messages().iter().filter(is_meant).count()
    }
}

impl Visit for Warnings {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0.lock().expect("no thread panics while it warns").push(format!("{value:?}"));
        }
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
