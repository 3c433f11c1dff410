//! Joins streamed chunks to text, in linear time.
//!
//! Chunks are deltas or cumulative ("Hello", "Hello world", "Hello world!"), and the text is the same for any division
//! into chunks. A stream is cumulative only if every chunk so far strictly extends the text so far. The first chunk
//! that does not settles the stream as deltas, and the earlier chunks are joined as deltas:
//!
//! ```text
//!              extends                      chunking given
//!   Open ───────────────▶ Open      Open ──────────────────▶ Settled(as given)
//!    │  does not extend
//!    └─────────────────────────────▶ Settled(Delta)
//! ```
//!
//! See [Streaming text](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#streaming-text).

use super::frame::{Chunking, Spacing, TextChunk};
use super::truncate::{MAX_TEXT_LENGTH, mark};

/// Maximum length of a joined text in bytes: hours of speech.
pub const MAX_TEXT_BYTES: usize = MAX_TEXT_LENGTH;

/// Text joined from deltas.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::Spacing;
/// use pipecat_instrument_runtime::engine::text::JoinedText;
///
/// let mut text = JoinedText::default();
/// text.push("Hi!", Spacing::Between);
/// text.push("How are you?", Spacing::Between);
/// assert_eq!(text.as_str(), "Hi! How are you?");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JoinedText {
    text: String,
    /// The number of characters that exceeded the maximum length.
    missing: usize,
}

impl JoinedText {
    /// Appends a piece. What exceeds [`MAX_TEXT_BYTES`] is dropped and counted.
    pub fn push(&mut self, piece: &str, spacing: Spacing) {
        match spacing {
            Spacing::Included => self.append(piece),
            Spacing::Between => {
                let piece = piece.trim();
                if piece.is_empty() {
                    return;
                }
                self.text.truncate(self.text.trim_end().len());
                if !self.text.is_empty() {
                    self.text.push(' ');
                }
                self.append(piece);
            }
        }
    }

    /// Extends the text to `text`, which begins with it.
    fn extend_to(&mut self, text: &str) {
        self.missing = 0;
        self.append(&text[self.text.len()..]);
    }

    fn append(&mut self, piece: &str) {
        let available = MAX_TEXT_BYTES.saturating_sub(self.text.len());
        // After a piece that did not fit, a shorter one must not follow.
        if piece.len() <= available && self.missing == 0 {
            self.text.push_str(piece);
        } else {
            self.append_prefix(piece, available);
        }
    }

    /// Appends as much of a piece as fits. Not inlined, because such long texts are rare.
    #[cold]
    fn append_prefix(&mut self, piece: &str, available: usize) {
        let fitting = if self.missing == 0 { prefix_within(piece, available) } else { "" };
        self.text.push_str(fitting);
        self.missing = self.missing.saturating_add(piece[fitting.len()..].chars().count());
    }

    /// Returns the text without leading and trailing space, and without a mark if something is missing.
    pub fn as_str(&self) -> &str {
        self.text.trim()
    }

    /// Whether the text is empty or only space.
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }

    /// Returns the text without leading and trailing space; `None` if it is empty. If something is missing, the text
    /// ends with a [mark](super::truncate::truncate).
    pub fn to_text(&self) -> Option<String> {
        let text = self.as_str();
        match self.missing {
            _ if text.is_empty() => None,
            0 => Some(text.to_owned()),
            missing => Some(marked(text, missing)),
        }
    }
}

/// Returns `text` with a mark for `missing` characters. The mark replaces the end of the text.
#[cold]
fn marked(text: &str, missing: usize) -> String {
    let longest_mark = mark(missing.saturating_add(text.len())).len();
    let kept = prefix_within(text, MAX_TEXT_BYTES.saturating_sub(longest_mark).min(text.len()));
    [kept, &mark(missing.saturating_add(text[kept.len()..].chars().count()))].concat()
}

/// The text of a language model, joined from chunks of any kind.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::TextChunk;
/// use pipecat_instrument_runtime::engine::text::StreamedText;
///
/// let mut deltas = StreamedText::default();
/// ["1", "1", "1"].map(|chunk| deltas.push(&TextChunk::new(chunk)));
/// assert_eq!(deltas.to_text().as_deref(), Some("111"));
///
/// let mut cumulative = StreamedText::default();
/// ["Hello", "Hello world", "Hello world!"].map(|chunk| cumulative.push(&TextChunk::new(chunk)));
/// assert_eq!(cumulative.to_text().as_deref(), Some("Hello world!"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamedText {
    /// While open, the newest chunk, which has every earlier one as a prefix. Once settled, the text so far.
    text: JoinedText,
    state: ChunkState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ChunkState {
    /// Every chunk so far extended the one before it. `earlier` contains the lengths of all but the newest.
    Open { earlier: Vec<usize> },
    /// The relation between the chunks is certain.
    Settled,
}

impl Default for ChunkState {
    fn default() -> Self {
        Self::Open { earlier: Vec::new() }
    }
}

impl StreamedText {
    /// Appends a chunk.
    pub fn push(&mut self, chunk: &TextChunk<'_>) {
        if chunk.text.is_empty() {
            return;
        }
        match chunk.chunking {
            Chunking::Unknown => self.push_unknown(chunk),
            Chunking::Delta => {
                self.settle(chunk.spacing);
                self.text.push(chunk.text, chunk.spacing);
            }
            Chunking::Cumulative => {
                self.state = ChunkState::Settled;
                self.replace_with(chunk.text);
            }
            Chunking::Overlapping => {
                self.settle(chunk.spacing);
                let repeated = overlap(&self.text.text, chunk.text);
                self.text.append(&chunk.text[repeated..]);
            }
        }
    }

    /// Appends a chunk. If its chunking is unknown, it is a delta: "a", "apple" are two words.
    pub fn push_delta(&mut self, chunk: &TextChunk<'_>) {
        let chunking = if chunk.chunking == Chunking::Unknown { Chunking::Delta } else { chunk.chunking };
        self.push(&TextChunk { chunking, ..*chunk });
    }

    /// Returns the text so far without leading and trailing space; `None` if it is empty.
    pub fn to_text(&self) -> Option<String> {
        self.text.to_text()
    }

    fn push_unknown(&mut self, chunk: &TextChunk<'_>) {
        if let ChunkState::Open { earlier } = &mut self.state {
            let so_far = self.text.text.len();
            if so_far == 0 {
                self.text.append(chunk.text);
                return;
            }
            if chunk.text.len() > so_far && chunk.text.starts_with(&self.text.text) {
                earlier.push(so_far);
                self.text.extend_to(chunk.text);
                return;
            }
        }
        self.settle(chunk.spacing);
        self.text.push(chunk.text, chunk.spacing);
    }

    /// Settles the stream as deltas: joins the chunks that were kept as prefixes of the newest.
    fn settle(&mut self, spacing: Spacing) {
        let ChunkState::Open { earlier } = &mut self.state else { return };
        let earlier = std::mem::take(earlier);
        self.state = ChunkState::Settled;
        if !earlier.is_empty() {
            let newest = std::mem::take(&mut self.text);
            for length in earlier {
                self.text.push(&newest.text[..length], spacing);
            }
            self.text.push(&newest.text, spacing);
            self.text.missing = self.text.missing.saturating_add(newest.missing);
        }
    }

    fn replace_with(&mut self, text: &str) {
        if !text.starts_with(&self.text.text) {
            self.text.text.clear();
        }
        self.text.extend_to(text);
    }
}

/// Returns as many characters of `text` as fit into `max_bytes`.
fn prefix_within(text: &str, max_bytes: usize) -> &str {
    // A character has at most four bytes.
    let fits = (max_bytes.saturating_sub(3)..=max_bytes).rev().find(|&at| text.is_char_boundary(at));
    &text[..fits.unwrap_or(0)]
}

/// Returns the number of bytes at the start of `chunk` that repeat the end of `text`: the longest such run, found in
/// one pass with the failure function of Knuth, Morris and Pratt.
fn overlap(text: &str, chunk: &str) -> usize {
    // The repeated part is no longer than the text.
    let pattern = prefix_within(chunk, text.len().min(chunk.len())).as_bytes();
    let tail = &text.as_bytes()[text.len().saturating_sub(pattern.len())..];
    let mut borders = vec![0; pattern.len()];
    for end in 1..pattern.len() {
        borders[end] = extend(pattern, &borders, borders[end - 1], pattern[end]);
    }
    let mut matched = 0;
    for (at, &byte) in tail.iter().enumerate() {
        matched = extend(pattern, &borders, matched, byte);
        if matched == pattern.len() && at + 1 < tail.len() {
            matched = borders[matched - 1];
        }
    }
    // Always a boundary, as the match starts and ends with complete characters of both. Checked, so that slicing cannot
    // panic.
    if chunk.is_char_boundary(matched) { matched } else { 0 }
}

fn extend(pattern: &[u8], borders: &[usize], mut matched: usize, byte: u8) -> usize {
    while matched > 0 && (matched == pattern.len() || pattern[matched] != byte) {
        matched = borders[matched - 1];
    }
    if pattern[matched] == byte { matched + 1 } else { 0 }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
