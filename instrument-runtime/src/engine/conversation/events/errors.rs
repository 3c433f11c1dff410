//! Where an error belongs: to a tool, to a service's span, or to the turn.

use std::time::Duration;

use super::super::services::ServiceIndex;
use super::super::spans::{Fault, Tool};
use super::super::{Conversation, Moment};
use crate::engine::frame::{ErrorReport, ProcessorRef, Role};
use crate::engine::time::Time;

/// A span that ended no longer ago than this has "just closed".
const JUST_CLOSED: Duration = Duration::from_millis(10);

/// No more errors than this wait for a turn to belong to.
const MOST_PENDING: usize = 8;

impl Conversation {
    pub(in super::super) fn something_fails(
        &mut self,
        source: ProcessorRef<'_>,
        report: &ErrorReport<'_>,
        moment: &mut Moment<'_>,
    ) {
        let fault = Fault::reported(moment.now, report);
        if report.fatal
            && let Some(turn) = &mut self.turn
        {
            turn.fatal.push(fault.clone());
        }
        if let Some(tool) = self.tool_named_in(report.message) {
            tool.faults.push(fault);
            return;
        }
        let service = match report.processor {
            Some(name) => self.services.named(name),
            None => Some(self.services.index_of(source)),
        };
        let unplaced = match service {
            Some(service) => self.service_fails(service, fault, moment),
            None => Some(fault),
        };
        if let Some(fault) = unplaced {
            self.turn_has_fault(fault, moment);
        }
    }

    /// Puts the error on the span of a service; gives it back if none is open or just closed.
    fn service_fails(
        &mut self,
        service: ServiceIndex,
        fault: Fault,
        moment: &mut Moment<'_>,
    ) -> Option<Fault> {
        let now = moment.now;
        let faults = match self.services[service].role {
            Role::Stt => self
                .utterance
                .as_mut()
                .filter(|utterance| utterance.is_speech() && is_recent(utterance.ended(), now))
                .map(|utterance| &mut utterance.faults),
            Role::Llm => self
                .newest_call(service)
                .filter(|call| is_recent(call.ended(), now))
                .map(|call| &mut call.faults),
            Role::Tts => {
                let replies = self.replies;
                if self.newest_synthesis(service, None).is_none_or(|synthesis| synthesis.reply != replies) {
                    self.synthesis_that_failed(service, moment);
                }
                self.newest_synthesis(service, None)
                    .filter(|synthesis| {
                        synthesis.is_under_way()
                            || synthesis.ended().is_none()
                            || is_recent(synthesis.ended(), now)
                    })
                    .map(|synthesis| &mut synthesis.faults)
            }
            _ => None,
        };
        match faults {
            Some(faults) => {
                faults.push(fault);
                None
            }
            None => Some(fault),
        }
    }

    fn turn_has_fault(&mut self, fault: Fault, moment: &mut Moment<'_>) {
        match &mut self.turn {
            Some(turn) => {
                turn.begin(moment.spans);
                turn.faults.push(fault);
            }
            None if self.pending_faults.len() < MOST_PENDING => self.pending_faults.push(fault),
            None => {}
        }
    }

    fn tool_named_in(&mut self, message: &str) -> Option<&mut Tool> {
        self.turns_newest_first().find_map(|turn| {
            turn.tools.iter_mut().rev().find(|tool| tool.is_under_way() && tool.is_named_in(message))
        })
    }
}

/// Open, or just closed.
fn is_recent(ended: Option<Time>, now: Time) -> bool {
    ended.is_none_or(|at| now.since(at) <= JUST_CLOSED)
}
