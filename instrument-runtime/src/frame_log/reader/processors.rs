//! The processors of a log, as far as its lines have described them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::frame::{Processor, ProcessorRef, Role};

/// A processor at one end of a hop.
#[derive(Debug, Clone)]
pub(super) enum LoggedProcessor {
    Described(Arc<Processor>),
    /// One that has no line: its id is its name.
    Named(Box<str>),
}

impl<'a> From<&'a LoggedProcessor> for ProcessorRef<'a> {
    fn from(processor: &'a LoggedProcessor) -> Self {
        match processor {
            LoggedProcessor::Described(processor) => Self::from(&**processor),
            LoggedProcessor::Named(name) => Self::named(name),
        }
    }
}

/// All processors of a log.
#[derive(Default)]
pub(super) struct Processors {
    by_id: HashMap<String, Arc<Processor>>,
    sink: SinkName,
}

/// The name of the end of the pipeline, which the first `StartFrame` tells.
#[derive(Default)]
enum SinkName {
    #[default]
    NotYetTold,
    /// The pipeline does not begin with a processor named `…Source`.
    Untold,
    Told(String),
}

impl Processors {
    /// Takes in a processor's line.
    pub(super) fn describe(&mut self, mut processor: Processor) {
        self.mark_if_sink(&mut processor);
        self.by_id.insert(processor.id.clone(), Arc::new(processor));
    }

    /// The processor `id`.
    pub(super) fn get(&self, id: &str) -> LoggedProcessor {
        match (self.by_id.get(id), &self.sink) {
            (Some(processor), _) => LoggedProcessor::Described(Arc::clone(processor)),
            (None, SinkName::Told(sink)) if sink == id => {
                LoggedProcessor::Described(Arc::new(Processor::new(id, id, Role::Sink)))
            }
            (None, _) => LoggedProcessor::Named(id.into()),
        }
    }

    /// A `StartFrame` left `source`: if it is the first, the end of the pipeline is the one named like it.
    pub(super) fn started_from(&mut self, source: &LoggedProcessor) {
        if !matches!(self.sink, SinkName::NotYetTold) {
            return;
        }
        self.sink = match ProcessorRef::from(source).name().strip_suffix("Source") {
            Some(stem) => SinkName::Told(format!("{stem}Sink")),
            None => SinkName::Untold,
        };
        for processor in std::mem::take(&mut self.by_id).into_values() {
            self.describe(Arc::unwrap_or_clone(processor));
        }
    }

    fn mark_if_sink(&self, processor: &mut Processor) {
        let is_sink = matches!(&self.sink, SinkName::Told(sink) if *sink == processor.name);
        if is_sink && matches!(processor.role, Role::Other | Role::Unknown) {
            processor.role = Role::Sink;
        }
    }
}
