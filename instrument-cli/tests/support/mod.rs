//! Helpers for the tests of the command.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod browser;
pub(crate) mod call;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus/frames");

/// Returns the path of a recorded conversation.
pub(crate) fn recording(name: &str) -> PathBuf {
    let plain = Path::new(CORPUS).join(name).with_extension("jsonl");
    if plain.exists() { plain } else { plain.with_extension("jsonl.gz") }
}

/// Returns the path of a file for one test.
pub(crate) fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Runs `pipecat-trace` without the environment's privacy settings.
pub(crate) fn trace(arguments: &[&str], files: &[&Path]) -> Output {
    command(arguments, files).output().unwrap()
}

/// Prepares `pipecat-trace` without the environment's privacy settings.
pub(crate) fn command(arguments: &[&str], files: &[&Path]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipecat-trace"));
    for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("OPENINFERENCE_")) {
        command.env_remove(variable);
    }
    command.args(arguments).args(files);
    command
}

pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}
