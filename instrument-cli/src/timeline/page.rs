//! The page: plain HTML, styles and scripts from `page/`, with the conversations as JSON in it.
//!
//! It loads nothing, and a policy in it forbids that it ever does. The policy allows this style and this script by their
//! hashes and no other: markup in what somebody said could do nothing, if it were ever taken for markup.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::conversation_view::Call;

const TEMPLATE: &str = include_str!("page/page.html");

const STYLES: [&str; 5] = [
    include_str!("page/colors.css"),
    include_str!("page/layout.css"),
    include_str!("page/lanes.css"),
    include_str!("page/text.css"),
    include_str!("page/print.css"),
];

/// In this order: what is used while the page is built stands before it.
const SCRIPTS: [&str; 14] = [
    include_str!("page/format.js"),
    include_str!("page/state.js"),
    include_str!("page/lanes.js"),
    include_str!("page/overview.js"),
    include_str!("page/tip.js"),
    include_str!("page/pointer.js"),
    include_str!("page/keyboard.js"),
    include_str!("page/words.js"),
    include_str!("page/transcript.js"),
    include_str!("page/turn.js"),
    include_str!("page/table.js"),
    include_str!("page/head.js"),
    include_str!("page/theme.js"),
    include_str!("page/main.js"),
];

/// What the page's script reads.
#[derive(Serialize)]
struct Data<'a> {
    calls: &'a [Call],
}

/// A page of `calls`.
pub(super) fn page(calls: &[Call]) -> Result<String, serde_json::Error> {
    let style = STYLES.concat();
    let script = format!("\"use strict\";\n(() => {{\n{}}})();\n", SCRIPTS.concat());
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        hash(&script),
        hash(&style),
    );
    let title = calls.first().map(|call| escape(&call.id)).unwrap_or_default();
    let data = json(&Data { calls })?;
    Ok(filled(&[
        ("policy", &policy),
        ("title", &title),
        ("style", &style),
        ("data", &data),
        ("script", &script),
    ]))
}

/// The template with each `{{name}}` replaced. What is put in is not looked at again.
fn filled(values: &[(&str, &str)]) -> String {
    let mut pieces = TEMPLATE.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        page += values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        page += rest;
    }
    page
}

/// JSON that cannot end the script element that it stands in: `<` only occurs in texts, where it may be written so.
fn json(data: &impl Serialize) -> Result<String, serde_json::Error> {
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
    use super::{TEMPLATE, escape, filled, json};

    #[test]
    fn what_was_said_cannot_end_the_element_that_it_stands_in() {
        let said = "</script><script>alert(1)</script><!--<script>";
        let written = json(&said).unwrap();
        assert!(!written.contains('<'), "{written}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), said);
        assert_eq!(escape("</title>&"), "&lt;/title&gt;&amp;");
    }

    #[test]
    fn what_is_put_in_is_not_looked_at_again() {
        let page = filled(&[("title", "{{script}}"), ("script", "never")]);
        assert!(page.contains("<title>{{script}}</title>"));
    }

    #[test]
    fn the_template_loads_nothing() {
        for word in ["http:", "https:", "src=", "href=", "@import", "url("] {
            let all = [TEMPLATE, &super::STYLES.concat(), &super::SCRIPTS.concat()].concat();
            let all = all.replace("http://www.w3.org/2000/svg", "");
            assert!(!all.contains(word), "{word}");
        }
    }
}
