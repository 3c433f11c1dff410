//! How a tree looks.

use anstyle::{AnsiColor, Style};

/// How a tree looks.
///
/// ```
/// use pipecat_instrument_runtime::console::{Color, TreeStyle};
///
/// let narrow = TreeStyle { width: 72, color: Color::Never };
/// assert_eq!(TreeStyle::default(), TreeStyle { width: 100, ..narrow });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeStyle {
    /// Columns that no line is wider than: 100 by default. A Chinese character takes two.
    pub width: usize,
    /// Whether lines are colored: not by default, as only the caller knows whether this is a terminal.
    pub color: Color,
}

impl Default for TreeStyle {
    fn default() -> Self {
        Self { width: 100, color: Color::Never }
    }
}

/// Whether lines are colored, with the escape sequences of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// They are plain text.
    #[default]
    Never,
    /// They are colored.
    Always,
}

/// What a piece of a line is, and so how it is colored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// The conversation, the turn.
    Heading,
    /// The lines of the tree, and when a span began.
    Guide,
    /// The kind of a span.
    Kind,
    /// How long it took, who did it, how.
    Plain,
    /// What was said.
    Speech,
    /// That something was cut.
    Cut,
    /// That something went wrong.
    Error,
}

impl Paint {
    /// `text` as it is printed.
    pub(super) fn apply(self, text: &str, color: Color) -> String {
        let style = self.style();
        match color {
            Color::Always => format!("{style}{text}{style:#}"),
            Color::Never => text.to_owned(),
        }
    }

    const fn style(self) -> Style {
        match self {
            Self::Heading => Style::new().bold(),
            Self::Guide => Style::new().dimmed(),
            Self::Kind => AnsiColor::Cyan.on_default(),
            Self::Plain => Style::new(),
            Self::Speech => AnsiColor::Green.on_default(),
            Self::Cut => AnsiColor::Yellow.on_default(),
            Self::Error => AnsiColor::Red.on_default(),
        }
    }
}
