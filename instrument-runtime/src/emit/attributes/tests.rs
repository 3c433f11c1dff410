use super::{Attributes, clash};
use crate::emit::test_records::text;

#[test]
fn keys_clash_when_one_is_the_other_or_a_dotted_prefix_of_it() {
    for (one, other, clashing) in [
        ("input.value", "input.value", true),
        ("input", "input.value", true),
        ("input.value", "input", true),
        ("llm.token_count.prompt", "llm.token_count.prompt_details.audio", false),
        ("tool.name", "tool_call.id", false),
        ("a.b", "a.c", false),
        ("", "a", false),
    ] {
        assert_eq!(clash(one, other), clashing, "{one} and {other}");
    }
}

#[test]
fn the_first_value_of_a_key_stays_and_the_last_keys_are_left_out() {
    let mut attributes = Attributes::with_limit(2);
    attributes.put_other("a", "first");
    attributes.put_other("a", "second");
    attributes.put_other("a.b", "blanked");
    attributes.put_other("c", "fits");
    attributes.put_other("d", "too much");
    assert_eq!(attributes.room(), 0);
    assert_eq!(text(&attributes.into_vec()), "a = first\nc = fits\n");
}

#[test]
fn a_family_looks_out_for_those_who_came_before_it() {
    let mut attributes = Attributes::with_limit(9);
    attributes.put_other("tools.1.name", "mine");
    let mut family = attributes.family("tools");
    family.put("tools.0.name", "clock");
    family.put("tools.1.name", "door");
    assert_eq!(text(&attributes.into_vec()), "tools.1.name = mine\ntools.0.name = clock\n");
}

#[test]
fn a_key_of_ours_gives_way_to_one_that_was_there_before() {
    let mut attributes = Attributes::with_limit(9);
    attributes.put("input.value", "ours");
    attributes.put("input.value", "ours again");
    attributes.put_other("output", "mine");
    attributes.put("output.value", "blanked");
    attributes.put("tool.name", "clock");
    assert_eq!(text(&attributes.into_vec()), "input.value = ours\noutput = mine\ntool.name = clock\n");
}
