//! Function calls, and JSON as somebody else holds it.

/// JSON as its framework holds it, turned into text only by the hop that needs it.
///
/// Implemented for `serde_json::Value`, and for a string slice that holds JSON text.
pub trait Json {
    /// Compact JSON text, keys in source order.
    fn to_text(&self) -> String;

    /// The text of the field `error` of an object, where there is one that is not empty.
    fn error_text(&self) -> Option<String>;
}

/// A function call that a language model asked for.
#[derive(Clone, Copy)]
pub struct FunctionCall<'a> {
    /// The function.
    pub name: &'a str,
    /// Which call of it.
    pub tool_call_id: &'a str,
    /// What it is called with.
    pub arguments: Option<&'a dyn Json>,
}

/// What a function call came to.
#[derive(Clone, Copy)]
pub struct FunctionCallResult<'a> {
    /// The function.
    pub name: &'a str,
    /// Which call of it.
    pub tool_call_id: &'a str,
    /// What it returned.
    pub result: Option<&'a dyn Json>,
    /// What went wrong, where the frame says so itself.
    pub error: Option<&'a str>,
}

/// The calls of a `FunctionCallsStartedFrame`, wherever its framework keeps them.
pub trait FunctionCallList {
    /// Calls `visit` with each call, in order.
    fn for_each(&self, visit: &mut dyn FnMut(FunctionCall<'_>));
}

impl FunctionCallList for [FunctionCall<'_>] {
    fn for_each(&self, visit: &mut dyn FnMut(FunctionCall<'_>)) {
        for call in self {
            visit(*call);
        }
    }
}

impl FunctionCallList for Vec<FunctionCall<'_>> {
    fn for_each(&self, visit: &mut dyn FnMut(FunctionCall<'_>)) {
        self.as_slice().for_each(visit);
    }
}

impl<const N: usize> FunctionCallList for [FunctionCall<'_>; N] {
    fn for_each(&self, visit: &mut dyn FnMut(FunctionCall<'_>)) {
        self.as_slice().for_each(visit);
    }
}
