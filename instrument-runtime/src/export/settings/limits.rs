//! How much a span carries: `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` and its like.

use super::Overrides;
use crate::export::env_reader::Reader;

/// The specification's 128 attributes are the messages of some forty exchanges: an hour of talk has hundreds.
const ATTRIBUTES: u32 = 1024;
const OTHERS: u32 = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::export) struct Limits {
    /// Of a span. What is written of messages is measured to fit into it.
    pub(in crate::export) attributes: u32,
    pub(in crate::export) events: u32,
    pub(in crate::export) links: u32,
    pub(in crate::export) attributes_of_event: u32,
    pub(in crate::export) attributes_of_link: u32,
    /// Of a text, in characters.
    pub(in crate::export) value_length: Option<usize>,
}

pub(super) fn read(said: &Overrides, reader: &mut Reader<'_>) -> Limits {
    let mut first = |variables: &[&'static str], example: &str| {
        variables.iter().find_map(|variable| reader.number(variable, 0_u32, example))
    };
    let attributes =
        first(&["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"], "attributes, as 1024");
    let length = first(
        &["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"],
        "characters, as 8000",
    );
    Limits {
        attributes: said.attribute_limit.or(attributes).unwrap_or(ATTRIBUTES),
        events: first(&["OTEL_SPAN_EVENT_COUNT_LIMIT"], "events, as 128").unwrap_or(OTHERS),
        links: first(&["OTEL_SPAN_LINK_COUNT_LIMIT"], "links, as 128").unwrap_or(OTHERS),
        attributes_of_event: first(&["OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"], "attributes, as 128")
            .unwrap_or(OTHERS),
        attributes_of_link: first(&["OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"], "attributes, as 128")
            .unwrap_or(OTHERS),
        value_length: length.and_then(|length| usize::try_from(length).ok()),
    }
}
