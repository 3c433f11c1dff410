//! How a tree looks.

/// How a tree looks.
///
/// ```
/// use pipecat_instrument_runtime::setup::tree::{Colour, TreeStyle};
///
/// let narrow = TreeStyle { width: 72, colour: Colour::Never };
/// assert_eq!(TreeStyle::default(), TreeStyle { width: 100, ..narrow });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeStyle {
    /// Columns that no line is wider than: 100 by default.
    pub width: usize,
    /// Whether lines are coloured: not by default, as only the caller knows whether this is a terminal.
    pub colour: Colour,
}

impl Default for TreeStyle {
    fn default() -> Self {
        Self { width: 100, colour: Colour::Never }
    }
}

/// Whether lines are coloured, with the escape sequences of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// They are plain text.
    #[default]
    Never,
    /// They are coloured.
    Always,
}
