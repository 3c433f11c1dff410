//! Checks the pages of the repository: links have targets, and the README stays short.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The README fits into a few screens; everything else is in `docs/`.
const MAX_README_LINES: usize = 250;

/// Where rustdoc links to the pages of this repository.
const PAGES_URL: &str = "https://github.com/pipecat-instrument/pipecat-instrument/blob/main/";

#[test]
fn relative_links_lead_to_files_and_headings() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            if !target.exists() || !(anchor.is_empty() || anchors(&target).contains(anchor)) {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

#[test]
fn rustdoc_links_to_pages_lead_to_headings() {
    let (mut broken, mut count) = (Vec::new(), 0);
    for source in sources() {
        let text = fs::read_to_string(&source).unwrap();
        for (at, _) in text.match_indices(PAGES_URL) {
            let link: String = text[at + PAGES_URL.len()..]
                .chars()
                .take_while(|character| character.is_alphanumeric() || "/._-#".contains(*character))
                .collect();
            let link = link.trim_end_matches('.');
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = root().join(file);
            count += 1;
            if !target.exists() || !(anchor.is_empty() || anchors(&target).contains(anchor)) {
                broken.push(format!("{}: {link}", source.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
    assert!(count > 0, "rustdoc links to docs/spans.md");
}

#[test]
fn readme_is_short_and_hides_no_line() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let lines = readme.lines().count();
    assert!(lines < MAX_README_LINES, "README.md has {lines} lines: move some to docs/");
    for code in readme.split("```rust").skip(1) {
        let code = code.split("\n```").next().unwrap();
        let hidden = code.lines().find(|line| line.starts_with("# ") || *line == "#");
        assert_eq!(hidden, None, "GitHub shows the lines that rustdoc hides");
    }
}

#[test]
fn every_page_is_in_the_index() {
    let index = fs::read_to_string(root().join("docs/README.md")).unwrap();
    for page in files_in("docs", "md") {
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(name == "README.md" || links(&index).any(|link| link == name), "docs/README.md lacks {name}");
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let mut pages = files_in("docs", "md");
    let others = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benches/README.md"];
    pages.extend(others.iter().map(|page| root().join(page)));
    pages
}

fn sources() -> Vec<PathBuf> {
    let crates = ["src", "instrument-cli", "instrument-flowcat", "instrument-macros"];
    let others = ["instrument-runtime", "instrument-rustvani"];
    crates.iter().chain(&others).flat_map(|folder| files_in(folder, "rs")).collect()
}

/// The files with an extension under a folder of the repository.
fn files_in(folder: &str, extension: &str) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![root().join(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|of_file| of_file == extension) {
                files.push(path);
            }
        }
    }
    files
}

/// The targets of inline Markdown links, outside code blocks.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.split("](").skip(1)).filter_map(|rest| rest.split(')').next())
}

/// The anchors that GitHub gives to the headings of a page.
fn anchors(page: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(page).unwrap_or_default();
    let prose: String = text.split("\n```").step_by(2).collect();
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept =
                heading.chars().filter(|character| character.is_alphanumeric() || " -_".contains(*character));
            kept.map(|character| if character == ' ' { '-' } else { character }).collect()
        })
        .collect()
}
