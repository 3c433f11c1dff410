//! Where the spans go: to this terminal, and to a backend if the environment names one.

use std::error::Error;
use std::io::IsTerminal;
use std::time::Duration;

use pipecat_instrument::console::{Color, SpanTree, TreeStyle};
use pipecat_instrument::setup::{self, Setup};

use super::terminal::say;
use super::turns::Turns;

/// The spans of this process.
pub(crate) struct Traces {
    setup: Setup,
    turns: Turns,
}

impl Traces {
    /// Gathers the spans of the program `name` here, and sends them to the backend that the environment names.
    pub(crate) fn of(name: &'static str) -> Result<Self, Box<dyn Error>> {
        let turns = Turns::default();
        let setup = setup::builder()
            .fallback_exporters([]) // with nothing in the environment, they go to this terminal alone
            .service_name(name)
            .span_processor(turns.clone())
            .build()?;
        let traces = Self { setup, turns };
        if traces.go_to_a_backend() {
            say(&traces.setup);
            say(traces.setup.check()?);
        }
        Ok(traces)
    }

    /// What makes spans, and what suits the backend.
    pub(crate) fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Every span so far, as trees for this terminal.
    pub(crate) fn as_trees(&self) -> String {
        let color = if std::io::stdout().is_terminal() { Color::Always } else { Color::Never };
        SpanTree::from_spans(&self.turns.spans()).render(TreeStyle { color, ..TreeStyle::default() })
    }

    /// Sends what has not been sent, and says what became of all of it.
    pub(crate) fn close(self) -> Result<(), Box<dyn Error>> {
        let goes_to_a_backend = self.go_to_a_backend();
        let report = self.setup.shutdown(Duration::from_secs(10)).complete()?;
        if goes_to_a_backend {
            say(format_args!("\n{report}"));
        }
        Ok(())
    }

    fn go_to_a_backend(&self) -> bool {
        !self.setup.report().destinations().is_empty()
    }
}
