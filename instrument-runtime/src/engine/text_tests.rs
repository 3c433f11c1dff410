use proptest::prelude::*;

use super::{JoinedText, MAX_TEXT_BYTES, StreamedText};
use crate::engine::frame::{Chunking, Spacing, TextChunk};

fn streamed(chunks: &[&str]) -> Option<String> {
    joined(chunks, Chunking::Unknown)
}

fn joined(chunks: &[&str], chunking: Chunking) -> Option<String> {
    let mut text = StreamedText::default();
    for chunk in chunks {
        text.push(&TextChunk { chunking, ..TextChunk::new(chunk) });
    }
    text.to_text()
}

#[test]
fn deltas_are_joined_and_cumulative_chunks_replace() {
    for (chunks, text) in [
        (&["Hello", " world"][..], "Hello world"),
        (&["Hello", "Hello world", "Hello world!"], "Hello world!"),
        (&["1", "1", "1"], "111"),
        (&["ha", " ha"], "ha ha"),
        (&["ha", "haha", "!"], "hahaha!"),
        (&["a", "ab", "abc", "abc"], "aababcabc"),
        (&[" ", " Hi", " Hi there "], "Hi there"),
        (&["", "Hi", ""], "Hi"),
    ] {
        assert_eq!(streamed(chunks).as_deref(), Some(text), "{chunks:?}");
    }
    assert_eq!(streamed(&[]), None);
    assert_eq!(streamed(&["", "  "]), None);
}

#[test]
fn given_chunking_is_used() {
    assert_eq!(joined(&["ha", "haha"], Chunking::Delta).as_deref(), Some("hahaha"));
    assert_eq!(joined(&["Helo", "Hello"], Chunking::Cumulative).as_deref(), Some("Hello"));
    for (chunks, text) in [
        (&["Hello wor", "world, how", "how are you?"][..], "Hello world, how are you?"),
        (&["aab", "aabaab"], "aabaab"),
        (&["abab", "ababc"], "ababc"),
        (&["one", "two"], "onetwo"),
        (&["grü", "ün"], "grün"),
    ] {
        assert_eq!(joined(chunks, Chunking::Overlapping).as_deref(), Some(text), "{chunks:?}");
    }
}

#[test]
fn synthesized_text_is_deltas_unless_its_chunking_is_given() {
    let mut text = StreamedText::default();
    for word in ["a", "apple"] {
        text.push_delta(&TextChunk { spacing: Spacing::Between, ..TextChunk::new(word) });
    }
    assert_eq!(text.to_text().as_deref(), Some("a apple"));
    let mut text = StreamedText::default();
    for word in ["a", "apple"] {
        text.push_delta(&TextChunk { chunking: Chunking::Cumulative, ..TextChunk::new(word) });
    }
    assert_eq!(text.to_text().as_deref(), Some("apple"));
}

#[test]
fn chunks_without_spaces_are_joined_by_one_space() {
    let mut text = StreamedText::default();
    for chunk in ["w0", "w1 ", " w2"] {
        text.push(&TextChunk { spacing: Spacing::Between, ..TextChunk::new(chunk) });
    }
    assert_eq!(text.to_text().as_deref(), Some("w0 w1 w2"));

    let mut open = StreamedText::default();
    for chunk in ["w", "w0", "x"] {
        open.push(&TextChunk { spacing: Spacing::Between, ..TextChunk::new(chunk) });
    }
    assert_eq!(open.to_text().as_deref(), Some("w w0 x"));
}

#[test]
fn a_text_has_a_maximum_length() {
    let piece = "é".repeat(400_000);
    let mut joined = JoinedText::default();
    let mut streamed = StreamedText::default();
    for _ in 0..5 {
        joined.push(&piece, Spacing::Between);
        streamed.push(&TextChunk::new(&piece));
    }
    assert!((MAX_TEXT_BYTES - 4..=MAX_TEXT_BYTES).contains(&joined.as_str().len()));
    for text in [joined.to_text(), streamed.to_text()].map(Option::unwrap_or_default) {
        assert!((MAX_TEXT_BYTES - 24..=MAX_TEXT_BYTES).contains(&text.len()), "{}", text.len());
        let (kept, mark) = text.rsplit_once('…').unwrap_or_default();
        let missing = 2_000_000 - kept.replace(' ', "").chars().count();
        assert_eq!(mark, format!(" [{missing} more]"));
    }
}

#[test]
fn a_cumulative_text_counts_what_is_missing_once() {
    let text = "a".repeat(MAX_TEXT_BYTES + 100);
    for chunking in [Chunking::Cumulative, Chunking::Unknown] {
        let mut streamed = StreamedText::default();
        for end in [10, MAX_TEXT_BYTES + 50, MAX_TEXT_BYTES + 60, text.len()] {
            streamed.push(&TextChunk { chunking, ..TextChunk::new(&text[..end]) });
        }
        let joined = streamed.to_text().unwrap_or_default();
        let (kept, mark) = joined.rsplit_once('…').unwrap_or_default();
        assert_eq!(mark, format!(" [{} more]", text.len() - kept.len()), "{chunking:?}");
    }
}

#[test]
fn joined_text_has_no_leading_or_trailing_space() {
    let mut text = JoinedText::default();
    text.push(" a ", Spacing::Included);
    text.push("b ", Spacing::Included);
    assert_eq!(text.as_str(), "a b");
    text.push("  ", Spacing::Between);
    text.push("c", Spacing::Between);
    assert_eq!(text.to_text().as_deref(), Some("a b c"));
}

proptest! {
    #[test]
    fn a_text_is_the_same_for_any_division_into_chunks(text in "[a-zé ]{1,60}", cuts in prop::collection::vec(0usize..60, 0..8)) {
        let mut ends: Vec<usize> = cuts.into_iter().filter(|&cut| text.is_char_boundary(cut) && cut <= text.len()).collect();
        ends.push(text.len());
        ends.sort_unstable();
        ends.dedup();
        let mut from = 0;
        let deltas: Vec<&str> = ends.iter().map(|&to| { let piece = &text[from..to]; from = to; piece }).collect();
        let whole = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        prop_assert_eq!(joined(&deltas, Chunking::Delta), whole.clone());

        let cumulative: Vec<&str> = ends.iter().map(|&to| &text[..to]).collect();
        prop_assert_eq!(streamed(&cumulative), whole.clone());
        prop_assert_eq!(joined(&cumulative, Chunking::Cumulative), whole);
    }

    #[test]
    fn overlap_is_the_longest(text in "[ab]{0,12}", chunk in "[ab]{1,12}") {
        let longest = (0..=chunk.len().min(text.len())).rev().find(|&n| text.ends_with(&chunk[..n]));
        prop_assert_eq!(Some(super::overlap(&text, &chunk)), longest);
    }
}
