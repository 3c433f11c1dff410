//! Environment variables, read as numbers, flags and choices.
//!
//! OpenTelemetry's specification wants a number, a flag or a choice that cannot be parsed to be ignored with a warning.
//! It does not cover URLs, headers and credentials; a wrong one is an error here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Environment variables: those of this process, or any others.
///
/// An empty variable counts as not set, as in OpenTelemetry's specification. Values may be secrets, so `Debug` prints
/// only the names.
///
/// ```
/// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
/// use pipecat_instrument::setup::{self, Environment, SetupError};
///
/// let environment = Environment::from_iter([("OTEL_TRACES_EXPORTER", "console"), ("OTEL_SERVICE_NAME", "desk")]);
/// let setup = setup::builder().environment(environment).build()?;
/// assert_eq!(setup.to_string(), "Traces of desk go to the console.");
/// # Ok::<(), SetupError>(())
/// ```
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
}

impl Environment {
    /// Copies the variables of this process.
    pub fn from_process() -> Self {
        let variables = std::env::vars_os();
        Self {
            variables: variables
                .filter_map(|(name, value)| name.into_string().ok().map(|name| (name, value)))
                .collect(),
        }
    }

    /// Returns the value of a variable without the white space around it, if it is set to a Unicode text.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name)?.to_str().map(str::trim).filter(|text| !text.is_empty())
    }

    fn is_not_unicode(&self, name: &str) -> bool {
        self.variables.get(name).is_some_and(|value| value.to_str().is_none())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| {
            let value: String = value.into();
            (name.into(), value.into())
        });
        Self { variables: variables.collect() }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

/// A warning about an environment variable that is ignored, or not used as it is.
///
/// ```
/// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
/// use pipecat_instrument::setup::{self, Environment, SetupError};
///
/// let environment = Environment::from_iter([("OTEL_TRACES_EXPORTER", "none"), ("OTEL_BSP_SCHEDULE_DELAY", "soon")]);
/// let setup = setup::builder().environment(environment).build()?;
/// assert_eq!(
///     setup.warnings()[0].to_string(),
///     "OTEL_BSP_SCHEDULE_DELAY is \"soon\" and is ignored: set it to a number of milliseconds, such as 1000"
/// );
/// # Ok::<(), SetupError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingWarning {
    variable: &'static str,
    problem: String,
}

impl SettingWarning {
    /// Returns the name of the variable.
    pub fn variable(&self) -> &'static str {
        self.variable
    }
}

impl fmt::Display for SettingWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.variable, self.problem)
    }
}

/// Parses variables and collects the warnings about them.
pub(super) struct EnvReader<'a> {
    environment: &'a Environment,
    warnings: Vec<SettingWarning>,
}

impl<'a> EnvReader<'a> {
    /// Creates a reader without warnings.
    pub(super) fn new(environment: &'a Environment) -> Self {
        Self { environment, warnings: Vec::new() }
    }

    /// Returns the variables that are read.
    pub(super) fn environment(&self) -> &'a Environment {
        self.environment
    }

    /// Returns the warnings so far.
    pub(super) fn into_warnings(self) -> Vec<SettingWarning> {
        self.warnings
    }

    /// Adds a warning. `problem` continues a sentence that begins with the variable.
    pub(super) fn warn(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.warnings.push(SettingWarning { variable, problem: problem.into() });
    }

    /// Adds the warning that a variable is ignored because it is not an `expected` value.
    pub(super) fn warn_ignored(&mut self, variable: &'static str, text: &str, expected: &str) {
        self.warn(variable, format!("is {text:?} and is ignored: set it to {expected}"));
    }

    /// Returns a variable as it is.
    pub(super) fn text(&mut self, variable: &'static str) -> Option<&'a str> {
        if self.environment.is_not_unicode(variable) {
            self.warn(variable, "is not valid Unicode and is ignored");
        }
        self.environment.get(variable)
    }

    /// Returns the first of several variables that is set, with its name.
    pub(super) fn first_text(&mut self, variables: &[&'static str]) -> Option<(&'static str, &'a str)> {
        variables.iter().find_map(|variable| Some((*variable, self.text(variable)?)))
    }

    /// Parses `true` or `false`. Anything else is `false`, with a warning.
    pub(super) fn flag(&mut self, variable: &'static str) -> Option<bool> {
        let text = self.text(variable)?;
        let is_true = text.eq_ignore_ascii_case("true");
        if !is_true && !text.eq_ignore_ascii_case("false") {
            self.warn(variable, format!("is {text:?} and counts as false: set it to true or false"));
        }
        Some(is_true)
    }

    /// Parses a number of at least `min`. `example` shows its unit: `spans, such as 512`.
    pub(super) fn number<T: FromStr + PartialOrd + Copy>(
        &mut self,
        variable: &'static str,
        min: T,
        example: &str,
    ) -> Option<T> {
        let text = self.text(variable)?;
        let number = text.parse().ok().filter(|number| *number >= min);
        if number.is_none() {
            self.warn_ignored(variable, text, &format!("a number of {example}"));
        }
        number
    }

    /// Parses the first of several variables that holds a number.
    pub(super) fn first_number(&mut self, variables: &[&'static str], example: &str) -> Option<u32> {
        variables.iter().find_map(|variable| self.number(variable, 0, example))
    }

    /// Parses a number of milliseconds of at least one.
    pub(super) fn milliseconds(&mut self, variable: &'static str) -> Option<Duration> {
        self.number(variable, 1_u64, "milliseconds, such as 1000").map(Duration::from_millis)
    }

    /// Parses one of several words, whatever their case.
    pub(super) fn choice<T: Copy>(&mut self, variable: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(variable)?;
        let choice = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        if choice.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.warn_ignored(variable, text, &words.join(", "));
        }
        choice.map(|(_, value)| *value)
    }
}
