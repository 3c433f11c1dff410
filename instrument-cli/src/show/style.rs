//! Colors. Written always: the stream takes them out where they are not wanted.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

pub(super) const HEADING: Style = Style::new().bold();
pub(super) const ASIDE: Style = Style::new().dimmed();
pub(super) const USER: Style = AnsiColor::Cyan.on_default();
pub(super) const BOT: Style = AnsiColor::Green.on_default();
pub(super) const TOOL: Style = AnsiColor::Magenta.on_default();
pub(super) const CUT: Style = AnsiColor::Yellow.on_default();
pub(super) const ERROR: Style = AnsiColor::Red.on_default();

/// `text` in `style`.
pub(super) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
