//! The layers of the runtime: each module may use only itself and the layers below.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// The layers, lowest first.
const LAYERS: [&str; 15] = [
    "engine",
    "sync",
    "process",
    "json",
    "privacy",
    "catch_panic",
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

/// Words that must not occur in the engine, as it has no clock, ids, locks or OpenTelemetry.
const FORBIDDEN_IN_ENGINE: [&str; 12] = [
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

/// Prefixes of attribute keys.
const KEY_PREFIXES: [&str; 15] = [
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

#[test]
fn modules_use_only_lower_layers() -> Result<(), Box<dyn Error>> {
    let mut violations = Vec::new();
    for (rank, layer) in LAYERS.iter().enumerate() {
        for file in files_of(layer)?.iter().filter(|file| !is_test(file)) {
            let code: String = code_of(file)?.into_iter().map(|(_, line)| line + "\n").collect();
            let used = modules_used(&code);
            let higher = LAYERS[rank + 1..].iter().filter(|layer| used.contains(*layer));
            violations.extend(higher.map(|layer| format!("{} uses {layer}", file.display())));
        }
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    Ok(())
}

#[test]
fn modules_used_are_found_in_paths_and_in_groups() {
    let code = "use crate::emit::Emitter; use crate::{json, observer::{Clock, crate_name}, sync as s};";
    assert_eq!(modules_used(code), ["emit", "json", "observer", "sync"]);
    assert_eq!(modules_used("use crate::{\n    engine::{\n        time::Time,\n    },\n};"), ["engine"]);
    assert_eq!(modules_used("use super::Clock;"), [""; 0]);
}

#[test]
fn the_engine_is_pure() -> Result<(), Box<dyn Error>> {
    let mut violations = Vec::new();
    for file in files_of("engine")?.iter().filter(|file| !is_test(file)) {
        for (number, line) in code_of(file)? {
            let words = FORBIDDEN_IN_ENGINE.iter().filter(|word| line.contains(**word));
            violations.extend(words.map(|word| format!("{}:{number} uses {word}", file.display())));
        }
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    Ok(())
}

#[test]
fn attribute_keys_are_spelled_in_emit_keys_only() -> Result<(), Box<dyn Error>> {
    let mut violations = Vec::new();
    for layer in LAYERS {
        for file in files_of(layer)? {
            let is_keys =
                file.ends_with("emit/keys.rs") || file.components().any(|part| part.as_os_str() == "keys");
            if is_keys || is_test(&file) {
                continue;
            }
            for (number, line) in code_of(&file)? {
                if KEY_PREFIXES.iter().any(|prefix| line.contains(&format!("\"{prefix}"))) {
                    violations.push(format!("{}:{number} spells a key: {line}", file.display()));
                }
            }
        }
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    Ok(())
}

#[test]
fn every_module_is_a_layer() -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(source())? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        assert!(name == "lib" || LAYERS.contains(&name.as_str()), "{name} is in no layer");
    }
    Ok(())
}

/// Returns the top-level modules in paths that begin with `crate::`, also in groups as `crate::{emit, json::Json}`.
fn modules_used(code: &str) -> Vec<&str> {
    let mut modules = Vec::new();
    for path in code.split("crate::").skip(1) {
        let Some(group) = path.strip_prefix('{') else {
            modules.push(first_word(path));
            continue;
        };
        let (mut depth, mut is_start) = (0_u32, true);
        for (index, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => is_start = true,
                _ if is_start && !character.is_whitespace() => {
                    modules.push(first_word(&group[index..]));
                    is_start = false;
                }
                _ => {}
            }
        }
    }
    modules
}

fn first_word(path: &str) -> &str {
    path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
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
    assert!(!files.is_empty(), "{layer} has no files");
    Ok(files)
}

/// Returns the lines of a file that are not comments, with their numbers.
fn code_of(file: &Path) -> Result<Vec<(usize, String)>, Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    Ok(code.map(|(index, line)| (index + 1, line.to_owned())).collect())
}

fn is_test(file: &Path) -> bool {
    file.components().any(|part| part.as_os_str().to_string_lossy().contains("tests"))
}
