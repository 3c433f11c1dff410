//! The expansion of a frame type, and the table of kinds.

use quote::quote;

use super::kinds::{KINDS, Requirement};
use super::observed_frame;

#[test]
fn enum_expands_to_two_matches() {
    let expanded = observed_frame(quote! {
        #[frame(crate = t)]
        enum Frame<T: Send> {
            #[frame(start)]
            Start,
            #[frame(transcription(text, user_id = speaker.name))]
            Heard { text: String, speaker: Speaker },
            #[frame(tts_audio(.0, sample_rate = 16_000))]
            Speech(Vec<i16>, T),
            #[frame(ignore)]
            Microphone(T),
        }
    });
    let expected = quote! {
        #[automatically_derived]
        impl<T: Send> t::__private::v1::frame::ObservedFrame for Frame<T> {
            #[inline]
            fn kind(&self) -> t::__private::v1::frame::FrameKind {
                match self {
                    Self::Start { .. } => t::__private::v1::frame::FrameKind::Start,
                    Self::Heard { .. } => t::__private::v1::frame::FrameKind::Transcription,
                    Self::Speech { .. } => t::__private::v1::frame::FrameKind::TtsAudio,
                    Self::Microphone { .. } => t::__private::v1::frame::FrameKind::Other,
                }
            }

            fn view(&self) -> t::__private::v1::frame::Frame<'_> {
                match self {
                    Self::Start { .. } => t::__private::v1::frame::Frame::Start,
                    Self::Heard { text: field_text, speaker: field_speaker, .. } => {
                        let speaker = field_speaker;
                        t::__private::v1::frame::Frame::Transcription(t::__private::v1::frame::Transcript {
                            text: t::__private::v1::Text::text(field_text),
                            user_id: t::__private::v1::OptionalText::optional_text(&speaker.name),
                            language: ::core::default::Default::default(),
                        })
                    }
                    Self::Speech { 0: field_0, .. } => t::__private::v1::frame::Frame::TtsAudio(
                        t::__private::v1::frame::Audio {
                            bytes: t::__private::v1::ByteCount::byte_count(field_0),
                            sample_rate: t::__private::v1::Count::count(16_000),
                            channels: 1u16,
                        }
                    ),
                    Self::Microphone { .. } => t::__private::v1::frame::Frame::Other { class: "Microphone" },
                }
            }
        }
    };
    assert_eq!(expanded.to_string(), expected.to_string());
}

#[test]
fn kind_names_are_unique_and_required_arguments_come_first() {
    for (index, kind) in KINDS.iter().enumerate() {
        assert!(!KINDS[..index].iter().any(|earlier| earlier.name == kind.name), "{} twice", kind.name);
        let required: Vec<bool> =
            kind.arguments.iter().map(|argument| argument.requirement == Requirement::Required).collect();
        assert!(required.is_sorted_by(|earlier, later| earlier >= later), "{}", kind.name);
    }
}

#[test]
fn every_mistake_is_reported_in_one_compile() {
    let expanded = observed_frame(quote! {
        enum Frame {
            #[frame(transcription(text = , speaker = name, user_id = .0 +, language language))]
            Heard { text: String, name: String, language: String },
            #[frame(llm_text(words, spacing = Spacing::Between, spacing = other))]
            Token { text: String },
            #[frame(strat)]
            Start,
        }
    })
    .to_string();
    assert_eq!(expanded.matches("compile_error").count(), 7, "{expanded}");
}
