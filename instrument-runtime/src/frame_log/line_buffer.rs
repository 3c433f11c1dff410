//! Lines on their way from a conversation to the writer thread.

use std::sync::Arc;

use super::queue_budget::Room;

/// The lines of one event.
#[derive(Default)]
pub(super) struct EventLines {
    /// The processors that are described before it, with their ids. Most events need none.
    pub(super) processors: Vec<(String, Vec<u8>)>,
    /// Its own line.
    pub(super) event: Vec<u8>,
}

/// The lines of consecutive events.
#[derive(Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Where lines that describe a processor begin, and which.
    processors: Vec<(usize, String)>,
}

impl Lines {
    /// Adds one event. Says by how many bytes they have grown.
    pub(super) fn push(&mut self, lines: EventLines) -> usize {
        let before = self.bytes.len();
        for (id, line) in lines.processors {
            self.processors.push((self.bytes.len(), id));
            self.bytes.extend_from_slice(&line);
        }
        self.bytes.extend_from_slice(&lines.event);
        self.bytes.len() - before
    }

    /// The same, held in `room` until they are dropped.
    pub(super) fn held_in(self, room: &Arc<Room>) -> HeldLines {
        HeldLines { lines: self, room: Arc::clone(room), written: 0 }
    }
}

/// Lines that are being written. Their room is free again when they are dropped.
pub(super) struct HeldLines {
    lines: Lines,
    room: Arc<Room>,
    /// Up to where they are written.
    written: usize,
}

impl HeldLines {
    /// Those that are not written yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.lines.bytes[self.written..]
    }

    /// That many bytes of the rest were written.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.written += bytes;
    }

    /// Where in the rest the event that begins at `from` ends, and what it describes before: processors, by id, and
    /// their lines.
    pub(super) fn event_at(&self, from: usize) -> (usize, Vec<(&str, &[u8])>) {
        let mut described = Vec::new();
        let mut begin = self.written + from;
        loop {
            let line = self.line_at(begin);
            let Ok(place) = self.lines.processors.binary_search_by_key(&begin, |(at, _)| *at) else {
                return (begin + line.len() - self.written, described);
            };
            described.push((&*self.lines.processors[place].1, line));
            begin += line.len();
        }
    }

    fn line_at(&self, begin: usize) -> &[u8] {
        let rest = &self.lines.bytes[begin..];
        let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        &rest[..length]
    }
}

impl Drop for HeldLines {
    fn drop(&mut self) {
        self.room.give_back(self.lines.bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{EventLines, Lines};
    use crate::frame_log::queue_budget::Room;

    #[test]
    fn events_are_told_apart_with_what_they_describe() {
        let mut lines = Lines::default();
        lines.push(EventLines { processors: Vec::new(), event: b"one\n".to_vec() });
        let processors = vec![("a".to_owned(), b"A\n".to_vec()), ("b".to_owned(), b"B\n".to_vec())];
        lines.push(EventLines { processors, event: b"two\n".to_vec() });
        let room = Arc::new(Room::new(100));
        room.take(12);
        let mut held = lines.held_in(&room);
        assert_eq!(held.event_at(0), (4, vec![]));
        assert_eq!(held.event_at(4), (12, vec![("a", &b"A\n"[..]), ("b", b"B\n")]));
        held.advance(4);
        assert_eq!(held.rest(), b"A\nB\ntwo\n");
        assert_eq!(held.event_at(0).0, 8);
        drop(held);
        assert!(!room.is_short());
    }
}
