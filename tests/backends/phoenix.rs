//! A real Phoenix: what flowcat's conversation becomes there, asked by its REST and GraphQL interfaces.

mod asked;
mod conversation;
mod server;

use std::thread;

use pipecat_instrument::setup::Protocol;
use serde_json::json;

use self::conversation::{flowcat, recording};
use self::server::Phoenix;
use crate::real::eventually;

const PROTOCOLS: [Protocol; 2] = [Protocol::HttpProtobuf, Protocol::Grpc];

/// What the bot says last.
const LAST_ANSWER: &str = "Sorry about that. You are booked.";

#[test]
fn flowcats_conversation_arrives_over_http_and_over_grpc() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let phoenix = &*phoenix;
    thread::scope(|scope| {
        for protocol in PROTOCOLS {
            scope.spawn(move || flowcat(phoenix, protocol));
        }
    });
    for protocol in PROTOCOLS {
        let mut names = phoenix.span_names(&flowcat(phoenix, protocol), 23);
        names.sort();
        assert_eq!(
            names,
            [
                vec!["pipecat.conversation.turn"; 5],
                vec!["pipecat.llm"; 7],
                vec!["pipecat.stt"; 5],
                vec!["pipecat.tool.check_calendar"; 1],
                vec!["pipecat.tts"; 5],
            ]
            .concat(),
            "over {protocol}"
        );
    }
}

#[test]
fn its_session_has_five_traces_and_ends_with_the_last_answer() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let session = flowcat(&phoenix, Protocol::HttpProtobuf);
    let shown = phoenix.session(&session, 5);
    assert_eq!(shown["numTraces"], 5);
    assert_eq!(shown["lastOutput"]["value"], LAST_ANSWER);
    // The bot speaks first, so the first turn has no input.
    assert_eq!(shown["firstInput"], json!(null));
}

#[test]
fn messages_of_a_language_model_are_in_order_and_with_their_tools() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let session = flowcat(&phoenix, Protocol::HttpProtobuf);
    let spans = phoenix.spans(&session, 23);
    let after_tool = spans.iter().find(|span| {
        span["name"] == "pipecat.llm"
            && span["attributes"]["input.value"] == "Wait, is Tuesday free?"
            && span["attributes"]["output.value"] == "Half past nine is free. Shall I book it?"
    });
    let attributes = &after_tool.expect("the call after the tool's result")["attributes"];
    let roles: Vec<&str> = (0..8)
        .map(|n| attributes[format!("llm.input_messages.{n}.message.role")].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["system", "assistant", "user", "assistant", "user", "assistant", "user", "tool"]);
    assert_eq!(attributes["llm.input_messages.2.message.content"], "When are you open?");
    assert_eq!(attributes["llm.output_messages.0.message.role"], "assistant");
    let tool = attributes["llm.tools.0.tool.json_schema"].as_str().unwrap();
    assert!(tool.contains("check_calendar"), "{tool}");
}

#[test]
fn an_error_is_seen_where_it_happened() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let session = flowcat(&phoenix, Protocol::HttpProtobuf);
    let spans = phoenix.spans(&session, 23);
    let failed: Vec<_> = spans.iter().filter(|span| span["status_code"] == "ERROR").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["name"], "pipecat.llm");
    assert!(failed[0]["status_message"].as_str().unwrap().contains("503 Service Unavailable"));
    assert_eq!(failed[0]["events"][0]["name"], "exception");
}

/// A recording from Pipecat, for flowcat's client of `OpenAI` tells no tokens.
#[test]
fn token_counts_add_up_and_a_session_shows_its_first_input() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let session = recording(&phoenix);
    let shown = phoenix.session(&session, 2);
    assert_eq!(shown["firstInput"]["value"], "What is the weather in Paris?");
    assert_eq!(shown["lastOutput"]["value"], "You are welcome.");
    // 150 + 190 + 120, and 12 + 9 + 20.
    let tokens = eventually(|| {
        let tokens = phoenix.session(&session, 2)["tokenUsage"].clone();
        if tokens["total"] == 501.0 { Ok(tokens) } else { Err(format!("{tokens}")) }
    });
    assert_eq!((&tokens["prompt"], &tokens["completion"]), (&json!(460.0), &json!(41.0)));
}

#[test]
fn a_recording_has_the_times_at_which_it_was_held() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let session = recording(&phoenix);
    let spans = phoenix.spans(&session, 10);
    let starts: Vec<&str> = spans.iter().map(|span| span["start_time"].as_str().unwrap()).collect();
    // Its first line says 1795176673173036623 ns; it lasts 429 ms.
    assert!(starts.iter().all(|start| start.starts_with("2026-11-20T12:11:13")), "{starts:?}");
}

#[test]
fn what_a_collector_passes_on_arrives_too() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let Some(collector) = crate::rotel::Collector::before(&phoenix.url()) else { return };
    let sessions = conversation::many_through(&collector, 12);
    for session in sessions {
        assert_eq!(phoenix.span_names(&session, 3).len(), 3, "{session}");
    }
}
