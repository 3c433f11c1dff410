use super::Conventions;

#[test]
fn convention_sets_parse_from_their_display() {
    for (names, set) in [
        ("openinference", Conventions::OPENINFERENCE),
        ("openinference,gen_ai", Conventions::default()),
        ("openinference,openobserve", Conventions::OPENOBSERVE),
        (
            "openinference,gen_ai,pipecat,langfuse",
            Conventions::GEN_AI | Conventions::PIPECAT | Conventions::LANGFUSE,
        ),
    ] {
        assert_eq!(set.to_string(), names);
        assert_eq!(names.parse(), Ok(set));
    }
    assert_eq!(" langfuse , gen_ai".parse(), Ok(Conventions::LANGFUSE | Conventions::GEN_AI));
}

#[test]
fn an_unknown_convention_is_an_error_that_lists_the_valid_ones() {
    assert_eq!(
        "gen_ai,genai".parse::<Conventions>().unwrap_err().to_string(),
        "no convention is called `genai`: choose from openinference, gen_ai, pipecat, langfuse, openobserve"
    );
    assert!("".parse::<Conventions>().is_err());
}

#[test]
fn no_convention_implies_another() {
    let all = [Conventions::GEN_AI, Conventions::PIPECAT, Conventions::LANGFUSE, Conventions::OPENOBSERVE];
    for (index, one) in all.iter().enumerate() {
        for (other, convention) in all.iter().enumerate() {
            assert_eq!(one.contains(*convention), index == other, "{one} and {convention}");
        }
    }
}
