//! Texts that are too long.

use std::borrow::Cow;

/// `text` with no more than `most` characters, the last of them a mark that says how many are missing. Where there is
/// no room for the mark, it is cut without one.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    // There are never more characters than bytes.
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let length = text.chars().count();
    if length <= most {
        return Cow::Borrowed(text);
    }
    // The number in the mark is never longer than this one.
    let longest_mark = mark(length).chars().count();
    match most.checked_sub(longest_mark) {
        Some(kept) => Cow::Owned(format!("{}{}", beginning(text, kept), mark(length - kept))),
        None => Cow::Borrowed(beginning(text, most)),
    }
}

fn mark(missing: usize) -> String {
    format!("… [{missing} more]")
}

/// The first `characters` of `text`.
fn beginning(text: &str, characters: usize) -> &str {
    let end = text.char_indices().nth(characters).map_or(text.len(), |(index, _)| index);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::cut;

    #[test]
    fn the_mark_says_how_many_characters_are_missing() {
        assert_eq!(cut("Grüße aus Köln, und bis bald", 20), "Grüße aus… [19 more]");
        assert_eq!(cut("Grüße aus Köln", 14), "Grüße aus Köln");
        assert_eq!(cut("日本語日本語日本語日本語日本語", 12), "日… [14 more]");
    }

    #[test]
    fn where_no_mark_fits_there_is_none() {
        assert_eq!(cut("Grüße aus Köln", 4), "Grüß");
        assert_eq!(cut("Grüße", 0), "");
    }

    proptest! {
        #[test]
        fn what_is_cut_is_never_longer_and_stays_as_it_is(text in ".{0,60}", most in 0..60_usize) {
            let once = cut(&text, most);
            prop_assert!(once.chars().count() <= most);
            prop_assert_eq!(cut(&once, most), &*once);
        }
    }
}
