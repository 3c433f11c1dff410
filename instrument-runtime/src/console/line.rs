//! Lines that fit the terminal, and their colors.

use anstyle::{AnsiColor, Style};

use super::terminal_text::{ELLIPSIS, columns, one_line, prefix, shorten};

/// The width and the colors of a printed tree.
///
/// ```
/// use pipecat_instrument_runtime::console::{Color, TreeStyle};
///
/// let narrow = TreeStyle { width: 72, color: Color::Never };
/// assert_eq!(TreeStyle::default(), TreeStyle { width: 100, ..narrow });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeStyle {
    /// The maximum width of a line, in columns of a terminal. Default: 100.
    pub width: usize,
    /// Whether lines are colored. Default: [`Color::Never`], as only the caller knows whether the output is a terminal.
    pub color: Color,
}

impl Default for TreeStyle {
    fn default() -> Self {
        Self { width: 100, color: Color::Never }
    }
}

/// Whether output has colors, as escape sequences of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// Plain text.
    #[default]
    Never,
    /// Colored text.
    Always,
}

/// The meaning of a piece of a line, which decides its color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// A conversation or a turn.
    Heading,
    /// The branches of the tree, and start times.
    Guide,
    /// The label of a span.
    Label,
    Plain,
    /// Words of the user or of the bot.
    Speech,
    /// An interruption or a cancellation.
    Warning,
    Error,
}

impl Paint {
    fn apply(self, text: &str, color: Color) -> String {
        let style = match self {
            Self::Heading => Style::new().bold(),
            Self::Guide => Style::new().dimmed(),
            Self::Label => AnsiColor::Cyan.on_default(),
            Self::Plain => Style::new(),
            Self::Speech => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Error => AnsiColor::Red.on_default(),
        };
        match color {
            Color::Always => format!("{style}{text}{style:#}"),
            Color::Never => text.to_owned(),
        }
    }
}

/// One line, written from left to right and truncated at the width of its style.
#[derive(Debug)]
pub(super) struct TreeLine {
    style: TreeStyle,
    pieces: Vec<(Paint, String)>,
    width: usize,
}

impl TreeLine {
    /// Creates an empty line.
    pub(super) const fn new(style: TreeStyle) -> Self {
        Self { style, pieces: Vec::new(), width: 0 }
    }

    /// Returns the number of columns left.
    pub(super) const fn columns_left(&self) -> usize {
        self.style.width.saturating_sub(self.width)
    }

    /// Adds `text`.
    pub(super) fn add(&mut self, paint: Paint, text: &str) {
        self.width += columns(text);
        self.pieces.push((paint, text.to_owned()));
    }

    /// Adds `text` in quotes, shortened between them to the columns left.
    pub(super) fn add_quote(&mut self, text: &str) {
        let max_columns = self.columns_left().saturating_sub(2).max(1);
        self.add(Paint::Speech, &format!("\"{}\"", shorten(&one_line(text), max_columns)));
    }

    /// Adds spaces.
    pub(super) fn add_gap(&mut self, columns: usize) {
        self.add(Paint::Plain, &" ".repeat(columns));
    }

    /// Returns the line with a line break, and without spaces at its end.
    pub(super) fn finish(mut self) -> String {
        self.trim_end();
        if self.width > self.style.width {
            self.truncate();
        }
        self.pieces.iter().map(|(paint, text)| paint.apply(text, self.style.color)).collect::<String>() + "\n"
    }

    /// Truncates the line to its width, with an ellipsis as its last character.
    fn truncate(&mut self) {
        let mut left = self.style.width.saturating_sub(1);
        for (_, text) in &mut self.pieces {
            let full = columns(text);
            *text = prefix(text, left).to_owned();
            // A truncated piece ends the line, even if half of a wide character would still fit.
            left = if columns(text) < full { 0 } else { left - full };
        }
        self.trim_end();
        let paint = self.pieces.last().map_or(Paint::Plain, |(paint, _)| *paint);
        if self.style.width > 0 {
            self.pieces.push((paint, ELLIPSIS.to_string()));
        }
    }

    fn trim_end(&mut self) {
        while let Some((_, text)) = self.pieces.last_mut() {
            let spaces = text.len() - text.trim_end_matches(' ').len();
            text.truncate(text.len() - spaces);
            self.width = self.width.saturating_sub(spaces);
            if !text.is_empty() {
                return;
            }
            self.pieces.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Color, Paint, TreeLine, TreeStyle};

    #[test]
    fn a_line_that_is_too_wide_ends_with_an_ellipsis() {
        let mut line = TreeLine::new(TreeStyle { width: 8, color: Color::Never });
        line.add(Paint::Plain, "ttfb");
        line.add_gap(4);
        line.add(Paint::Plain, "tokens");
        assert_eq!(line.finish(), "ttfb…\n");
    }

    #[test]
    fn a_shortened_quote_is_closed() {
        let mut line = TreeLine::new(TreeStyle { width: 12, color: Color::Never });
        line.add(Paint::Plain, "bot");
        line.add_gap(2);
        line.add_quote("Hello there.");
        assert_eq!(line.finish(), "bot  \"Hell…\"\n");
    }

    #[test]
    fn a_line_is_measured_in_columns() {
        let mut line = TreeLine::new(TreeStyle { width: 13, color: Color::Never });
        line.add(Paint::Plain, "bot");
        line.add_gap(2);
        line.add_quote("お茶をください");
        assert_eq!(line.finish(), "bot  \"お茶…\"\n");
        let mut line = TreeLine::new(TreeStyle { width: 6, color: Color::Never });
        line.add(Paint::Plain, "お茶をください");
        assert_eq!(line.finish(), "お茶…\n");
    }

    #[test]
    fn colors_do_not_count_as_columns() {
        let mut line = TreeLine::new(TreeStyle { width: 5, color: Color::Always });
        line.add(Paint::Error, "alarm");
        assert_eq!(line.finish(), "\u{1b}[31malarm\u{1b}[0m\n");
    }
}
