//! What holds of the spans of any pipeline, in any words.

use proptest::prelude::*;

use super::{EmitVariant, check, export};
use crate::testing::synthetic::arbitrary::{hops, signals};

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_span_that_leaves_is_whole_and_says_nothing_hidden(
        signals in signals(),
        hops in hops(),
        variant in any::<u8>().prop_map(EmitVariant::from_byte),
    ) {
        check(&export(signals, &hops, variant), variant);
    }
}
