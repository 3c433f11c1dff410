//! The events of a simulated call. Each call has its own scenario.

use self::Event::{
    BotStarted, BotStopped, FinalTranscript, InterimTranscript, LlmContext, LlmError, ResponseEnd,
    ResponseStart, ToolCall, ToolResult, TtsStarted, TtsStopped, TtsText, UserStarted, UserStopped,
};

/// An event of a call, besides audio and tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    UserStarted,
    InterimTranscript,
    FinalTranscript,
    UserStopped,
    LlmContext,
    ResponseStart,
    ResponseEnd,
    ToolCall,
    ToolResult,
    LlmError,
    TtsStarted,
    TtsText,
    TtsStopped,
    BotStarted,
    BotStopped,
}

/// The end of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ending {
    /// An end frame.
    End,
    /// A cancel frame.
    Cancel,
    /// The owner of the call closes the observer.
    Close,
    /// The task of the call is dropped.
    Drop,
}

/// The events of one turn, each with its tick of 20 ms.
struct Turn {
    events: &'static [(u32, Event)],
    /// Ticks until the next turn.
    ticks: u32,
}

/// A question and its answer, and then a silence longer than the turn timeout.
const PLAIN: Turn = Turn {
    events: &[
        (0, UserStarted),
        (20, InterimTranscript),
        (60, InterimTranscript),
        (95, FinalTranscript),
        (100, UserStopped),
        (102, LlmContext),
        (110, ResponseStart),
        (120, TtsStarted),
        (126, BotStarted),
        (140, ResponseEnd),
        (150, TtsText),
        (260, TtsStopped),
        (275, BotStopped),
    ],
    ticks: 450,
};

/// The user interrupts the bot.
const INTERRUPTED: Turn = Turn {
    events: &[
        (0, UserStarted),
        (40, FinalTranscript),
        (42, UserStopped),
        (44, LlmContext),
        (50, ResponseStart),
        (60, TtsStarted),
        (65, BotStarted),
        (70, TtsText),
        (90, ResponseEnd),
        (150, UserStarted),
        (151, BotStopped),
        (180, FinalTranscript),
        (182, UserStopped),
    ],
    ticks: 200,
};

/// The response needs a tool call.
const WITH_TOOL: Turn = Turn {
    events: &[
        (0, UserStarted),
        (95, FinalTranscript),
        (100, UserStopped),
        (102, LlmContext),
        (110, ResponseStart),
        (112, ToolCall),
        (113, ResponseEnd),
        (150, ToolResult),
        (152, LlmContext),
        (160, ResponseStart),
        (165, TtsStarted),
        (170, BotStarted),
        (175, TtsText),
        (190, ResponseEnd),
        (260, TtsStopped),
        (265, BotStopped),
    ],
    ticks: 450,
};

/// The LLM call fails.
const FAILED: Turn = Turn {
    events: &[
        (0, UserStarted),
        (95, FinalTranscript),
        (100, UserStopped),
        (102, LlmContext),
        (110, ResponseStart),
        (112, LlmError),
        (113, ResponseEnd),
    ],
    ticks: 300,
};

/// The scenario of one call, and its progress.
pub(crate) struct Scenario {
    seed: u64,
    turns: u64,
    turn: u64,
    tick: u32,
    /// Index of the next event of the turn.
    next: usize,
}

impl Scenario {
    /// Returns the scenario of call `number`, with 2 to 9 turns of all kinds.
    pub(crate) const fn new(number: u64) -> Self {
        // Spread, so that consecutive numbers have different scenarios.
        let seed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        Self { seed, turns: 2 + seed % 8, turn: 0, tick: 0, next: 0 }
    }

    /// Returns a scenario that never ends.
    pub(crate) const fn endless(number: u64) -> Self {
        Self { turns: u64::MAX, ..Self::new(number) }
    }

    fn current_turn(&self) -> &'static Turn {
        match (self.seed + self.turn) % 8 {
            1 | 4 => &INTERRUPTED,
            2 => &WITH_TOOL,
            6 => &FAILED,
            _ => &PLAIN,
        }
    }

    /// Returns the next event of this tick.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        let (at, event) = *self.current_turn().events.get(self.next)?;
        (at <= self.tick).then(|| {
            self.next += 1;
            event
        })
    }

    /// Ends the tick. Returns the end of the call after the last one. A call is dropped or cancelled in the middle of a turn.
    pub(crate) fn advance(&mut self) -> Option<Ending> {
        self.tick += 1;
        let ending = match self.seed % 5 {
            0 => Ending::Cancel,
            1 => Ending::Drop,
            2 => Ending::Close,
            _ => Ending::End,
        };
        let ends_mid_turn = matches!(ending, Ending::Cancel | Ending::Drop) && self.tick == 130;
        if self.turn + 1 == self.turns && ends_mid_turn {
            return Some(ending);
        }
        if self.tick >= self.current_turn().ticks {
            (self.turn, self.tick, self.next) = (self.turn + 1, 0, 0);
        }
        (self.turn == self.turns).then_some(ending)
    }
}
