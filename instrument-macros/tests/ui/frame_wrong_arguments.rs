//! Wrong arguments, values and fields: all are reported.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(transcription(text, speaker = speaker))]
    Heard { text: String, speaker: String },
    #[frame(transcription(words))]
    Said { text: String },
    #[frame(tts_audio(samples))]
    Audio { samples: Vec<i16> },
    #[frame(start(text))]
    Start { text: String },
    #[frame(llm_text(text, text = text))]
    Token { text: String },
    #[frame(llm_text(text, reply))]
    Piece { text: String, reply: String },
}

fn main() {}
