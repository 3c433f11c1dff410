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
        let json = JsonText::of(&AdapterJson(text)).unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), written);
    }
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
