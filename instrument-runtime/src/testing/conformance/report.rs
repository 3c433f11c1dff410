//! What the suite has found.

use std::fmt;
use std::time::Duration;

use super::expected::Fact;
use super::script::Script;

/// What came of all scripts.
#[derive(Debug, Clone)]
pub struct Report {
    pub(super) played: Vec<Script>,
    pub(super) skipped: Vec<(Script, &'static str)>,
    pub(super) findings: Findings,
    pub(super) took: Duration,
}

/// A fact that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCheck {
    /// In which script.
    pub script: Script,
    /// In which turn or span of it, as `turn 2, LLM 1`.
    pub place: String,
    /// An attribute's key, or what else it is.
    pub what: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

/// Facts that hold, and facts that do not.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings {
    pub(super) held: usize,
    pub(super) broken: Vec<FailedCheck>,
}

impl Findings {
    pub(super) fn fact(&mut self, script: Script, place: &str, fact: &Fact, broken: Option<String>) {
        match broken {
            None => self.held += 1,
            Some(found) => self.broken.push(FailedCheck {
                script,
                place: place.to_owned(),
                what: fact.what.to_string(),
                expected: fact.want.to_string(),
                found,
            }),
        }
    }

    pub(super) fn expect<T: PartialEq + fmt::Display>(
        &mut self,
        script: Script,
        place: &str,
        what: &str,
        expected: &T,
        found: &T,
    ) {
        if expected == found {
            self.held += 1;
            return;
        }
        let (place, what) = (place.to_owned(), what.to_owned());
        let (expected, found) = (expected.to_string(), found.to_string());
        self.broken.push(FailedCheck { script, place, what, expected, found });
    }

    /// Something that is not there, with all that should be said of it.
    pub(super) fn missing(&mut self, script: Script, place: &str, facts: usize) {
        self.broken.push(FailedCheck {
            script,
            place: place.to_owned(),
            what: format!("this span, of which {facts} facts should hold,"),
            expected: "there".to_owned(),
            found: "missing".to_owned(),
        });
    }

    pub(super) fn add(&mut self, other: Self) {
        self.held += other.held;
        self.broken.extend(other.broken);
    }
}

impl Report {
    /// Whether scripts were played, and every fact holds.
    pub fn passed(&self) -> bool {
        !self.played.is_empty() && self.findings.broken.is_empty()
    }

    /// Every fact that does not hold.
    pub fn failed_checks(&self) -> &[FailedCheck] {
        &self.findings.broken
    }

    /// The scripts that were played.
    pub fn played(&self) -> &[Script] {
        &self.played
    }

    /// The scripts that the framework cannot play, and why.
    pub fn skipped(&self) -> &[(Script, &'static str)] {
        &self.skipped
    }

    /// How many facts were looked at.
    pub fn checks(&self) -> usize {
        self.findings.held + self.findings.broken.len()
    }

    /// Prints the report, and ends a test in which something does not hold.
    ///
    /// # Panics
    ///
    /// If a fact does not hold, or nothing was played.
    #[track_caller]
    pub fn assert_passed(&self) {
        println!("{self}");
        assert!(self.passed(), "the adapter does not conform:\n{self}");
    }
}

impl fmt::Display for FailedCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { script, place, what, expected, found } = self;
        write!(f, "{script}: {place}: {what} should be {expected}, and is {found}")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { played, skipped, findings, took } = self;
        write!(
            f,
            "{} scripts played, {} cannot be; {} facts hold, {} do not; {:.1} s",
            played.len(),
            skipped.len(),
            findings.held,
            findings.broken.len(),
            took.as_secs_f64()
        )?;
        for (script, why) in skipped {
            write!(f, "\n  cannot be played: {script}: {why}")?;
        }
        for broken in &findings.broken {
            write!(f, "\n  {broken}")?;
        }
        Ok(())
    }
}
