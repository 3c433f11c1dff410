//! Whose metric is this: the service's whose name it bears, on the span that it measures.

use super::super::services::ServiceIndex;
use super::super::{Conversation, Phase};
use crate::engine::frame::{Measurement, Metric, MetricList, ProcessorRef, Role};

impl Conversation {
    /// Metrics that come from another than the service they name say nothing: a pipeline's source sends zeros for
    /// all at the start.
    pub(in super::super) fn is_measured(&mut self, source: ProcessorRef<'_>, metrics: &dyn MetricList) {
        let index = self.services.index_of(source);
        let cancelled = self.phase == Phase::Cancelled;
        metrics.for_each(&mut |metric| {
            if metric.processor != source.name() {
                return;
            }
            self.services[index].habits.reports_times |= metric.value.is_time();
            match self.services[index].role {
                Role::Stt if cancelled => self.cancelled_utterance_is_measured(&metric),
                Role::Stt => {
                    if let Some(utterance) = &mut self.utterance {
                        utterance.add_metric(&metric);
                    }
                }
                Role::Llm => self.model_is_measured(index, &metric),
                Role::Tts => self.synthesis_is_measured(index, &metric),
                _ => {}
            }
        });
    }

    /// An utterance whose words had not come when the cancel did was open then.
    fn cancelled_utterance_is_measured(&mut self, metric: &Metric<'_>) {
        let newest = self.held.back_mut().and_then(|turn| turn.utterances.last_mut());
        if let Some(utterance) = newest.filter(|utterance| !utterance.has_final()) {
            utterance.add_last_metric(metric);
        }
    }

    fn model_is_measured(&mut self, llm: ServiceIndex, metric: &Metric<'_>) {
        let cancelled = self.phase == Phase::Cancelled;
        let may_be_early = self.speaks_by_itself(llm) && !cancelled;
        match self.measured_call(llm) {
            Some(call) if call.is_under_way() || !may_be_early => {
                if !cancelled || call.is_open() {
                    call.add_metric(metric);
                }
            }
            late => {
                if let Some(call) = late {
                    call.add_metric(metric);
                }
                self.keep_early_ttfb(llm, metric);
            }
        }
    }

    /// Characters that are paid for with no synthesis under way belong to the next one, and so do those that come when
    /// all text that was announced has been paid for; but those of a synthesis that was cut and never stopped are its
    /// own.
    fn synthesis_is_measured(&mut self, tts: ServiceIndex, metric: &Metric<'_>) {
        let cancelled = self.phase == Phase::Cancelled;
        let replies = self.replies;
        let newest = self.newest_synthesis(tts, None);
        let Measurement::TtsCharacters(characters) = metric.value else {
            if let Some(synthesis) = newest.filter(|synthesis| !cancelled || !synthesis.has_stopped()) {
                synthesis.add_metric(metric);
            }
            return;
        };
        let own = newest.filter(|synthesis| {
            (synthesis.is_under_way() && !synthesis.is_paid_for())
                || (synthesis.was_left_open() && (synthesis.reply == replies || cancelled))
        });
        match own {
            Some(synthesis) => synthesis.add_characters(characters),
            None if cancelled => {}
            None => self.charge_later(tts, characters),
        }
    }

    fn charge_later(&mut self, tts: ServiceIndex, characters: u64) {
        match self.pending_characters.iter_mut().find(|(of, _)| *of == tts) {
            Some((_, pending)) => *pending = pending.saturating_add(characters),
            None => self.pending_characters.push((tts, characters)),
        }
    }

    pub(in super::super) fn take_pending_characters(&mut self, tts: ServiceIndex) -> Option<u64> {
        let index = self.pending_characters.iter().position(|(of, _)| *of == tts)?;
        Some(self.pending_characters.remove(index).1)
    }

    /// The turn ends: what no synthesis came for belongs to its last one.
    pub(in super::super) fn charge_pending_characters(&mut self) {
        let Some(turn) = &mut self.turn else { return };
        self.pending_characters.retain(|&(tts, characters)| {
            let last = turn.syntheses.iter_mut().rev().find(|synthesis| synthesis.service == tts);
            last.is_none_or(|synthesis| {
                synthesis.add_characters(characters);
                false
            })
        });
    }
}
