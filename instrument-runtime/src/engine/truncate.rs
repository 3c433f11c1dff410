//! Truncates texts at characters, and marks that something is missing.

use std::borrow::Cow;

/// Maximum length of one text in characters: hours of speech, or a book. What is longer is truncated when it is copied.
pub const MAX_TEXT_LENGTH: usize = 1 << 20;

/// The start of a mark. The number of missing characters follows, unless they were not counted.
const MARK_START: &str = "… [";
const MARK_END: &str = "more]";

/// Truncates `text` to `max_length` characters. If there is room, it then ends with a mark that says how many are missing.
///
/// ```
/// use pipecat_instrument_runtime::engine::truncate::truncate;
///
/// assert_eq!(truncate("a very long sentence", 16), "a ver… [15 more]");
/// assert_eq!(truncate("a sentence", 16), "a sentence");
/// ```
pub fn truncate(text: &str, max_length: usize) -> Cow<'_, str> {
    if !is_longer(text, max_length) {
        return Cow::Borrowed(text);
    }
    // If the text was truncated before, its mark counts for the characters that are missing.
    let (present, missing) = split_mark(text).unwrap_or((text, 0));
    let length = present.chars().count().saturating_add(missing);
    // The number of missing characters has at most as many digits as the number of all.
    let longest_mark = mark(length).chars().count();
    match max_length.checked_sub(longest_mark) {
        Some(kept) => Cow::Owned([prefix(present, kept), &mark(length - kept)].concat()),
        None => Cow::Borrowed(prefix(present, max_length)),
    }
}

/// Returns whether `text` has more than `length` characters. Counts them only if the number of bytes does not tell.
pub(crate) fn is_longer(text: &str, length: usize) -> bool {
    // A character has one to four bytes.
    text.len() > length && (text.len() > length.saturating_mul(4) || text.chars().count() > length)
}

/// Copies `text` up to [`MAX_TEXT_LENGTH`].
pub(crate) fn to_bounded(text: &str) -> String {
    truncate(text, MAX_TEXT_LENGTH).into_owned()
}

/// Truncates a text to `max_length` characters, of which only the beginning was created. If there is room, it ends with a
/// mark without a number.
pub(crate) fn truncate_partial(beginning: &str, max_length: usize) -> String {
    let mark = format!("{MARK_START}{MARK_END}");
    match max_length.checked_sub(mark.chars().count()) {
        Some(kept) => [prefix(beginning, kept), &mark].concat(),
        None => prefix(beginning, max_length).to_owned(),
    }
}

/// Returns whether `text` ends with a mark, so that it was truncated.
pub(crate) fn is_truncated(text: &str) -> bool {
    split_mark(text).is_some()
}

/// Splits a mark off the end of `text`. Returns the text before it, and its number; zero if it has none.
fn split_mark(text: &str) -> Option<(&str, usize)> {
    let (present, number) = text.strip_suffix(MARK_END)?.rsplit_once(MARK_START)?;
    let missing = if number.is_empty() { 0 } else { number.strip_suffix(' ')?.parse().ok()? };
    Some((present, missing))
}

/// Returns the mark for all of `text`.
pub(crate) fn mark_in_place_of(text: &str) -> String {
    let (present, missing) = split_mark(text).unwrap_or((text, 0));
    mark(present.chars().count().saturating_add(missing))
}

/// Returns the mark for a number of missing characters, messages or parts.
pub(crate) fn mark(missing: usize) -> String {
    format!("{MARK_START}{missing} {MARK_END}")
}

/// Returns the first `length` characters of `text`.
pub(crate) fn prefix(text: &str, length: usize) -> &str {
    let end = text.char_indices().nth(length).map_or(text.len(), |(index, _)| index);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{is_truncated, truncate, truncate_partial};

    #[test]
    fn the_mark_says_how_many_characters_are_missing() {
        assert_eq!(truncate("Grüße aus Köln, und bis bald", 20), "Grüße aus… [19 more]");
        assert_eq!(truncate("Grüße aus Köln", 14), "Grüße aus Köln");
        assert_eq!(truncate("日本語日本語日本語日本語日本語", 12), "日… [14 more]");
    }

    #[test]
    fn a_text_too_short_for_the_mark_is_truncated_without_it() {
        assert_eq!(truncate("Grüße aus Köln", 4), "Grüß");
        assert_eq!(truncate("Grüße", 0), "");
        assert_eq!(truncate_partial("Grüße", 2), "Gr");
    }

    #[test]
    fn a_text_that_was_truncated_before_lacks_more() {
        let once = truncate("Grüße aus Köln, und bis bald", 20);
        assert_eq!(truncate(&once, 15), "Grüß… [24 more]");
    }

    #[test]
    fn a_text_that_goes_on_is_marked_without_a_number() {
        assert_eq!(truncate_partial("Grüße aus Köln", 12), "Grüß… [more]");
    }

    #[test]
    fn only_a_mark_at_the_end_shows_truncation() {
        assert!(is_truncated("Grüße aus… [19 more]") && is_truncated("Grüß… [more]"));
        for whole in ["", "more]", "Grüße… [x more]", "Grüße… [19 more].", "Grüße [19 more]"] {
            assert!(!is_truncated(whole), "{whole}");
        }
    }

    proptest! {
        #[test]
        fn truncating_keeps_to_the_length_and_is_idempotent(text in ".{0,60}", max_length in 0..60_usize) {
            let once = truncate(&text, max_length);
            prop_assert!(once.chars().count() <= max_length);
            prop_assert_eq!(truncate(&once, max_length), &*once);
        }

        #[test]
        fn a_truncated_text_is_marked(text in ".{20,60}") {
            prop_assume!(text.chars().count() > 15);
            prop_assert!(is_truncated(&truncate(&text, 15)));
        }
    }
}
