//! Runs the models: what must hold in whatever order threads take turns.

use pipecat_instrument_models::instrumentor::loom as global;
use pipecat_instrument_models::observer::loom::{audio_meter, conversation, timer};

#[test]
fn frames_of_two_threads_the_timer_and_the_end() {
    conversation::frames_of_two_threads_the_timer_and_the_end();
}

#[test]
fn a_turn_ends_once() {
    conversation::a_turn_ends_once();
}

#[test]
fn audio_begins_one_synthesis() {
    conversation::audio_begins_one_synthesis();
}

#[test]
fn audio_is_neither_lost_nor_counted_twice() {
    audio_meter::nothing_is_lost_or_counted_twice();
}

#[test]
fn two_who_take_audio_share_what_there_is() {
    audio_meter::two_who_take_share_what_there_is();
}

#[test]
fn later_hops_of_audio_are_not_counted_again() {
    audio_meter::later_hops_are_not_counted_again();
}

#[test]
fn a_nearer_deadline_wakes_a_sleeping_timer() {
    timer::a_nearer_deadline_wakes_a_sleeping_timer();
}

#[test]
fn it_is_switched_on_and_off_while_tasks_are_built() {
    global::set_and_unset_while_a_task_is_built();
}

#[test]
fn one_of_two_switches_it_on() {
    global::one_of_two_sets_it();
}
