//! The user: a caller who follows a script, 20 ms at a time.

use std::time::Duration;

use super::tone::{FRAME, FRAME_SAMPLES, Pitch, SAMPLE_RATE, pitch_of, speaking_time};

/// A breath between the bot's last word and the caller's first.
const BREATH: Duration = Duration::from_millis(500);
/// A caller who waits this long for a reply hangs up.
const PATIENCE: Duration = Duration::from_secs(20);

/// One line of the caller's script.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Say {
    /// What the caller waits for.
    pub(crate) when: Cue,
    /// What the caller then says.
    pub(crate) text: &'static str,
}

/// What a caller waits for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cue {
    /// The bot has replied, and is silent again.
    AfterReply,
    /// The bot has been speaking this long: the caller cuts in.
    IntoReply(Duration),
    /// Nobody has said anything for this long.
    AfterSilence(Duration),
}

/// Which line of `script` is spoken in `voice`.
pub(crate) fn line_spoken(script: &[Say], voice: &[i16], sample_rate: u32) -> Option<&'static str> {
    script.get(pitch_of(voice, sample_rate).utterance()).map(|line| line.text)
}

/// What comes from the bot, as far as a caller can hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bot {
    /// Nothing.
    Silent,
    /// Its voice.
    Speaking,
}

/// What comes from the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FromCaller {
    /// 20 ms of what the microphone picks up.
    Audio(Vec<i16>),
    /// The end of the call.
    HangUp,
}

/// A caller on the line.
#[derive(Debug)]
pub(crate) struct Caller {
    script: &'static [Say],
    next: usize,
    speech: Option<Speech>,
    /// How long the caller has been silent.
    silent: Duration,
    bot: HeardOfBot,
}

/// An utterance under way.
#[derive(Debug)]
struct Speech {
    pitch: Pitch,
    /// In samples.
    said: u32,
    left: Duration,
}

/// What the caller has heard of the bot since last speaking.
#[derive(Debug, Default)]
struct HeardOfBot {
    speaking: Duration,
    silent: Duration,
    has_spoken: bool,
}

impl Caller {
    /// A caller who will say what `script` says, and hang up after the last reply.
    pub(crate) fn new(script: &'static [Say]) -> Self {
        Self { script, next: 0, speech: None, silent: Duration::ZERO, bot: HeardOfBot::default() }
    }

    /// The next 20 ms, in which the caller hears `bot`.
    pub(crate) fn next_frame(&mut self, bot: Bot) -> FromCaller {
        self.bot.listen(bot);
        if self.speech.is_none() {
            self.silent += FRAME;
            match self.script.get(self.next) {
                Some(line) if self.hears(line.when) => self.begin(line.text),
                None if self.hears(Cue::AfterReply) => return FromCaller::HangUp,
                _ if self.silent > PATIENCE => return FromCaller::HangUp,
                _ => {}
            }
        }
        FromCaller::Audio(self.speak())
    }

    fn hears(&self, cue: Cue) -> bool {
        match cue {
            Cue::AfterReply => self.bot.has_spoken && self.bot.silent >= BREATH,
            Cue::IntoReply(heard) => self.bot.speaking >= heard,
            Cue::AfterSilence(pause) => self.silent >= pause && self.bot.silent >= pause,
        }
    }

    fn begin(&mut self, text: &str) {
        self.speech =
            Some(Speech { pitch: Pitch::of_utterance(self.next), said: 0, left: speaking_time(text) });
        self.next += 1;
    }

    fn speak(&mut self) -> Vec<i16> {
        let Some(speech) = &mut self.speech else { return vec![0; FRAME_SAMPLES as usize] };
        let voice = speech.pitch.voice(SAMPLE_RATE, speech.said, FRAME_SAMPLES);
        speech.said += FRAME_SAMPLES;
        speech.left = speech.left.saturating_sub(FRAME);
        if speech.left.is_zero() {
            self.speech = None;
            self.silent = Duration::ZERO;
            self.bot = HeardOfBot::default();
        }
        voice
    }
}

impl HeardOfBot {
    fn listen(&mut self, bot: Bot) {
        match bot {
            Bot::Speaking => {
                self.has_spoken = true;
                self.speaking += FRAME;
                self.silent = Duration::ZERO;
            }
            Bot::Silent => {
                self.speaking = Duration::ZERO;
                self.silent += FRAME;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bot, Caller, Cue, Duration, FromCaller, Say};
    use crate::telephone::tone::is_voiced;

    /// How many frames the caller speaks, out of `frames` in which the bot does what `bot` says.
    fn voiced(caller: &mut Caller, frames: usize, bot: Bot) -> usize {
        let audio = (0..frames).map(|_| caller.next_frame(bot));
        audio.filter(|frame| matches!(frame, FromCaller::Audio(pcm) if is_voiced(pcm))).count()
    }

    #[test]
    fn a_caller_lets_the_bot_finish_takes_a_breath_and_speaks() {
        let mut caller = Caller::new(&[Say { when: Cue::AfterReply, text: "Fifteen letters" }]);
        assert_eq!(voiced(&mut caller, 100, Bot::Silent), 0);
        assert_eq!(voiced(&mut caller, 10, Bot::Speaking), 0);
        assert_eq!(voiced(&mut caller, 24, Bot::Silent), 0);
        assert_eq!(voiced(&mut caller, 100, Bot::Silent), 50);
    }

    #[test]
    fn a_caller_cuts_in_after_having_heard_enough() {
        const CUE: Cue = Cue::IntoReply(Duration::from_millis(200));
        let mut caller = Caller::new(&[Say { when: CUE, text: "Fifteen letters" }]);
        assert_eq!(voiced(&mut caller, 9, Bot::Speaking), 0);
        assert_eq!(voiced(&mut caller, 1, Bot::Speaking), 1);
    }

    #[test]
    fn a_caller_asks_again_when_nobody_answers() {
        const CUE: Cue = Cue::AfterSilence(Duration::from_millis(100));
        let mut caller = Caller::new(&[Say { when: CUE, text: "Fifteen letters" }]);
        assert_eq!(voiced(&mut caller, 4, Bot::Silent), 0);
        assert_eq!(voiced(&mut caller, 1, Bot::Silent), 1);
    }

    #[test]
    fn a_caller_hangs_up_after_the_last_reply_or_when_none_comes() {
        let mut caller = Caller::new(&[]);
        assert_eq!(voiced(&mut caller, 10, Bot::Speaking), 0);
        assert!((0..25).any(|_| caller.next_frame(Bot::Silent) == FromCaller::HangUp));

        let mut caller = Caller::new(&[]);
        assert!((0..1_100).any(|_| caller.next_frame(Bot::Silent) == FromCaller::HangUp));
    }
}
