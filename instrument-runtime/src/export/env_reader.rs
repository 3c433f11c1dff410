//! Reading variables as what they mean.
//!
//! OpenTelemetry's specification wants a number, a flag or a choice that cannot be read to be warned of and to count as
//! not set; what it leaves open (addresses, headers, credentials) is an error here.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::Environment;

/// A variable that cannot be read, and so counts as not set.
///
/// ```
/// use pipecat_instrument_runtime::export::{self as setup, Environment, SetupError};
///
/// let environment = Environment::from_iter([("OTEL_TRACES_EXPORTER", "none"), ("OTEL_BSP_SCHEDULE_DELAY", "soon")]);
/// let setup = setup::builder().environment(environment).build()?;
/// assert_eq!(
///     setup.warnings()[0].to_string(),
///     "OTEL_BSP_SCHEDULE_DELAY is \"soon\", and so counts as not set: set it to a number of milliseconds, as 1000"
/// );
/// # Ok::<(), SetupError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingWarning {
    variable: &'static str,
    problem: String,
}

impl SettingWarning {
    /// The variable.
    pub fn variable(&self) -> &'static str {
        self.variable
    }
}

impl fmt::Display for SettingWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.variable, self.problem)
    }
}

/// Reads variables, and keeps what there is to warn of.
pub(super) struct Reader<'a> {
    environment: &'a Environment,
    warnings: Vec<SettingWarning>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(environment: &'a Environment) -> Self {
        Self { environment, warnings: Vec::new() }
    }

    pub(super) fn into_warnings(self) -> Vec<SettingWarning> {
        self.warnings
    }

    pub(super) fn warn(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.warnings.push(SettingWarning { variable, problem: problem.into() });
    }

    /// A text as it is.
    pub(super) fn text(&mut self, variable: &'static str) -> Option<&'a str> {
        if self.environment.is_not_unicode(variable) {
            self.warn(variable, "is no Unicode text, and so counts as not set");
        }
        self.environment.get(variable)
    }

    /// `true`, or not: anything else is `false` too, but worth a warning.
    pub(super) fn flag(&mut self, variable: &'static str) -> Option<bool> {
        let text = self.text(variable)?;
        let is_true = text.eq_ignore_ascii_case("true");
        if !is_true && !text.eq_ignore_ascii_case("false") {
            self.warn(variable, format!("is {text:?}, and so counts as false: set it to true or false"));
        }
        Some(is_true)
    }

    /// A number of at least `least`.
    pub(super) fn number<T: FromStr + PartialOrd + Copy>(
        &mut self,
        variable: &'static str,
        least: T,
        example: &str,
    ) -> Option<T> {
        let text = self.text(variable)?;
        let number = text.parse().ok().filter(|number| *number >= least);
        if number.is_none() {
            self.misread(variable, text, &format!("a number of {example}"));
        }
        number
    }

    /// A number of milliseconds.
    pub(super) fn milliseconds(&mut self, variable: &'static str) -> Option<Duration> {
        self.number(variable, 1_u64, "milliseconds, as 1000").map(Duration::from_millis)
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(&mut self, variable: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(variable)?;
        let chosen = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        if chosen.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.misread(variable, text, &words.join(", "));
        }
        chosen.map(|(_, value)| *value)
    }

    pub(super) fn misread(&mut self, variable: &'static str, text: &str, right: &str) {
        self.warn(variable, format!("is {text:?}, and so counts as not set: set it to {right}"));
    }
}
