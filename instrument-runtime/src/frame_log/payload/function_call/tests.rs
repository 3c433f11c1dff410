//! JSON of adapters, and errors of any JSON type.

use super::{FunctionCallPayload, JsonText};
use crate::engine::frame::{FunctionCallResult, Json};

struct AdapterJson(&'static str);

impl Json for AdapterJson {
    fn to_text(&self) -> String {
        self.0.to_owned()
    }

    fn error_text(&self) -> Option<String> {
        None
    }
}

#[test]
fn json_of_an_adapter_never_breaks_a_line() {
    for (text, written) in [
        (r#"{"a":1}"#, r#"{"a":1}"#),
        ("{\n  \"a\": 1\n}", r#"{"a":1}"#),
        ("{oops\n", r#""{oops\n""#),
        ("", r#""""#),
    ] {
        let json = JsonText::of(&AdapterJson(text));
        assert_eq!(serde_json::to_string(&json).unwrap(), written);
    }
}

#[test]
fn a_result_is_final_unless_marked_otherwise() {
    for (line, is_final) in [
        (r#"{"is_final":false}"#, false),
        (r#"{"is_final":true}"#, true),
        (r#"{"is_final":null}"#, true),
        ("{}", true),
    ] {
        let call: FunctionCallPayload = serde_json::from_str(line).unwrap();
        assert_eq!(FunctionCallResult::from(&call).is_final, is_final, "{line}");
    }
}

#[test]
fn only_an_intermediate_result_is_marked() {
    let result =
        |is_final| FunctionCallResult { name: "", tool_call_id: "1", result: None, error: None, is_final };
    let line = |is_final| serde_json::to_string(&FunctionCallPayload::from(result(is_final))).unwrap();
    assert_eq!(line(false), r#"{"tool_call_id":"1","is_final":false}"#);
    assert_eq!(line(true), r#"{"tool_call_id":"1"}"#);
}

#[test]
fn an_error_may_be_any_json() {
    for (line, error) in [
        (r#"{"error":"boom"}"#, Some("boom")),
        (r#"{"error":{"code":7}}"#, Some(r#"{"code":7}"#)),
        (r#"{"error":null}"#, None),
        ("{}", None),
    ] {
        let call: FunctionCallPayload = serde_json::from_str(line).unwrap();
        assert_eq!(FunctionCallResult::from(&call).error, error, "{line}");
    }
}
