//! Special and unreadable expectations.

use serde_json::{Value, json};

use super::{Expected, Outcome, RECORDING, Trace};
use crate::expected_json;

/// Returns the names of the facts that are wrong after `edit` changed the expectations.
fn wrong_after(edit: impl FnOnce(&mut Value)) -> Outcome<Vec<String>> {
    let mut trace = Trace::replay(RECORDING)?;
    trace.expected = edited(edit)?;
    Ok(trace.wrong())
}

fn edited(edit: impl FnOnce(&mut Value)) -> Outcome<Expected> {
    let mut file = expected_json(RECORDING)?;
    edit(&mut file);
    Expected::read(file)
}

/// Returns the error of reading expectations that `edit` changed.
fn read_error(edit: impl FnOnce(&mut Value)) -> Option<String> {
    edited(edit).err().map(|error| error.to_string())
}

/// Returns the expected spans of turn 1. The second and fourth are LLM spans.
fn spans(file: &mut Value) -> &mut Vec<Value> {
    file["turns"][0]["spans"].as_array_mut().expect("turn 1 has spans")
}

#[test]
fn only_spans_of_one_tie_may_change_positions() -> Outcome<()> {
    let swapped = wrong_after(|file| spans(file).swap(1, 3))?;
    assert!(!swapped.is_empty(), "their order matters");

    let tied = wrong_after(|file| {
        spans(file).swap(1, 3);
        spans(file)[1]["tie"] = "a".into();
        spans(file)[3]["tie"] = "a".into();
    })?;
    assert_eq!(tied, [""; 0]);
    Ok(())
}

#[test]
fn session_attributes_are_expected_on_every_span() -> Outcome<()> {
    let expecting = |matcher: Value| {
        wrong_after(|file| file["session_attributes"] = json!({"openinference.span.kind": matcher}))
    };
    assert_eq!(expecting(json!({"in": ["LLM", "TOOL", "CHAIN"]}))?, [""; 0]);
    assert_eq!(expecting(json!("LLM"))?, ["file: openinference.span.kind on every span"]);
    Ok(())
}

#[test]
fn an_unknown_parent_reference_is_wrong() -> Outcome<()> {
    let wrong = wrong_after(|file| spans(file)[2]["parent"] = "L7".into())?;
    assert_eq!(wrong, ["turn 1 tool 1: parent"]);
    Ok(())
}

/// A misspelled expectation would otherwise never be checked.
#[test]
fn unknown_expectations_are_errors() {
    assert_eq!(
        read_error(|file| spans(file)[1]["outptu"] = "x".into()).as_deref(),
        Some("turn 1 llm 1: `outptu` is not a known field")
    );
    assert_eq!(
        read_error(|file| spans(file)[1]["output"] = json!({"startswith": "x"})).as_deref(),
        Some(r#"the matcher {"startswith":"x"} is unknown"#)
    );
    assert_eq!(
        read_error(|file| spans(file)[1]["min_ms"] = "soon".into()).as_deref(),
        Some(r#"turn 1 llm 1: `min_ms` is "soon", not a number"#)
    );
    assert_eq!(
        read_error(|file| spans(file)[1]["kind"] = "vad".into()).as_deref(),
        Some(r#"turn 1: "vad" is not a kind of span"#)
    );
    assert_eq!(
        read_error(|file| file["turns"][0]["number"] = Value::Null).as_deref(),
        Some("a turn: `number` is null, not an integer")
    );
}
