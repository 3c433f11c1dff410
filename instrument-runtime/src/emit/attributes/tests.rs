use opentelemetry::{Array, KeyValue, Value};

use super::{Attributes, conflict, truncate_values};
use crate::emit::test_records::text;
use crate::privacy::{Privacy, TraceConfig};

#[test]
fn keys_conflict_if_equal_or_a_dotted_prefix() {
    for (one, other, clashing) in [
        ("input.value", "input.value", true),
        ("input", "input.value", true),
        ("input.value", "input", true),
        ("llm.token_count.prompt", "llm.token_count.prompt_details.audio", false),
        ("tool.name", "tool_call.id", false),
        ("a.b", "a.c", false),
        ("", "a", false),
    ] {
        assert_eq!(conflict(one, other), clashing, "{one} and {other}");
    }
}

#[test]
fn first_value_wins_and_keys_over_the_limit_are_dropped() {
    let mut attributes = Attributes::with_limit(2);
    attributes.put_foreign("a", "first");
    attributes.put_foreign("a", "second");
    attributes.put_foreign("a.b", "blanked");
    attributes.put_foreign("c", "fits");
    attributes.put_foreign("d", "too much");
    assert_eq!(attributes.remaining(), 0);
    assert_eq!(text(&attributes.into_vec()), "a = first\nc = fits\n");
}

#[test]
fn a_family_skips_keys_that_are_already_present() {
    let mut attributes = Attributes::with_limit(9);
    attributes.put_foreign("tools.1.name", "mine");
    let mut family = attributes.family("tools");
    family.put("tools.0.name", "clock");
    family.put("tools.1.name", "door");
    assert_eq!(text(&attributes.into_vec()), "tools.1.name = mine\ntools.0.name = clock\n");
}

#[test]
fn table_keys_give_way_to_earlier_foreign_keys() {
    let mut attributes = Attributes::with_limit(9);
    attributes.put("input.value", "ours");
    attributes.put("input.value", "ours again");
    attributes.put_foreign("output", "mine");
    attributes.put("output.value", "blanked");
    attributes.put("tool.name", "clock");
    assert_eq!(text(&attributes.into_vec()), "input.value = ours\noutput = mine\ntool.name = clock\n");
}

#[test]
fn truncation_applies_to_each_text_and_nothing_else() {
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
