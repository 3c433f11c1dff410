//! What `OpenObserve`'s guide to Pipecat shows, and what it takes for an output to be kept there.

use super::attributes::Attributes;
use super::service_attributes::ServiceSpan;
use super::{keys, messages};
use crate::engine::record::{LlmRecord, SpanDetails, SpanRecord};

/// How many characters of a message are written.
const MESSAGE_LENGTH: usize = 200;

/// Writes what this convention has words for.
pub(super) fn describe(record: &SpanRecord, out: &mut Attributes) {
    if let (SpanDetails::Llm(llm), Some(service)) = (&record.details, ServiceSpan::of(&record.details)) {
        put_llm(llm, &service, out);
    }
    // OpenObserve drops the output of a span without an input.
    if out.holds(keys::OUTPUT_VALUE) && !out.holds(keys::INPUT_VALUE) {
        out.put(keys::INPUT_VALUE, "");
    }
}

fn put_llm(llm: &LlmRecord, span: &ServiceSpan<'_>, out: &mut Attributes) {
    out.put(keys::OPENOBSERVE_SERVICE, span.service.class.clone());
    out.put_some(keys::OPENOBSERVE_MODEL, span.model().map(str::to_owned));
    out.put_some(keys::OPENOBSERVE_USER_MESSAGE, messages::last_of_user(llm).map(beginning));
    out.put_some(keys::OPENOBSERVE_ASSISTANT_MESSAGE, llm.text.as_deref().map(beginning));
    if let Some(usage) = &llm.usage {
        out.put_count(keys::OPENOBSERVE_PROMPT_TOKENS, Some(usage.prompt));
        out.put_count(keys::OPENOBSERVE_COMPLETION_TOKENS, Some(usage.completion));
    }
}

/// The beginning of `message`, cut between two characters.
fn beginning(message: &str) -> String {
    message.chars().take(MESSAGE_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::{MESSAGE_LENGTH, beginning};

    #[test]
    fn a_long_message_is_cut_between_two_characters() {
        assert_eq!(beginning("Where are you open?"), "Where are you open?");
        assert_eq!(beginning(&"日".repeat(MESSAGE_LENGTH)), "日".repeat(200));
        assert_eq!(beginning(&format!("{}日語", "a".repeat(199))), format!("{}日", "a".repeat(199)));
    }
}
