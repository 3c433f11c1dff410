//! Values that are too long.

use std::borrow::Cow;

use opentelemetry::{Array, KeyValue, StringValue, Value};

use crate::privacy::Privacy;

/// Cuts what is longer than `privacy` lets out. A list is cut text by text.
pub(super) fn truncate_values(attributes: &mut [KeyValue], privacy: &Privacy) {
    if privacy.max_value_length().is_none() {
        return;
    }
    for attribute in attributes {
        match &mut attribute.value {
            Value::String(text) => cut(text, privacy),
            Value::Array(Array::String(texts)) => texts.iter_mut().for_each(|text| cut(text, privacy)),
            _ => {}
        }
    }
}

fn cut(text: &mut StringValue, privacy: &Privacy) {
    let left = match privacy.truncate(text.as_str()) {
        Cow::Owned(cut) => cut,
        Cow::Borrowed(same) if same.len() == text.as_str().len() => return,
        Cow::Borrowed(beginning) => beginning.to_owned(),
    };
    *text = left.into();
}

#[cfg(test)]
mod tests {
    use opentelemetry::{Array, KeyValue, Value};

    use super::truncate_values;
    use crate::privacy::{Privacy, TraceConfig};

    #[test]
    fn texts_are_cut_one_by_one_and_nothing_else_is() {
        let stops = Array::String(vec!["END".into(), "the end of it all".into()]);
        let mut attributes = [
            KeyValue::new("long", "Grüße aus Köln, und bis bald"),
            KeyValue::new("short", "Grüße"),
            KeyValue::new("number", 1_234_567_890_123_456_789),
            KeyValue::new("list", Value::Array(stops)),
        ];
        truncate_values(&mut attributes, &Privacy::new(TraceConfig::default().max_value_length(15)));
        let values = attributes.map(|attribute| attribute.value.to_string());
        let list = "[\"END\",\"the … [13 more]\"]";
        assert_eq!(values, ["Grüß… [24 more]", "Grüße", "1234567890123456789", list]);
    }
}
