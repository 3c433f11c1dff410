//! Streamed chunks to text, in time linear in what is streamed.
//!
//! Chunks are deltas or cumulative ("Hello", "Hello world", "Hello world!"), and the text is the same however it was
//! cut. A stream is cumulative only if every chunk so far strictly extends the whole text so far; one that does not
//! settles it as deltas, and nothing is lost by having waited:
//!
//! ```text
//!              extends                        told
//!   Open ───────────────▶ Open      Open ──────────────▶ Settled(as told)
//!    │  does not extend
//!    └─────────────────────────────▶ Settled(Delta): what came before is joined as deltas
//! ```

use super::frame::{Chunking, Spacing, TextChunk};

/// The longest text that is kept, in bytes: hours of speech, and no more of whatever else may come.
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// Text that is joined from pieces that are all new.
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
pub struct JoinedText(String);

impl JoinedText {
    /// Adds a piece; of a text that grows beyond [`MAX_TEXT_BYTES`], what is beyond is left out.
    pub fn push(&mut self, piece: &str, spacing: Spacing) {
        match spacing {
            Spacing::Included => self.append(piece),
            Spacing::Between => {
                let piece = piece.trim();
                if piece.is_empty() {
                    return;
                }
                self.0.truncate(self.0.trim_end().len());
                if !self.0.is_empty() {
                    self.0.push(' ');
                }
                self.append(piece);
            }
        }
    }

    fn append(&mut self, piece: &str) {
        let room = MAX_TEXT_BYTES.saturating_sub(self.0.len());
        self.0.push_str(if piece.len() <= room { piece } else { beginning(piece, room) });
    }

    /// The text, with no leading or trailing space.
    pub fn as_str(&self) -> &str {
        self.0.trim()
    }

    /// Whether there is nothing but space in it.
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }

    /// The text, if there is any.
    pub fn to_text(&self) -> Option<String> {
        let text = self.as_str();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// The text of a language model, from chunks of whatever kind.
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
    /// Open: the newest chunk, of which every earlier one is a prefix. Settled: the text so far.
    text: JoinedText,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Every chunk so far has extended the one before it; these are the lengths of the earlier ones.
    Open { earlier: Vec<usize> },
    /// It is known how the chunks relate.
    Settled,
}

impl Default for State {
    fn default() -> Self {
        Self::Open { earlier: Vec::new() }
    }
}

impl StreamedText {
    /// Adds a chunk.
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
                self.state = State::Settled;
                self.replace_with(chunk.text);
            }
            Chunking::Overlapping => {
                self.settle(chunk.spacing);
                let repeated = overlap(&self.text.0, chunk.text);
                self.text.append(&chunk.text[repeated..]);
            }
        }
    }

    /// Adds a chunk of a stream whose chunks are deltas unless the adapter says otherwise: "a", "apple" are two words.
    pub fn push_delta(&mut self, chunk: &TextChunk<'_>) {
        let chunking = if chunk.chunking == Chunking::Unknown { Chunking::Delta } else { chunk.chunking };
        self.push(&TextChunk { chunking, ..*chunk });
    }

    /// The text so far, if there is any, with no leading or trailing space.
    pub fn to_text(&self) -> Option<String> {
        self.text.to_text()
    }

    fn push_unknown(&mut self, chunk: &TextChunk<'_>) {
        if let State::Open { earlier } = &mut self.state {
            let so_far = self.text.0.len();
            if so_far == 0 {
                self.text.append(chunk.text);
                return;
            }
            if chunk.text.len() > so_far && chunk.text.starts_with(&self.text.0) {
                earlier.push(so_far);
                self.text.append(&chunk.text[so_far..]);
                return;
            }
        }
        self.settle(chunk.spacing);
        self.text.push(chunk.text, chunk.spacing);
    }

    /// The chunks turned out to be deltas: joins those that were held as prefixes of the newest.
    fn settle(&mut self, spacing: Spacing) {
        let State::Open { earlier } = &mut self.state else { return };
        let earlier = std::mem::take(earlier);
        self.state = State::Settled;
        if !earlier.is_empty() {
            let newest = std::mem::take(&mut self.text);
            for length in earlier {
                self.text.push(&newest.0[..length], spacing);
            }
            self.text.push(&newest.0, spacing);
        }
    }

    fn replace_with(&mut self, whole: &str) {
        if let Some(new) = whole.strip_prefix(self.text.0.as_str()) {
            self.text.append(new);
        } else {
            self.text.0.clear();
            self.text.append(whole);
        }
    }
}

/// As much of `text` as fits into `room` bytes, cut between two characters. Kept out of line: hardly any text is as long.
#[cold]
fn beginning(text: &str, room: usize) -> &str {
    // No character is longer than four bytes.
    let fits = (room.saturating_sub(3)..=room).rev().find(|&at| text.is_char_boundary(at));
    &text[..fits.unwrap_or(0)]
}

/// How many bytes at the start of `chunk` repeat the end of `text`: the longest such run, found in one pass
/// (the failure function of Knuth, Morris and Pratt).
fn overlap(text: &str, chunk: &str) -> usize {
    let pattern = chunk.as_bytes();
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
    // Both ends are text: a match that begins and ends at bytes of the same values is at characters of both.
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
