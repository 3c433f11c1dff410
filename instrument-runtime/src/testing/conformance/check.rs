//! Exported spans held against what must come of a script.

use std::time::SystemTime;

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanData;

use super::expected::{Kind, Parent, SpanFacts, TurnFacts};
use super::found::Found;
use super::plot::{Noise, Plot};
use super::report::{FailedCheck, Findings};
use super::script::Script;
use crate::emit::keys;
use crate::testing::invariants;

/// Holds the spans of one conversation against its plot.
pub(super) fn check(script: Script, plot: &Plot, session: &str, spans: &[SpanData]) -> Findings {
    let mut findings = Findings::default();
    let violations = invariants::violations(spans, session);
    findings.held += spans.len();
    findings.broken.extend(violations.into_iter().map(|violation| FailedCheck {
        script,
        place: "any span".to_owned(),
        what: "what always holds".to_owned(),
        expected: "to hold".to_owned(),
        found: violation,
    }));

    let mut turns: Vec<Found<'_>> =
        spans.iter().filter(|span| span.parent_span_id == SpanId::INVALID).map(Found).collect();
    turns.sort_by_key(|turn| turn.0.start_time);
    findings.expect(script, "the conversation", "number of turns", &plot.turns.len(), &turns.len());
    for (place, wanted) in plot.turns.iter().enumerate() {
        let name = format!("turn {}", place + 1);
        let Some(turn) = turns.get(place) else {
            findings.missing(script, &name, wanted.facts().len());
            for span in &wanted.spans {
                findings.missing(script, &format!("{name}, {}", span.kind), span.facts.len());
            }
            continue;
        };
        TurnCheck { script, name, spans, turn: *turn, wanted, noise: plot.noise }.run(&mut findings);
    }
    findings
}

struct TurnCheck<'a> {
    script: Script,
    name: String,
    spans: &'a [SpanData],
    turn: Found<'a>,
    wanted: &'a TurnFacts,
    noise: Noise,
}

impl<'a> TurnCheck<'a> {
    fn run(&self, findings: &mut Findings) {
        for fact in self.wanted.facts() {
            let broken = self.turn.breaks(&fact);
            findings.fact(self.script, &self.name, &fact, broken);
        }
        let found = self.found_of_each();
        for (span, (name, its)) in self.wanted.spans.iter().zip(&found) {
            match its {
                None => findings.missing(self.script, name, span.facts.len() + 1),
                Some(its) => self.check_span(span, name, *its, &found, findings),
            }
        }
        self.check_others(&found, findings);
        self.check_order(findings);
    }

    fn check_span(
        &self,
        wanted: &SpanFacts,
        name: &str,
        span: Found<'a>,
        all: &[(String, Option<Found<'a>>)],
        findings: &mut Findings,
    ) {
        for fact in &wanted.facts {
            findings.fact(self.script, name, fact, span.breaks(fact));
        }
        let (parent_name, parent) = match wanted.parent {
            Parent::Turn => (&self.name, Some(self.turn)),
            Parent::Span(place) => (&all[place].0, all[place].1),
        };
        let is_child = parent.is_some_and(|parent| span.0.parent_span_id == parent.0.span_context.span_id());
        let found = if is_child { parent_name.clone() } else { "another".to_owned() };
        findings.expect(self.script, name, "parent", parent_name, &found);
    }

    /// The span that each wanted one is, with its name: the nth of its kind.
    fn found_of_each(&self) -> Vec<(String, Option<Found<'a>>)> {
        let mut counts = [0; Kind::ALL.len()];
        self.wanted
            .spans
            .iter()
            .map(|wanted| {
                let count = &mut counts[wanted.kind as usize];
                let nth = *count;
                *count += 1;
                let name = format!("{}, {} {}", self.name, wanted.kind, nth + 1);
                (name, self.of_kind(wanted.kind).get(nth).copied())
            })
            .collect()
    }

    fn of_kind(&self, kind: Kind) -> Vec<Found<'a>> {
        let mut found: Vec<Found<'a>> = self.inside().filter(|span| span.kind() == Some(kind)).collect();
        found.sort_by_key(|span| span.0.start_time);
        found
    }

    /// Every span of the turn but itself, and but what nobody said.
    fn inside(&self) -> impl Iterator<Item = Found<'a>> {
        let (noise, turn) = (self.noise, self.turn.0.span_context.clone());
        self.spans
            .iter()
            .filter(move |span| {
                span.span_context.trace_id() == turn.trace_id()
                    && span.span_context.span_id() != turn.span_id()
            })
            .map(Found)
            .filter(move |span| {
                noise == Noise::None
                    || span.kind() != Some(Kind::Stt)
                    || span.text(keys::OUTPUT_VALUE).is_some()
            })
    }

    fn check_others(&self, found: &[(String, Option<Found<'a>>)], findings: &mut Findings) {
        let is_known = |span: &Found<'_>| {
            found.iter().filter_map(|(_, known)| *known).any(|known| std::ptr::eq(known.0, span.0))
        };
        let others: Vec<String> = self
            .inside()
            .filter(|span| !is_known(span))
            .map(|span| {
                let said = span.text(keys::OUTPUT_VALUE).or_else(|| span.text(keys::INPUT_VALUE));
                format!("{} ({})", span.0.name, said.unwrap_or_default())
            })
            .collect();
        let none = String::from("none");
        let others = if others.is_empty() { none.clone() } else { others.join(", ") };
        findings.expect(self.script, &self.name, "further spans", &none, &others);
    }

    /// What is heard comes before what is asked, that before what is said; a tool returns before the model goes on.
    fn check_order(&self, findings: &mut Findings) {
        let start = |span: &Found<'_>| span.0.start_time;
        let first = |kind| self.of_kind(kind).iter().map(start).min();
        let mut in_order = |earlier: Option<SystemTime>, later: Option<SystemTime>, what: &str| {
            if let (Some(earlier), Some(later)) = (earlier, later) {
                let found = if earlier <= later { "in order" } else { "the other way round" };
                findings.expect(self.script, &self.name, what, &"in order", &found);
            }
        };
        in_order(first(Kind::Stt), first(Kind::Llm), "STT before LLM");
        in_order(first(Kind::Llm), first(Kind::Tts), "LLM before TTS");
        let returned = self.of_kind(Kind::Tool).iter().map(|tool| tool.0.end_time).max();
        let asked_last = self.of_kind(Kind::Llm).iter().map(start).max();
        in_order(returned, asked_last, "tools before the answer");
    }
}
