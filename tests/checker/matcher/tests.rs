//! What each matcher takes, and what it does not.

use serde_json::{Value, json};

use super::Matcher;
use crate::checker::Outcome;

/// Whether what is expected, as JSON, takes a value.
fn takes(expected: &Value, got: Option<&Value>) -> Outcome<bool> {
    Ok(Matcher::read(expected.clone())?.matches(got))
}

#[test]
fn what_a_matcher_takes() -> Outcome<()> {
    let cases = [
        (json!("a"), json!("a"), json!("b")),
        (json!(1), json!(1.0), json!(2)),
        (json!(1), json!(1), json!(true)),
        (json!(0.25), json!(0.250_000_1), json!(0.251)),
        (json!(true), json!(true), json!(1)),
        (json!(null), json!(""), json!("null")),
        (json!(["user", null]), json!(["user", ""]), json!(["user"])),
        (json!({"present": true}), json!(0), json!("")),
        (json!({"falsy": true}), json!(false), json!("")),
        (json!({"any_of": ["a", {"min": 2}]}), json!(3), json!("b")),
        (json!({"in": [1, 2]}), json!(2.0), json!(3)),
        (json!({"json": {"a": 1, "b": 2}}), json!(r#"{"b": 2, "a": 1.0}"#), json!(r#"{"a":1}"#)),
        (json!({"json": "a"}), json!(r#""a""#), json!("a")),
        (json!({"json_contains": {"a": 1}}), json!(r#"{"a":1,"b":2}"#), json!(r#"{"b":2}"#)),
        (json!({"contains": "b"}), json!("abc"), json!(["b"])),
        (json!({"min": 1, "max": 2}), json!(2), json!(2.001)),
        (json!({"max": 2}), json!(-7), json!("1")),
        (json!({"min": 0}), json!(0), json!(false)),
    ];
    for (expected, right, wrong) in cases {
        assert!(takes(&expected, Some(&right))?, "{expected} takes {right}");
        assert!(!takes(&expected, Some(&wrong))?, "{expected} does not take {wrong}");
    }
    Ok(())
}

#[test]
fn which_matchers_take_what_is_not_there() -> Outcome<()> {
    for expected in [json!(null), json!({"absent": true}), json!({"falsy": true}), json!({"in": [1, null]})] {
        assert!(takes(&expected, None)?, "{expected} takes nothing");
    }
    for expected in [json!(""), json!({"present": true}), json!({"json": null}), json!({"min": 0})] {
        assert!(!takes(&expected, None)?, "{expected} does not take nothing");
    }
    assert!(!takes(&json!({"absent": true}), Some(&json!("")))?, "what is empty is not absent");
    Ok(())
}
