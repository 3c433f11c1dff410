//! Text as a terminal shows it: its columns, and what it must not be let do.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands for what was left out.
pub const ELLIPSIS: char = '…';

/// How many columns of a terminal `text` takes: two for a Chinese character, none for an accent that stands by itself.
///
/// ```
/// use pipecat_instrument_runtime::console::columns;
///
/// assert_eq!((columns("tea"), columns("お茶"), columns("cafe\u{301}")), (3, 4, 4));
/// ```
pub fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// No more than `most` columns of `text`; what is left out is an ellipsis.
///
/// ```
/// use pipecat_instrument_runtime::console::shorten;
///
/// assert_eq!(shorten("green tea", 7), "green…");
/// assert_eq!(shorten("お茶をください", 7), "お茶を…");
/// ```
pub fn shorten(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let Some(room) = most.checked_sub(1) else {
        return String::new();
    };
    format!("{}{ELLIPSIS}", beginning(text, room).trim_end())
}

/// As much of the beginning of `text` as `most` columns hold.
pub(super) fn beginning(text: &str, most: usize) -> &str {
    let mut taken = 0;
    for (at, c) in text.char_indices() {
        taken += c.width().unwrap_or(0);
        if taken > most {
            return &text[..at];
        }
    }
    text
}

/// `text` on one line, and harmless: breaks, and what else would disturb a terminal, are single spaces; marks that turn
/// the writing direction are gone.
///
/// ```
/// use pipecat_instrument_runtime::console::one_line;
///
/// assert_eq!(one_line(" Two\n lines and \u{1b}[31mred "), "Two lines and [31mred");
/// ```
pub fn one_line(text: &str) -> String {
    let text: String = text.chars().filter(|c| !turns_direction(*c)).collect();
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{columns, one_line, shorten};

    #[test]
    fn what_is_cut_is_cut_between_characters_and_counted_in_columns() {
        for (text, most, short) in [
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
            assert_eq!(shorten(text, most), short);
            assert!(columns(short) <= most);
        }
    }

    #[test]
    fn text_cannot_disturb_the_terminal() {
        assert_eq!(
            one_line(" Two\n\tlines,\r\n a bell\u{7} and \u{1b}[31mred \u{202e}turned"),
            "Two lines, a bell and [31mred turned"
        );
    }
}
