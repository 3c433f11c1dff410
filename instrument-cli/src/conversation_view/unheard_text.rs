//! What was lost of a reply that was cut.

/// What comes in `whole` after what was `heard` of it; none where nothing does, or where the two do not agree. Spaces do
/// not count: those who speak and those who write put them differently.
pub(super) fn unheard(whole: &str, heard: Option<&str>) -> Option<String> {
    let mut rest = whole.char_indices().filter(|(_, c)| !c.is_whitespace());
    let mut end = 0;
    for heard in heard.unwrap_or_default().chars().filter(|c| !c.is_whitespace()) {
        let (at, c) = rest.next()?;
        if c != heard {
            return None;
        }
        end = at + c.len_utf8();
    }
    let unheard = whole[end..].trim();
    (!unheard.is_empty()).then(|| unheard.to_owned())
}

#[cfg(test)]
mod tests {
    use super::unheard;

    #[test]
    fn what_follows_the_words_that_were_heard_was_lost() {
        for (whole, heard, lost) in [
            ("Once upon a time.", Some("Once upon"), Some("a time.")),
            ("Once upon  a\ntime.", Some("Once upon a"), Some("time.")),
            ("今日は晴れです。", Some("今日は"), Some("晴れです。")),
            ("Once upon a time.", None, Some("Once upon a time.")),
            ("Once upon a time.", Some("Once upon a time."), None),
            ("Once upon a time.", Some("Something else"), None),
            ("Once", Some("Once upon"), None),
            ("", None, None),
        ] {
            assert_eq!(unheard(whole, heard).as_deref(), lost, "{whole} {heard:?}");
        }
    }
}
