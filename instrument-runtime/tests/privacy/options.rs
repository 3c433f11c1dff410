//! The hide options, and sets of them.

use pipecat_instrument_runtime::emit::Conventions;
use pipecat_instrument_runtime::privacy::TraceConfig;

/// A hide option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden {
    Inputs,
    Outputs,
    InputMessages,
    OutputMessages,
    InputText,
    OutputText,
    InputImages,
    InvocationParameters,
    Tools,
}

impl Hidden {
    pub(crate) const ALL: [Self; 9] = [
        Self::Inputs,
        Self::Outputs,
        Self::InputMessages,
        Self::OutputMessages,
        Self::InputText,
        Self::OutputText,
        Self::InputImages,
        Self::InvocationParameters,
        Self::Tools,
    ];
}

/// Settings that hide exactly `hidden`, independent of the environment.
pub(crate) fn hiding(hidden: &[Hidden]) -> TraceConfig {
    let hide = |option| hidden.contains(&option);
    TraceConfig::default()
        .hide_inputs(hide(Hidden::Inputs))
        .hide_outputs(hide(Hidden::Outputs))
        .hide_input_messages(hide(Hidden::InputMessages))
        .hide_output_messages(hide(Hidden::OutputMessages))
        .hide_input_text(hide(Hidden::InputText))
        .hide_output_text(hide(Hidden::OutputText))
        .hide_input_images(hide(Hidden::InputImages))
        .hide_llm_invocation_parameters(hide(Hidden::InvocationParameters))
        .hide_llm_tools(hide(Hidden::Tools))
        .base64_image_max_length(32_000)
}

/// Returns every combination of options.
pub(crate) fn every_combination() -> impl Iterator<Item = Vec<Hidden>> {
    (0..1_usize << Hidden::ALL.len()).map(|bits| subset(&Hidden::ALL, bits))
}

/// Returns no option, all options, and each alone.
pub(crate) fn each_option() -> Vec<Vec<Hidden>> {
    let alone = Hidden::ALL.into_iter().map(|option| vec![option]);
    [vec![], Hidden::ALL.to_vec()].into_iter().chain(alone).collect()
}

/// Returns every set of conventions.
pub(crate) fn every_set_of_conventions() -> impl Iterator<Item = Conventions> {
    const ALONE: [Conventions; 4] =
        [Conventions::GEN_AI, Conventions::PIPECAT, Conventions::LANGFUSE, Conventions::OPENOBSERVE];
    (0..1_usize << ALONE.len()).map(|bits| {
        subset(&ALONE, bits).into_iter().fold(Conventions::OPENINFERENCE, |set, convention| set | convention)
    })
}

fn subset<T: Copy>(all: &[T], bits: usize) -> Vec<T> {
    let chosen = all.iter().enumerate().filter(|(index, _)| bits >> index & 1 == 1);
    chosen.map(|(_, member)| *member).collect()
}
