//! Which traces are kept: `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`.

use opentelemetry_sdk::trace::Sampler;

use super::Overrides;
use crate::export::env_reader::Reader;

const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const SAMPLER_ARG: &str = "OTEL_TRACES_SAMPLER_ARG";

#[derive(Clone, Copy)]
enum Root {
    On,
    Off,
    Ratio,
}

#[derive(Clone, Copy)]
enum Parent {
    Asked,
    Ignored,
}

pub(super) fn read(said: &Overrides, reader: &mut Reader<'_>) -> Sampler {
    if let Some(sampler) = &said.sampler {
        return sampler.clone();
    }
    let choices = [
        ("parentbased_always_on", (Root::On, Parent::Asked)),
        ("parentbased_always_off", (Root::Off, Parent::Asked)),
        ("parentbased_traceidratio", (Root::Ratio, Parent::Asked)),
        ("always_on", (Root::On, Parent::Ignored)),
        ("always_off", (Root::Off, Parent::Ignored)),
        ("traceidratio", (Root::Ratio, Parent::Ignored)),
    ];
    let (root, parent) = reader.choice(SAMPLER, &choices).unwrap_or((Root::On, Parent::Asked));
    let root = match root {
        Root::On => Sampler::AlwaysOn,
        Root::Off => Sampler::AlwaysOff,
        Root::Ratio => Sampler::TraceIdRatioBased(ratio(reader)),
    };
    match parent {
        Parent::Asked => Sampler::ParentBased(Box::new(root)),
        Parent::Ignored => root,
    }
}

/// A share from 0 to 1; all of it where nothing, or nonsense, is said.
fn ratio(reader: &mut Reader<'_>) -> f64 {
    let Some(text) = reader.text(SAMPLER_ARG) else { return 1.0 };
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.unwrap_or_else(|| {
        reader.misread(SAMPLER_ARG, text, "a share from 0 to 1, as 0.1");
        1.0
    })
}
