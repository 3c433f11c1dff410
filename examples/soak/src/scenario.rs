//! What happens in a call, and when: each call has another scenario.

use self::Event::{
    AnswerEnds, AnswerStarts, Asks, BotStarts, BotStops, CallsTool, Fails, Heard, Interim, SpeechStarts,
    SpeechStops, Spoken, ToolAnswers, UserStarts, UserStops,
};

/// What happens, besides audio and tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    UserStarts,
    Interim,
    Heard,
    UserStops,
    Asks,
    AnswerStarts,
    AnswerEnds,
    CallsTool,
    ToolAnswers,
    Fails,
    SpeechStarts,
    Spoken,
    SpeechStops,
    BotStarts,
    BotStops,
}

/// How a call ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ending {
    /// With an end frame.
    End,
    /// With a cancel frame.
    Cancel,
    /// Closed by its owner.
    Close,
    /// Its task goes away.
    Drop,
}

/// One turn: what happens at which tick of 20 ms, and how long it takes until the next.
struct Scene {
    events: &'static [(u32, Event)],
    ticks: u32,
}

/// Question and answer; then a silence in which the turn's timeout passes.
const PLAIN: Scene = Scene {
    events: &[
        (0, UserStarts),
        (20, Interim),
        (60, Interim),
        (95, Heard),
        (100, UserStops),
        (102, Asks),
        (110, AnswerStarts),
        (120, SpeechStarts),
        (126, BotStarts),
        (140, AnswerEnds),
        (150, Spoken),
        (260, SpeechStops),
        (275, BotStops),
    ],
    ticks: 450,
};

/// The user speaks while the bot does.
const INTERRUPTED: Scene = Scene {
    events: &[
        (0, UserStarts),
        (40, Heard),
        (42, UserStops),
        (44, Asks),
        (50, AnswerStarts),
        (60, SpeechStarts),
        (65, BotStarts),
        (70, Spoken),
        (90, AnswerEnds),
        (150, UserStarts),
        (151, BotStops),
        (180, Heard),
        (182, UserStops),
    ],
    ticks: 200,
};

/// The answer needs a function call.
const WITH_TOOL: Scene = Scene {
    events: &[
        (0, UserStarts),
        (95, Heard),
        (100, UserStops),
        (102, Asks),
        (110, AnswerStarts),
        (112, CallsTool),
        (113, AnswerEnds),
        (150, ToolAnswers),
        (152, Asks),
        (160, AnswerStarts),
        (165, SpeechStarts),
        (170, BotStarts),
        (175, Spoken),
        (190, AnswerEnds),
        (260, SpeechStops),
        (265, BotStops),
    ],
    ticks: 450,
};

/// The model fails.
const FAILED: Scene = Scene {
    events: &[
        (0, UserStarts),
        (95, Heard),
        (100, UserStops),
        (102, Asks),
        (110, AnswerStarts),
        (112, Fails),
        (113, AnswerEnds),
    ],
    ticks: 300,
};

/// The scenario of one call, and how far it has come.
pub(crate) struct Scenario {
    seed: u64,
    turns: u64,
    turn: u64,
    tick: u32,
    /// The next event of this turn's scene.
    next: usize,
}

impl Scenario {
    /// The scenario of call number `number`: 2 to 9 turns, of each kind some.
    pub(crate) const fn of(number: u64) -> Self {
        // Spread, so that calls of consecutive numbers have little in common.
        let seed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        Self { seed, turns: 2 + seed % 8, turn: 0, tick: 0, next: 0 }
    }

    /// A call that only its process ends.
    pub(crate) const fn without_end(number: u64) -> Self {
        Self { turns: u64::MAX, ..Self::of(number) }
    }

    fn scene(&self) -> &'static Scene {
        match (self.seed + self.turn) % 8 {
            1 | 4 => &INTERRUPTED,
            2 => &WITH_TOOL,
            6 => &FAILED,
            _ => &PLAIN,
        }
    }

    /// What happens at this tick, one after the other.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        let (at, event) = *self.scene().events.get(self.next)?;
        (at <= self.tick).then(|| {
            self.next += 1;
            event
        })
    }

    /// The tick is over, and perhaps the call. One that is dropped, or cancelled, is so in the middle of a turn.
    pub(crate) fn advance(&mut self) -> Option<Ending> {
        self.tick += 1;
        let ending = match self.seed % 5 {
            0 => Ending::Cancel,
            1 => Ending::Drop,
            2 => Ending::Close,
            _ => Ending::End,
        };
        let in_the_middle = matches!(ending, Ending::Cancel | Ending::Drop) && self.tick == 130;
        if self.turn + 1 == self.turns && in_the_middle {
            return Some(ending);
        }
        if self.tick >= self.scene().ticks {
            (self.turn, self.tick, self.next) = (self.turn + 1, 0, 0);
        }
        (self.turn == self.turns).then_some(ending)
    }
}
