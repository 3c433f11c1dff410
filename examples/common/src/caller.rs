//! A simulated caller who follows a script, 20 ms at a time.

use std::time::Duration;

use crate::tone::{FRAME, FRAME_SAMPLES, Pitch, SAMPLE_RATE, pitch_of, speaking_time};

/// Pause between the end of the bot's reply and the caller's next utterance.
const PAUSE_BEFORE_SPEAKING: Duration = Duration::from_millis(500);
/// The caller hangs up after waiting this long for a reply.
const REPLY_TIMEOUT: Duration = Duration::from_secs(20);

/// One utterance of the caller's script.
#[derive(Debug, Clone, Copy)]
pub struct Utterance {
    /// The moment at which the caller starts to speak.
    pub cue: Cue,
    /// The words.
    pub text: &'static str,
}

/// The moment at which the caller starts to speak.
#[derive(Debug, Clone, Copy)]
pub enum Cue {
    /// After the bot has replied and stopped speaking.
    AfterReply,
    /// While the bot is speaking, this long after it started: the caller interrupts.
    IntoReply(Duration),
    /// After both have been silent for this long.
    AfterSilence(Duration),
}

/// Returns the text of the utterance in `script` that has the pitch of `voice`.
pub fn recognize(script: &[Utterance], voice: &[i16], sample_rate: u32) -> Option<&'static str> {
    script.get(pitch_of(voice, sample_rate).utterance_index()).map(|utterance| utterance.text)
}

/// Whether the caller hears the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BotVoice {
    /// The bot is silent.
    Silent,
    /// The bot speaks.
    Speaking,
}

/// Output of the caller's telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerOutput {
    /// 20 ms of microphone audio.
    Audio(Vec<i16>),
    /// The caller hung up.
    HangUp,
}

/// A caller who follows a script and hangs up after the last reply.
#[derive(Debug)]
pub struct Caller {
    script: &'static [Utterance],
    next: usize,
    speech: Option<Speech>,
    silence: Duration,
    bot: BotHeard,
}

/// The utterance that the caller is speaking.
#[derive(Debug)]
struct Speech {
    pitch: Pitch,
    samples_spoken: u32,
    remaining: Duration,
}

/// The speech of the bot that the caller heard since the caller's last utterance.
#[derive(Debug, Default)]
struct BotHeard {
    speaking: Duration,
    silence: Duration,
    has_spoken: bool,
}

impl Caller {
    /// Creates a caller who follows `script`.
    pub fn new(script: &'static [Utterance]) -> Self {
        Self { script, next: 0, speech: None, silence: Duration::ZERO, bot: BotHeard::default() }
    }

    /// Returns the caller's next 20 ms, in which the caller hears `bot`.
    pub fn next_frame(&mut self, bot: BotVoice) -> CallerOutput {
        self.bot.on_frame(bot);
        if self.speech.is_none() {
            self.silence += FRAME;
            match self.script.get(self.next) {
                Some(utterance) if self.is_due(utterance.cue) => self.start(utterance.text),
                None if self.is_due(Cue::AfterReply) => return CallerOutput::HangUp,
                _ if self.silence > REPLY_TIMEOUT => return CallerOutput::HangUp,
                _ => {}
            }
        }
        CallerOutput::Audio(self.speak())
    }

    fn is_due(&self, cue: Cue) -> bool {
        match cue {
            Cue::AfterReply => self.bot.has_spoken && self.bot.silence >= PAUSE_BEFORE_SPEAKING,
            Cue::IntoReply(heard) => self.bot.speaking >= heard,
            Cue::AfterSilence(pause) => self.silence >= pause && self.bot.silence >= pause,
        }
    }

    fn start(&mut self, text: &str) {
        let pitch = Pitch::for_utterance(self.next);
        self.speech = Some(Speech { pitch, samples_spoken: 0, remaining: speaking_time(text) });
        self.next += 1;
    }

    fn speak(&mut self) -> Vec<i16> {
        let Some(speech) = &mut self.speech else { return vec![0; FRAME_SAMPLES as usize] };
        let voice = speech.pitch.voice(SAMPLE_RATE, speech.samples_spoken, FRAME_SAMPLES);
        speech.samples_spoken += FRAME_SAMPLES;
        speech.remaining = speech.remaining.saturating_sub(FRAME);
        if speech.remaining.is_zero() {
            self.speech = None;
            self.silence = Duration::ZERO;
            self.bot = BotHeard::default();
        }
        voice
    }
}

impl BotHeard {
    fn on_frame(&mut self, bot: BotVoice) {
        match bot {
            BotVoice::Speaking => {
                self.has_spoken = true;
                self.speaking += FRAME;
                self.silence = Duration::ZERO;
            }
            BotVoice::Silent => {
                self.speaking = Duration::ZERO;
                self.silence += FRAME;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BotVoice, Caller, CallerOutput, Cue, Duration, Utterance};
    use crate::tone::is_voiced;

    /// Counts the frames in which the caller speaks, out of `frames` in which the bot is `bot`.
    fn voiced(caller: &mut Caller, frames: usize, bot: BotVoice) -> usize {
        let audio = (0..frames).map(|_| caller.next_frame(bot));
        audio.filter(|frame| matches!(frame, CallerOutput::Audio(pcm) if is_voiced(pcm))).count()
    }

    #[test]
    fn caller_speaks_half_a_second_after_the_reply() {
        let mut caller = Caller::new(&[Utterance { cue: Cue::AfterReply, text: "Fifteen letters" }]);
        assert_eq!(voiced(&mut caller, 100, BotVoice::Silent), 0);
        assert_eq!(voiced(&mut caller, 10, BotVoice::Speaking), 0);
        assert_eq!(voiced(&mut caller, 24, BotVoice::Silent), 0);
        assert_eq!(voiced(&mut caller, 100, BotVoice::Silent), 50);
    }

    #[test]
    fn caller_interrupts_after_hearing_enough() {
        const CUE: Cue = Cue::IntoReply(Duration::from_millis(200));
        let mut caller = Caller::new(&[Utterance { cue: CUE, text: "Fifteen letters" }]);
        assert_eq!(voiced(&mut caller, 9, BotVoice::Speaking), 0);
        assert_eq!(voiced(&mut caller, 1, BotVoice::Speaking), 1);
    }

    #[test]
    fn caller_speaks_after_a_silence() {
        const CUE: Cue = Cue::AfterSilence(Duration::from_millis(100));
        let mut caller = Caller::new(&[Utterance { cue: CUE, text: "Fifteen letters" }]);
        assert_eq!(voiced(&mut caller, 4, BotVoice::Silent), 0);
        assert_eq!(voiced(&mut caller, 1, BotVoice::Silent), 1);
    }

    #[test]
    fn caller_hangs_up_after_the_last_reply_or_a_timeout() {
        let mut caller = Caller::new(&[]);
        assert_eq!(voiced(&mut caller, 10, BotVoice::Speaking), 0);
        assert!((0..25).any(|_| caller.next_frame(BotVoice::Silent) == CallerOutput::HangUp));

        let mut caller = Caller::new(&[]);
        assert!((0..1_100).any(|_| caller.next_frame(BotVoice::Silent) == CallerOutput::HangUp));
    }
}
