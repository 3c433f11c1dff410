//! `pipecat-trace timeline`: writes conversations as one page for a browser.
//!
//! The page consists of plain HTML, styles and scripts from `page/`, and the conversations as JSON. It loads nothing,
//! and its content security policy forbids all loading. The policy allows only this style and this script, by their
//! hashes, so markup in a transcript has no effect even if it reaches the page unescaped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::arguments::TimelineArguments;
use crate::conversation_view::{ConversationView, ViewReader};
use crate::diagnostics::ExitStatus;
use crate::output::OutputError;
use crate::source::without_later_parts;

const TEMPLATE: &str = include_str!("page/page.html");

const STYLES: [&str; 5] = [
    include_str!("page/colors.css"),
    include_str!("page/layout.css"),
    include_str!("page/lanes.css"),
    include_str!("page/text.css"),
    include_str!("page/print.css"),
];

/// The scripts in the order in which the page runs them: each uses earlier ones while it loads.
const SCRIPTS: [&str; 14] = [
    include_str!("page/format.js"),
    include_str!("page/state.js"),
    include_str!("page/lanes.js"),
    include_str!("page/overview.js"),
    include_str!("page/tip.js"),
    include_str!("page/pointer.js"),
    include_str!("page/keyboard.js"),
    include_str!("page/transcript_line.js"),
    include_str!("page/transcript.js"),
    include_str!("page/turn.js"),
    include_str!("page/table.js"),
    include_str!("page/head.js"),
    include_str!("page/theme.js"),
    include_str!("page/main.js"),
];

/// Writes a page with all readable conversations. Writes nothing if there are none.
pub(crate) fn run(arguments: &TimelineArguments) -> Result<ExitStatus, OutputError> {
    let reader = ViewReader::from_env(arguments.turn_end_timeout);
    let mut status = ExitStatus::Success;
    let calls: Vec<ConversationView> = without_later_parts(&arguments.files)
        .into_iter()
        .filter_map(|source| status.check(source, reader.read(source), |view| &view.log))
        .collect();
    if !calls.is_empty() {
        let page = render(&calls)?;
        let mut out = arguments.output.open()?;
        out.write_all(page.as_bytes())?;
        out.flush()?;
    }
    Ok(status)
}

/// The data that the page's scripts read.
#[derive(Serialize)]
struct PageData<'a> {
    calls: &'a [ConversationView],
}

/// Renders the page of `calls`.
fn render(calls: &[ConversationView]) -> Result<String, serde_json::Error> {
    let style = STYLES.concat();
    let script = format!("\"use strict\";\n(() => {{\n{}}})();\n", SCRIPTS.concat());
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        hash(&script),
        hash(&style),
    );
    let title = calls.first().map(|call| escape(&call.id)).unwrap_or_default();
    let data = to_script_json(&PageData { calls })?;
    Ok(fill_template(&[
        ("policy", &policy),
        ("title", &title),
        ("style", &style),
        ("data", &data),
        ("script", &script),
    ]))
}

/// Replaces each `{{name}}` of the template. Inserted values are not searched for further names.
fn fill_template(values: &[(&str, &str)]) -> String {
    let mut pieces = TEMPLATE.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        page += values.iter().find(|(other, _)| *other == name).map_or("", |(_, value)| value);
        page += rest;
    }
    page
}

/// Returns JSON that cannot end the script element around it: `<` occurs in strings only, where it can be escaped.
fn to_script_json(data: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(data)?.replace('<', "\\u003c"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::{TEMPLATE, escape, fill_template, to_script_json};

    #[test]
    fn text_cannot_end_the_script_element_around_it() {
        let said = "</script><script>alert(1)</script><!--<script>";
        let written = to_script_json(&said).unwrap();
        assert!(!written.contains('<'), "{written}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), said);
        assert_eq!(escape("</title>&"), "&lt;/title&gt;&amp;");
    }

    #[test]
    fn inserted_values_are_not_searched_for_names() {
        let page = fill_template(&[("title", "{{script}}"), ("script", "never")]);
        assert!(page.contains("<title>{{script}}</title>"));
    }

    #[test]
    fn the_page_loads_nothing() {
        for word in ["http:", "https:", "src=", "href=", "@import", "url("] {
            let all = [TEMPLATE, &super::STYLES.concat(), &super::SCRIPTS.concat()].concat();
            let all = all.replace("http://www.w3.org/2000/svg", "");
            assert!(!all.contains(word), "{word}");
        }
    }
}
