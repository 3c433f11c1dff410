//! The way from a conversation to the writer thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use super::log_file::LogFile;

/// How much may wait for the writer thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Events of all conversations together.
    pub(super) events: usize,
    /// Bytes of their lines: an event is let in while there are fewer.
    pub(super) bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { events: 8_192, bytes: 32 << 20 }
    }
}

/// What the writer thread is told.
pub(super) enum Message {
    /// The lines of one event.
    Event { file: Arc<LogFile>, lines: EventLines, place: Place },
    /// The log is complete but for its last line: it is of so many events, and lacks so many.
    End { file: Arc<LogFile>, events: u64, dropped: u64 },
    /// Tell when all that came before is written.
    Flush(Sender<()>),
}

/// The lines of one event.
#[derive(Default)]
pub(super) struct EventLines {
    /// The processors that are described before it, with their ids. Most events need none.
    pub(super) processors: Vec<(String, Vec<u8>)>,
    /// Its own line.
    pub(super) event: Vec<u8>,
}

impl EventLines {
    /// How many bytes they are.
    pub(super) fn len(&self) -> usize {
        self.event.len() + self.processors.iter().map(|(_, line)| line.len()).sum::<usize>()
    }
}

/// Counts what waits, so that it stays within its bounds.
///
/// The channel itself has none: a footer always gets in, behind its events, and there is but one a conversation.
#[derive(Debug)]
pub(super) struct Room {
    bounds: Bounds,
    events: AtomicUsize,
    bytes: AtomicUsize,
}

impl Room {
    pub(super) const fn new(bounds: Bounds) -> Self {
        Self { bounds, events: AtomicUsize::new(0), bytes: AtomicUsize::new(0) }
    }

    /// The place of one event, if there is one.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let one_more = |events| (events < self.bounds.events).then_some(events + 1);
        let is_free = self.bytes.load(Ordering::Relaxed) < self.bounds.bytes
            && self.events.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok();
        is_free.then(|| Place { room: Arc::clone(self), bytes: 0 })
    }
}

/// The place of one event that waits. It is free again when this is dropped.
pub(super) struct Place {
    room: Arc<Room>,
    bytes: usize,
}

impl Place {
    /// The same place, with so much in it.
    pub(super) fn filled(mut self, bytes: usize) -> Self {
        self.room.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.events.fetch_sub(1, Ordering::Relaxed);
        self.room.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Bounds, Room};

    #[test]
    fn there_is_room_for_so_many_events_and_bytes() {
        let room = Arc::new(Room::new(Bounds { events: 2, bytes: 100 }));
        let small = room.take().unwrap().filled(99);
        let large = room.take().unwrap().filled(1_000);
        assert!(room.take().is_none(), "two events wait");
        drop(small);
        assert!(room.take().is_none(), "too many bytes wait");
        drop(large);
        assert!(room.take().is_some());
    }
}
