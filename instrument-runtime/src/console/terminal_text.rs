//! Text for terminals: its width in columns, and no control characters.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Marks the end of a shortened text.
pub const ELLIPSIS: char = '…';

/// Returns the width of `text` in columns of a terminal: two for a Chinese character, none for a combining accent.
///
/// ```
/// use pipecat_instrument_runtime::console::columns;
///
/// assert_eq!((columns("tea"), columns("お茶"), columns("cafe\u{301}")), (3, 4, 4));
/// ```
pub fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Shortens `text` to `max_columns`. A shortened text ends with an ellipsis.
///
/// ```
/// use pipecat_instrument_runtime::console::shorten;
///
/// assert_eq!(shorten("green tea", 7), "green…");
/// assert_eq!(shorten("お茶をください", 7), "お茶を…");
/// ```
pub fn shorten(text: &str, max_columns: usize) -> String {
    if columns(text) <= max_columns {
        return text.to_owned();
    }
    let Some(prefix_columns) = max_columns.checked_sub(1) else {
        return String::new();
    };
    format!("{}{ELLIPSIS}", prefix(text, prefix_columns).trim_end())
}

/// Returns the longest prefix of `text` that fits into `max_columns`.
pub(super) fn prefix(text: &str, max_columns: usize) -> &str {
    let mut width = 0;
    for (at, c) in text.char_indices() {
        width += c.width().unwrap_or(0);
        if width > max_columns {
            return &text[..at];
        }
    }
    text
}

/// Returns `text` on one line, safe for a terminal: line breaks and control characters become single spaces, and marks that
/// change the writing direction are removed.
///
/// ```
/// use pipecat_instrument_runtime::console::one_line;
///
/// assert_eq!(one_line(" Two\n lines and \u{1b}[31mred "), "Two lines and [31mred");
/// ```
pub fn one_line(text: &str) -> String {
    let text: String = text.chars().filter(|c| !changes_direction(*c)).collect();
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

const fn changes_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{columns, one_line, shorten};

    #[test]
    fn shortening_counts_columns_and_keeps_characters_whole() {
        for (text, max_columns, short) in [
            ("Hello", 5, "Hello"),
            ("Hello", 4, "Hel…"),
            ("Hello there", 7, "Hello…"),
            ("日本語です", 10, "日本語です"),
            ("日本語です", 5, "日本…"),
            ("日本語です", 4, "日…"),
            ("Hello", 1, "…"),
            ("Hello", 0, ""),
            ("", 0, ""),
        ] {
            assert_eq!(shorten(text, max_columns), short);
            assert!(columns(short) <= max_columns);
        }
    }

    #[test]
    fn control_characters_are_removed() {
        assert_eq!(
            one_line(" Two\n\tlines,\r\n a bell\u{7} and \u{1b}[31mred \u{202e}turned"),
            "Two lines, a bell and [31mred turned"
        );
    }
}
