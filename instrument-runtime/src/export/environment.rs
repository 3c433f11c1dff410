//! The variables that a setup is read from.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

/// Variables by their names: those of this process, or any others.
///
/// A variable that is empty counts as not set, as OpenTelemetry's specification wants it. Values may be secrets, so that
/// `Debug` shows names only.
///
/// ```
/// use pipecat_instrument_runtime::export::{Environment, SetupError};
///
/// let environment = Environment::from_iter([("OTEL_TRACES_EXPORTER", "console"), ("OTEL_SERVICE_NAME", "desk")]);
/// let setup = pipecat_instrument_runtime::export::builder().environment(environment).build()?;
/// assert_eq!(setup.to_string(), "Traces of desk go to the console.");
/// # Ok::<(), SetupError>(())
/// ```
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, Value>,
}

#[derive(Clone)]
enum Value {
    Text(String),
    NotUnicode,
}

impl Environment {
    /// The variables of this process, as they are now.
    pub fn from_process() -> Self {
        let variable = |(name, value): (OsString, OsString)| {
            let value = value.into_string().map_or(Value::NotUnicode, Value::Text);
            name.into_string().ok().map(|name| (name, value))
        };
        Self { variables: std::env::vars_os().filter_map(variable).collect() }
    }

    /// The value of a variable, without the white space around it.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        match self.variables.get(name)? {
            Value::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            Value::NotUnicode => None,
        }
    }

    /// Whether a variable is set, but to no text.
    pub(super) fn is_not_unicode(&self, name: &str) -> bool {
        matches!(self.variables.get(name), Some(Value::NotUnicode))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), Value::Text(value.into())));
        Self { variables: variables.collect() }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}
