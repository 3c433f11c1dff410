//! Lines on their way from a conversation to the writer thread, and the memory that they may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::deferred::Deferred;
use crate::engine::frame::FrameKind;

/// Upper bound on the bytes of lines that wait to be written, of all logs of a process: what 10,000 calls record in
/// half a second.
const MAX_QUEUED_BYTES: usize = 64 << 20;

/// Upper bound on open log files: a quarter of the 1,024 files that a process commonly may have open. Its sockets need
/// the rest.
const MAX_OPEN_FILES: usize = 256;

/// Upper bound on open compressed log files. A compressor holds 340 KiB, and keeping one open saves only a twelfth of
/// the file, as its output is flushed once a second anyway.
const MAX_COMPRESSORS: usize = 32;

/// The limits on the resources of all logs of a process together.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogLimits {
    /// Bytes of lines that wait to be written. An event is accepted while there are fewer.
    pub(super) queued_bytes: usize,
    /// Open files.
    pub(super) open_files: usize,
    /// Open files that are compressed.
    pub(super) compressors: usize,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self { queued_bytes: MAX_QUEUED_BYTES, open_files: MAX_OPEN_FILES, compressors: MAX_COMPRESSORS }
    }
}

/// Counts the bytes that wait to be written, and the events that were lost for lack of space.
#[derive(Debug)]
pub(super) struct QueueBudget {
    limit: usize,
    used: AtomicUsize,
    lost_events: AtomicU64,
}

impl QueueBudget {
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0), lost_events: AtomicU64::new(0) }
    }

    /// Returns whether an event of this kind is accepted. The last quarter is reserved for the frames that a trace is
    /// made of: nearly all events are audio, and a log that lacks some audio still replays.
    pub(super) fn accepts(&self, kind: FrameKind) -> bool {
        let limit = if is_expendable(kind) { self.limit - self.limit / 4 } else { self.limit };
        self.used.load(Ordering::Relaxed) < limit
    }

    pub(super) fn acquire(&self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn release(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Returns whether more than half is used, so that lines are written before they are due.
    pub(super) fn is_low(&self) -> bool {
        self.used.load(Ordering::Relaxed) > self.limit / 2
    }

    /// Counts a lost event. Returns the number of lost events if it is time for a warning: at the first, and each time
    /// that the number has grown tenfold, as thousands of calls lose events together.
    pub(super) fn count_lost_event(&self) -> Option<u64> {
        let lost = self.lost_events.fetch_add(1, Ordering::Relaxed) + 1;
        (10_u64.pow(lost.ilog10()) == lost).then_some(lost)
    }
}

/// Returns whether a log stays useful without frames of this kind: audio, and frames that are not traced.
pub(super) const fn is_expendable(kind: FrameKind) -> bool {
    !kind.is_traced() || kind.is_outgoing_audio()
}

/// The lines of consecutive events.
#[derive(Default)]
pub(super) struct LineBuffer {
    bytes: Vec<u8>,
    /// The parts to be inserted at these offsets, in order.
    deferred: Vec<(usize, Deferred)>,
    /// The memory that those parts take, in bytes.
    deferred_bytes: usize,
}

impl LineBuffer {
    /// Returns the memory that it takes, in bytes.
    pub(super) const fn len(&self) -> usize {
        self.bytes.len() + self.deferred_bytes
    }

    /// Adds a part of a line, or the line of a processor, after what was added so far.
    pub(super) fn push_deferred(&mut self, part: Deferred) {
        self.deferred_bytes += part.bytes();
        self.deferred.push((self.bytes.len(), part));
    }

    /// Adds the line of an event, or the rest of it. The processors added since the last event belong to it.
    pub(super) fn push_event(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        append(&mut self.bytes);
    }

    /// Encodes the deferred parts, for the writer thread. The lines' part of `budget` is released when they are dropped.
    pub(super) fn into_queued(self, budget: &Arc<QueueBudget>) -> QueuedLines {
        let acquired = self.len();
        let Self { bytes: incomplete, deferred, deferred_bytes } = self;
        let (mut bytes, mut processors) = (Vec::new(), Vec::new());
        if deferred.is_empty() {
            bytes = incomplete;
        } else {
            bytes.reserve(incomplete.len() + deferred_bytes);
            let mut copied = 0;
            for (at, part) in deferred {
                bytes.extend_from_slice(&incomplete[copied..at]);
                copied = at;
                processors.extend(part.processor_id().map(|id| (bytes.len(), id.to_owned())));
                part.append_to(&mut bytes);
            }
            bytes.extend_from_slice(&incomplete[copied..]);
        }
        QueuedLines { bytes, processors, acquired, budget: Arc::clone(budget), written: 0 }
    }
}

/// Lines that are being written.
pub(super) struct QueuedLines {
    bytes: Vec<u8>,
    /// The offsets of lines that describe a processor, and its id.
    processors: Vec<(usize, String)>,
    /// The part of the budget that the lines take.
    acquired: usize,
    budget: Arc<QueueBudget>,
    /// The number of written bytes.
    written: usize,
}

impl QueuedLines {
    /// Returns the lines that are not written yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// Marks the next `bytes` as written.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.written += bytes;
    }

    /// Returns the end of the event that begins at `from`, both counted from the start of [`rest`](Self::rest), and the
    /// processors that are described before it: their ids and lines.
    pub(super) fn event_at(&self, from: usize) -> (usize, Vec<(&str, &[u8])>) {
        let mut described = Vec::new();
        let mut begin = self.written + from;
        loop {
            let line = self.line_at(begin);
            let Ok(index) = self.processors.binary_search_by_key(&begin, |(at, _)| *at) else {
                return (begin + line.len() - self.written, described);
            };
            described.push((&*self.processors[index].1, line));
            begin += line.len();
        }
    }

    fn line_at(&self, begin: usize) -> &[u8] {
        let rest = &self.bytes[begin..];
        let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        &rest[..length]
    }
}

impl Drop for QueuedLines {
    fn drop(&mut self) {
        self.budget.release(self.acquired);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Deferred, LineBuffer, QueueBudget};
    use crate::engine::frame::{
        Direction, Frame, FrameKind, FramePushed, FunctionCall, Processor, ProcessorRef, Role,
    };
    use crate::privacy::Privacy;

    fn processor(id: &str) -> Deferred {
        Deferred::processor(Arc::new(Processor::new(id, "Class", Role::Other)), &Privacy::default())
    }

    fn line(id: &str) -> String {
        let line = processor(id);
        let mut bytes = Vec::new();
        line.append_to(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn an_event_is_split_off_with_the_processors_before_it() {
        let mut lines = LineBuffer::default();
        lines.push_event(|bytes| bytes.extend(b"one\n"));
        lines.push_deferred(processor("a"));
        lines.push_deferred(processor("bb"));
        lines.push_event(|bytes| bytes.extend(b"two\n"));
        let budget = Arc::new(QueueBudget::new(1_000));
        budget.acquire(lines.len());
        let mut queued = lines.into_queued(&budget);
        let (a, b) = (line("a"), line("bb"));
        assert_eq!(queued.event_at(0), (4, vec![]));
        let end = 8 + a.len() + b.len();
        assert_eq!(queued.event_at(4), (end, vec![("a", a.as_bytes()), ("bb", b.as_bytes())]));
        queued.advance(4);
        assert_eq!(queued.rest(), format!("{a}{b}two\n").as_bytes());
        assert_eq!(queued.event_at(0).0, end - 4);
        drop(queued);
        assert!(!budget.is_low());
    }

    #[test]
    fn a_deferred_part_is_inserted_where_it_was_pushed() {
        let mut lines = LineBuffer::default();
        let call = FunctionCall { name: "look_up", tool_call_id: "c1", arguments: None };
        let frame = Frame::FunctionCallInProgress(call);
        let hop = FramePushed {
            source: ProcessorRef::named("Llm"),
            destination: ProcessorRef::named("Tts"),
            direction: Direction::Downstream,
            id: None,
            sibling: None,
            frame: &frame,
        };
        for number in ["1", "2"] {
            lines.push_event(|bytes| bytes.extend(number.bytes()));
            lines.push_deferred(Deferred::of_payload(&hop, &Privacy::default(), || true).unwrap());
            lines.push_event(|bytes| bytes.push(b'\n'));
            lines.push_deferred(processor("a"));
        }
        lines.push_event(|bytes| bytes.extend(b"3\n"));
        let taken = lines.len();
        assert!(taken > 4 * size_of::<Deferred>(), "{taken} bytes");
        let queued = lines.into_queued(&Arc::new(QueueBudget::new(taken)));
        let (payload, a) = (r#"{"function_name":"look_up","tool_call_id":"c1"}"#, line("a"));
        let first = format!("1{payload}\n");
        assert_eq!(queued.rest(), format!("{first}{a}2{payload}\n{a}3\n").as_bytes());
        let described = queued.event_at(first.len()).1;
        assert_eq!(described, [("a", a.as_bytes())]);
        queued.budget.acquire(taken);
    }

    #[test]
    fn the_last_quarter_of_the_budget_is_not_for_audio() {
        let budget = QueueBudget::new(100);
        for (used, accepts_audio, accepts_text) in
            [(74, true, true), (75, false, true), (99, false, true), (100, false, false)]
        {
            budget.acquire(used);
            for audio in
                [FrameKind::InputAudio, FrameKind::TtsAudio, FrameKind::OutputAudio, FrameKind::Other]
            {
                assert_eq!(budget.accepts(audio), accepts_audio, "{audio:?} beside {used}");
            }
            for text in [FrameKind::LlmText, FrameKind::UserStartedSpeaking, FrameKind::Start] {
                assert_eq!(budget.accepts(text), accepts_text, "{text:?} beside {used}");
            }
            budget.release(used);
        }
    }

    #[test]
    fn lost_events_warn_at_each_power_of_ten() {
        let budget = QueueBudget::new(0);
        let warnings: Vec<u64> = (0..2_000).filter_map(|_| budget.count_lost_event()).collect();
        assert_eq!(warnings, [1, 10, 100, 1_000]);
    }
}
