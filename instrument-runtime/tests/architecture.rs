//! The arrows of the house: what a line of code may touch is plain from where it lives.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// The layers from the ground up: each may use itself and those before it.
const LAYERS: [&str; 13] = [
    "engine",
    "sync",
    "json",
    "privacy",
    "emit",
    "frame_log",
    "console",
    "export",
    "observer",
    "instrumentor",
    "traced",
    "__private",
    "testing",
];

/// What the core must not touch: it has no clock, no ids of its own, no locks and no OpenTelemetry.
const NOT_IN_ENGINE: [&str; 12] = [
    "opentelemetry",
    "serde",
    "tracing",
    "uuid",
    "once_cell",
    "inventory",
    "flate2",
    "thiserror",
    "Instant",
    "SystemTime",
    "Mutex",
    "std::thread",
];

#[test]
fn arrows_point_down_only() -> Result<(), Box<dyn Error>> {
    let mut wrong = Vec::new();
    for (rank, layer) in LAYERS.iter().enumerate() {
        for file in files_of(layer)?.iter().filter(|file| !is_test(file)) {
            for (number, line) in code_of(file)? {
                for above in &LAYERS[rank + 1..] {
                    if line.contains(&format!("crate::{above}")) {
                        wrong.push(format!("{}:{number} uses {above}", file.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn the_core_is_pure() -> Result<(), Box<dyn Error>> {
    let mut wrong = Vec::new();
    for file in files_of("engine")?.iter().filter(|file| !is_test(file)) {
        for (number, line) in code_of(file)? {
            for word in NOT_IN_ENGINE.iter().filter(|word| line.contains(**word)) {
                wrong.push(format!("{}:{number} touches {word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn attribute_keys_live_in_one_place() -> Result<(), Box<dyn Error>> {
    let prefixes = [
        "llm.",
        "gen_ai.",
        "openinference.",
        "conversation.",
        "service.",
        "audio.",
        "tts.",
        "stt.",
        "tool.",
        "tools.",
        "turn.",
        "metrics.",
        "settings.",
        "langfuse.",
        "ai.",
    ];
    let mut wrong = Vec::new();
    for layer in LAYERS {
        for file in files_of(layer)? {
            if file.ends_with("emit/keys.rs")
                || file.components().any(|part| part.as_os_str() == "keys")
                || is_test(&file)
            {
                continue;
            }
            for (number, line) in code_of(&file)? {
                if prefixes.iter().any(|prefix| line.contains(&format!("\"{prefix}"))) {
                    wrong.push(format!("{}:{number} spells a key: {line}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn every_layer_has_its_place() -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(source())? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        assert!(name == "lib" || LAYERS.contains(&name.as_str()), "{name} is in no layer");
    }
    Ok(())
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files_of(layer: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files: Vec<PathBuf> = vec![source().join(format!("{layer}.rs"))];
    files.retain(|file| file.exists());
    let mut folders = vec![source().join(layer)];
    while let Some(folder) = folders.pop().filter(|folder| folder.exists()) {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { &mut folders } else { &mut files }.push(path);
        }
    }
    assert!(!files.is_empty(), "{layer} has files");
    Ok(files)
}

/// The lines of a file that are no comments, numbered.
fn code_of(file: &Path) -> Result<Vec<(usize, String)>, Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    Ok(code.map(|(index, line)| (index + 1, line.to_owned())).collect())
}

fn is_test(file: &Path) -> bool {
    file.components().any(|part| part.as_os_str().to_string_lossy().contains("tests"))
}
