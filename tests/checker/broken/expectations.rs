//! Something is expected in a way of its own, or cannot be read.

use serde_json::{Value, json};

use super::{Expected, Outcome, RECORDING, Trace};
use crate::expected_json;

/// What is wrong if `edit` is done to what is expected.
fn after(edit: impl FnOnce(&mut Value)) -> Outcome<Vec<String>> {
    let mut trace = Trace::of(RECORDING)?;
    trace.expected = edited(edit)?;
    Ok(trace.wrong())
}

fn edited(edit: impl FnOnce(&mut Value)) -> Outcome<Expected> {
    let mut file = expected_json(RECORDING)?;
    edit(&mut file);
    Expected::read(file)
}

/// Why what is expected cannot be read once `edit` is done to it.
fn refusal(edit: impl FnOnce(&mut Value)) -> Option<String> {
    edited(edit).err().map(|error| error.to_string())
}

/// The spans expected in turn 1, whose second and fourth are of language models.
fn spans(file: &mut Value) -> &mut Vec<Value> {
    file["turns"][0]["spans"].as_array_mut().expect("turn 1 has spans")
}

#[test]
fn only_spans_of_one_tie_may_change_places() -> Outcome<()> {
    let swapped = after(|file| spans(file).swap(1, 3))?;
    assert!(!swapped.is_empty(), "the two are told apart by their order");

    let tied = after(|file| {
        spans(file).swap(1, 3);
        spans(file)[1]["tie"] = "a".into();
        spans(file)[3]["tie"] = "a".into();
    })?;
    assert_eq!(tied, [""; 0]);
    Ok(())
}

#[test]
fn an_attribute_of_the_session_is_on_every_span() -> Outcome<()> {
    let expecting = |matcher: Value| {
        after(|file| file["session_attributes"] = json!({"openinference.span.kind": matcher}))
    };
    assert_eq!(expecting(json!({"in": ["LLM", "TOOL", "CHAIN"]}))?, [""; 0]);
    assert_eq!(expecting(json!("LLM"))?, ["file: openinference.span.kind on every span"]);
    Ok(())
}

#[test]
fn a_parent_that_is_referred_to_and_not_there() -> Outcome<()> {
    let wrong = after(|file| spans(file)[2]["parent"] = "L7".into())?;
    assert_eq!(wrong, ["turn 1 tool 1: parent"]);
    Ok(())
}

/// Else a misspelled expectation would never be checked.
#[test]
fn what_is_not_understood_is_refused() {
    assert_eq!(
        refusal(|file| spans(file)[1]["outptu"] = "x".into()).as_deref(),
        Some("turn 1 llm 1: `outptu` is nothing that is checked")
    );
    assert_eq!(
        refusal(|file| spans(file)[1]["output"] = json!({"startswith": "x"})).as_deref(),
        Some(r#"the matcher {"startswith":"x"} is unknown"#)
    );
    assert_eq!(
        refusal(|file| spans(file)[1]["min_ms"] = "soon".into()).as_deref(),
        Some(r#"turn 1 llm 1: `min_ms` is "soon", not a number"#)
    );
    assert_eq!(
        refusal(|file| spans(file)[1]["kind"] = "vad".into()).as_deref(),
        Some(r#"turn 1: "vad" is no kind of span"#)
    );
    assert_eq!(
        refusal(|file| file["turns"][0]["number"] = Value::Null).as_deref(),
        Some("a turn: `number` is null, not a whole number")
    );
}
