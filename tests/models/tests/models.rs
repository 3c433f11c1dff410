//! Runs the loom models.

use pipecat_instrument_models::instrumentor::loom as global;
use pipecat_instrument_models::observer::loom::{audio_meter, conversation, timer};

#[test]
fn frames_from_two_threads_meet_the_timer_and_the_end() {
    conversation::frames_from_two_threads_meet_the_timer_and_the_end();
}

#[test]
fn turn_ends_once() {
    conversation::turn_ends_once();
}

#[test]
fn concurrent_audio_starts_one_synthesis() {
    conversation::concurrent_audio_starts_one_synthesis();
}

#[test]
fn audio_is_neither_lost_nor_counted_twice() {
    audio_meter::audio_is_neither_lost_nor_counted_twice();
}

#[test]
fn concurrent_drains_share_the_audio() {
    audio_meter::concurrent_drains_share_the_audio();
}

#[test]
fn later_hops_of_audio_are_not_counted_again() {
    audio_meter::later_hops_are_not_counted_again();
}

#[test]
fn nearer_deadline_wakes_a_sleeping_timer() {
    timer::nearer_deadline_wakes_a_sleeping_timer();
}

#[test]
fn provider_is_set_and_unset_while_a_task_is_built() {
    global::set_and_unset_while_a_task_is_built();
}

#[test]
fn one_of_two_threads_sets_the_provider() {
    global::one_of_two_sets_it();
}
