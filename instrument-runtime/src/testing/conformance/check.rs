//! Checks exported spans against a scenario, and reports the checks that failed.

use std::fmt;
use std::time::{Duration, SystemTime};

use opentelemetry::Value;
use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::trace::SpanData;

use super::expectations::{Expected, ExpectedSpan, ExpectedTurn, Fact, Parent, Property};
use super::scenario::{EmptyUtterances, Scenario, Script};
use crate::emit::keys;
use crate::engine::record::SpanKind;
use crate::testing::exported_invariants::violations;

/// The results of all scripts of a suite.
#[derive(Debug, Clone)]
pub struct Report {
    pub(super) played: Vec<Script>,
    pub(super) skipped: Vec<(Script, &'static str)>,
    pub(super) checks: Checks,
    pub(super) duration: Duration,
}

impl Report {
    /// Returns whether at least one script was played and every check passed.
    pub fn passed(&self) -> bool {
        !self.played.is_empty() && self.checks.failed.is_empty()
    }

    /// Returns the checks that failed.
    pub fn failed_checks(&self) -> &[FailedCheck] {
        &self.checks.failed
    }

    /// Returns the scripts that were played.
    pub fn played(&self) -> &[Script] {
        &self.played
    }

    /// Returns the scripts that were skipped, each with the reason.
    pub fn skipped(&self) -> &[(Script, &'static str)] {
        &self.skipped
    }

    /// Returns the number of checks.
    pub fn checks(&self) -> usize {
        self.checks.passed + self.checks.failed.len()
    }

    /// Prints the report, and fails the test unless everything passed.
    ///
    /// # Panics
    ///
    /// Panics if a check failed or no script was played.
    #[track_caller]
    pub fn assert_passed(&self) {
        println!("{self}");
        assert!(self.passed(), "the adapter does not conform:\n{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { played, skipped, checks: Checks { passed, failed }, duration } = self;
        let (played, seconds) = (played.len(), duration.as_secs_f64());
        write!(f, "{played} scripts played, {} skipped; ", skipped.len())?;
        write!(f, "{passed} checks passed, {} failed; {seconds:.1} s", failed.len())?;
        for (script, reason) in skipped {
            write!(f, "\n  skipped: {script}: {reason}")?;
        }
        for check in failed {
            write!(f, "\n  {check}")?;
        }
        Ok(())
    }
}

/// A check that failed. `Display` prints all of it, as
/// `one turn: turn 1, LLM 1: llm.token_count.prompt: expected 100, found nothing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCheck {
    /// The script.
    pub script: Script,
    /// The turn or the span, as `turn 2, LLM 1`.
    pub location: String,
    /// The property, its expected value and the value found.
    pub message: String,
}

impl fmt::Display for FailedCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { script, location, message } = self;
        write!(f, "{script}: {location}: {message}")
    }
}

/// Passed and failed checks.
#[derive(Debug, Clone, Default)]
pub(super) struct Checks {
    pub(super) passed: usize,
    pub(super) failed: Vec<FailedCheck>,
}

impl Checks {
    pub(super) fn fail(&mut self, script: Script, location: &str, message: String) {
        self.failed.push(FailedCheck { script, location: location.to_owned(), message });
    }

    fn equal<T: PartialEq + fmt::Display + ?Sized>(
        &mut self,
        (script, location): (Script, &str),
        subject: &str,
        expected: &T,
        found: &T,
    ) {
        if expected == found {
            self.passed += 1;
        } else {
            self.fail(script, location, format!("{subject}: expected {expected}, found {found}"));
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
    }
}

/// Checks the spans of one conversation.
pub(super) fn check(script: Script, scenario: &Scenario, session: &str, spans: &[SpanData]) -> Checks {
    let mut checks = Checks { passed: spans.len(), failed: Vec::new() };
    for violation in violations(spans, session) {
        checks.fail(script, "every span", violation);
    }
    let mut turns: Vec<ExportedSpan<'_>> =
        spans.iter().filter(|span| span.parent_span_id == SpanId::INVALID).map(ExportedSpan).collect();
    turns.sort_by_key(|turn| turn.0.start_time);
    checks.equal((script, "conversation"), "number of turns", &scenario.turns.len(), &turns.len());
    for (index, expected) in scenario.turns.iter().enumerate() {
        let name = format!("turn {}", index + 1);
        let Some(&turn) = turns.get(index) else {
            checks.fail(script, &name, format!("missing span ({} checks)", expected.facts().len()));
            continue;
        };
        let empty_utterances = scenario.empty_utterances;
        TurnCheck { checks: &mut checks, script, name, spans, turn, expected, empty_utterances }.run();
    }
    checks
}

/// The check of one turn and its spans.
struct TurnCheck<'a, 'c> {
    checks: &'c mut Checks,
    script: Script,
    name: String,
    spans: &'a [SpanData],
    turn: ExportedSpan<'a>,
    expected: &'a ExpectedTurn,
    empty_utterances: EmptyUtterances,
}

impl<'a> TurnCheck<'a, '_> {
    fn run(mut self) {
        let name = self.name.clone();
        self.check_facts(&name, self.turn, &self.expected.facts());
        let matches = self.match_spans();
        for (expected, (name, span)) in self.expected.spans.iter().zip(&matches) {
            match span {
                None => {
                    let count = expected.facts.len() + 1;
                    self.checks.fail(self.script, name, format!("missing span ({count} checks)"));
                }
                Some(span) => {
                    self.check_facts(name, *span, &expected.facts);
                    self.check_parent(name, *span, expected, &matches);
                }
            }
        }
        self.check_other_spans(&matches);
        self.check_order();
    }

    fn check_facts(&mut self, location: &str, span: ExportedSpan<'_>, facts: &[Fact]) {
        for fact in facts {
            match span.check(fact) {
                Ok(()) => self.checks.passed += 1,
                Err(message) => self.checks.fail(self.script, location, message),
            }
        }
    }

    fn check_parent(
        &mut self,
        location: &str,
        span: ExportedSpan<'_>,
        expected: &ExpectedSpan,
        matches: &[(String, Option<ExportedSpan<'a>>)],
    ) {
        let (parent_name, parent) = match expected.parent {
            Parent::Turn => (self.name.as_str(), Some(self.turn)),
            Parent::Span(index) => (matches[index].0.as_str(), matches[index].1),
        };
        let is_child = parent.is_some_and(|parent| span.0.parent_span_id == parent.0.span_context.span_id());
        let found = if is_child { parent_name } else { "another span" };
        self.checks.equal((self.script, location), "parent", parent_name, found);
    }

    /// Returns for each expected span its name, and the exported span: the nth of its kind.
    fn match_spans(&self) -> Vec<(String, Option<ExportedSpan<'a>>)> {
        let expected = &self.expected.spans;
        let matches = expected.iter().enumerate().map(|(index, span)| {
            let nth = expected[..index].iter().filter(|other| other.kind == span.kind).count();
            let name = format!("{}, {} {}", self.name, kind_name(span.kind), nth + 1);
            (name, self.of_kind(span.kind).get(nth).copied())
        });
        matches.collect()
    }

    fn of_kind(&self, kind: SpanKind) -> Vec<ExportedSpan<'a>> {
        let mut spans: Vec<_> = self.descendants().filter(|span| span.kind() == Some(kind)).collect();
        spans.sort_by_key(|span| span.0.start_time);
        spans
    }

    /// Returns the spans in the turn, without empty utterances if these are allowed.
    fn descendants(&self) -> impl Iterator<Item = ExportedSpan<'a>> {
        let (empty_utterances, turn) = (self.empty_utterances, self.turn.0.span_context.clone());
        let spans = self.spans.iter().filter(move |span| {
            span.span_context.trace_id() == turn.trace_id() && span.span_context.span_id() != turn.span_id()
        });
        spans.map(ExportedSpan).filter(move |span| {
            empty_utterances == EmptyUtterances::Unexpected
                || span.kind() != Some(SpanKind::Stt)
                || span.text(keys::OUTPUT_VALUE).is_some()
        })
    }

    fn check_other_spans(&mut self, matches: &[(String, Option<ExportedSpan<'a>>)]) {
        let others: Vec<String> = self
            .descendants()
            .filter(|span| !matches.iter().any(|(_, found)| found.is_some_and(|f| std::ptr::eq(f.0, span.0))))
            .map(|span| {
                let text = span.text(keys::OUTPUT_VALUE).or_else(|| span.text(keys::INPUT_VALUE));
                format!("{} ({})", span.0.name, text.unwrap_or_default())
            })
            .collect();
        let found = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
        self.checks.equal((self.script, &self.name), "other spans", "none", &found);
    }

    /// Checks that utterance, LLM call and synthesis start in this order, and tools end before the last LLM call.
    fn check_order(&mut self) {
        let start = |span: &ExportedSpan<'_>| span.0.start_time;
        let first = |kind| self.of_kind(kind).iter().map(start).min();
        let last_tool_end = self.of_kind(SpanKind::Tool).iter().map(|tool| tool.0.end_time).max();
        let last_llm_start = self.of_kind(SpanKind::Llm).iter().map(start).max();
        let pairs: [(Option<SystemTime>, Option<SystemTime>, &str); 3] = [
            (first(SpanKind::Stt), first(SpanKind::Llm), "STT before LLM"),
            (first(SpanKind::Llm), first(SpanKind::Tts), "LLM before TTS"),
            (last_tool_end, last_llm_start, "tools before the answer"),
        ];
        for (earlier, later, order) in pairs {
            if let (Some(earlier), Some(later)) = (earlier, later) {
                let found = if earlier <= later { "in order" } else { "in reverse order" };
                self.checks.equal((self.script, &self.name), order, "in order", found);
            }
        }
    }
}

fn kind_name(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Turn => "turn",
        SpanKind::Stt => "STT",
        SpanKind::Llm => "LLM",
        SpanKind::Tts => "TTS",
        SpanKind::Tool => "tool",
    }
}

/// An exported span.
#[derive(Debug, Clone, Copy)]
pub(super) struct ExportedSpan<'a>(pub(super) &'a SpanData);

impl<'a> ExportedSpan<'a> {
    /// Returns the kind of a span within a turn.
    fn kind(self) -> Option<SpanKind> {
        match self.text(keys::SERVICE_TYPE).as_deref() {
            Some("stt") => Some(SpanKind::Stt),
            Some("llm") => Some(SpanKind::Llm),
            Some("tts") => Some(SpanKind::Tts),
            _ => self.value(keys::TOOL_NAME).map(|_| SpanKind::Tool),
        }
    }

    /// Checks a fact, and returns the message if it does not hold.
    fn check(self, Fact { property, expected }: &Fact) -> Result<(), String> {
        let found = match property {
            Property::Attribute(key) => self.text(key),
            Property::Status => Some(format!("{:?}", self.0.status)),
            Property::Exception => self.exception(),
            Property::Duration => Some(format!("{} ms", self.duration().as_millis())),
        };
        let holds = match (expected, &found) {
            (Expected::Absent, found) => found.is_none(),
            (Expected::Present, found) => found.is_some(),
            (Expected::Text(text), Some(found)) => text == found,
            (Expected::PrefixOf(text), found) => text.starts_with(found.as_deref().unwrap_or_default()),
            (Expected::Json(json), Some(found)) => is_json(found, json),
            (Expected::Number(number), Some(found)) => *found == number.to_string(),
            (Expected::Bool(value), Some(found)) => *found == value.to_string(),
            (Expected::Containing(text), Some(found)) => found.contains(text),
            (Expected::Error(message), _) => match &self.0.status {
                Status::Error { description } => description.contains(message),
                Status::Unset | Status::Ok => false,
            },
            (Expected::Ok, _) => self.0.status == Status::Ok,
            (Expected::AtLeast(duration), _) => self.duration() >= *duration,
            (Expected::LessThan(key), Some(found)) => {
                let number = |text: &str| text.parse::<f64>().ok();
                let limit = self.text(key).as_deref().and_then(number);
                number(found).zip(limit).is_some_and(|(found, limit)| found < limit)
            }
            (_, None) => false,
        };
        if holds {
            return Ok(());
        }
        let found = found.map_or_else(|| "nothing".to_owned(), |found| format!("{found:?}"));
        Err(format!("{property}: expected {expected}, found {found}"))
    }

    pub(super) fn text(self, key: &str) -> Option<String> {
        self.value(key).map(|value| value.as_str().into_owned())
    }

    fn value(self, key: &str) -> Option<&'a Value> {
        let attribute = self.0.attributes.iter().find(|attribute| attribute.key.as_str() == key);
        attribute.map(|attribute| &attribute.value)
    }

    fn exception(self) -> Option<String> {
        let mut attributes = self.0.events.iter().flat_map(|event| &event.attributes);
        let message = attributes.find(|attribute| attribute.key.as_str() == keys::EXCEPTION_MESSAGE);
        message.map(|attribute| attribute.value.as_str().into_owned())
    }

    fn duration(self) -> Duration {
        self.0.end_time.duration_since(self.0.start_time).unwrap_or_default()
    }
}

/// Whether `text` is `expected` as JSON, or a JSON string that contains it.
fn is_json(text: &str, expected: &serde_json::Value) -> bool {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::String(inner)) => {
            serde_json::from_str::<serde_json::Value>(&inner).is_ok_and(|inner| inner == *expected)
        }
        Ok(value) => value == *expected,
        Err(_) => false,
    }
}
