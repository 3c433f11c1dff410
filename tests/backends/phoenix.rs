//! Export to a real Phoenix, verified by its REST and GraphQL interfaces.

mod conversations;
mod server;

use std::thread;

use pipecat_instrument::setup::Protocol;
use serde_json::json;

use self::conversations::{send_recording, send_voice_agent};
use self::server::Phoenix;
use crate::loopback::PROTOCOLS;
use crate::programs::eventually;

const LAST_ANSWER: &str = "Sorry about that. You are booked.";

#[test]
fn every_span_of_a_flowcat_call_arrives_over_http_and_grpc() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let phoenix = &*phoenix;
    thread::scope(|scope| {
        for protocol in PROTOCOLS {
            scope.spawn(move || send_voice_agent(phoenix, protocol));
        }
    });
    for protocol in PROTOCOLS {
        let mut names = phoenix.span_names(&send_voice_agent(phoenix, protocol), 23);
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
fn a_session_has_a_trace_for_each_turn_and_the_last_output() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let id = send_voice_agent(&phoenix, Protocol::HttpProtobuf);
    let session = phoenix.session(&id, 5);
    assert_eq!(session["numTraces"], 5);
    assert_eq!(session["lastOutput"]["value"], LAST_ANSWER);
    // The bot speaks first, so the first turn has no input.
    assert_eq!(session["firstInput"], json!(null));
}

#[test]
fn llm_messages_are_in_order_with_their_tools() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let session = send_voice_agent(&phoenix, Protocol::HttpProtobuf);
    let spans = phoenix.spans(&session, 23);
    let after_tool = spans.iter().find(|span| {
        span["name"] == "pipecat.llm"
            && span["attributes"]["input.value"] == "Wait, is Tuesday free?"
            && span["attributes"]["output.value"] == "Half past nine is free. Shall I book it?"
    });
    let attributes = &after_tool.expect("the LLM call after the result of the tool")["attributes"];
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
fn an_error_is_on_the_span_that_failed() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let session = send_voice_agent(&phoenix, Protocol::HttpProtobuf);
    let spans = phoenix.spans(&session, 23);
    let failed: Vec<_> = spans.iter().filter(|span| span["status_code"] == "ERROR").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["name"], "pipecat.llm");
    assert!(failed[0]["status_message"].as_str().unwrap().contains("503 Service Unavailable"));
    assert_eq!(failed[0]["events"][0]["name"], "exception");
}

/// Uses a recording of Pipecat, as flowcat's client of `OpenAI` reports no tokens.
#[test]
fn token_counts_add_up_and_a_session_has_its_first_input() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let id = send_recording(&phoenix);
    let session = phoenix.session(&id, 2);
    assert_eq!(session["firstInput"]["value"], "What is the weather in Paris?");
    assert_eq!(session["lastOutput"]["value"], "You are welcome.");
    // 150 + 190 + 120, and 12 + 9 + 20.
    let tokens = eventually(|| {
        let tokens = phoenix.session(&id, 2)["tokenUsage"].clone();
        if tokens["total"] == 501.0 { Ok(tokens) } else { Err(format!("{tokens}")) }
    });
    assert_eq!((&tokens["prompt"], &tokens["completion"]), (&json!(460.0), &json!(41.0)));
}

#[test]
fn a_recording_keeps_its_times() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let session = send_recording(&phoenix);
    let spans = phoenix.spans(&session, 10);
    let starts: Vec<&str> = spans.iter().map(|span| span["start_time"].as_str().unwrap()).collect();
    // The log starts at 1795176673173036623 ns and lasts 429 ms.
    assert!(starts.iter().all(|start| start.starts_with("2026-11-20T12:11:13")), "{starts:?}");
}

#[test]
fn conversations_forwarded_by_a_collector_arrive() {
    let Some(phoenix) = Phoenix::shared() else { return };
    let Some(collector) = crate::rotel::Collector::forwarding_to(&phoenix.url()) else { return };
    let sessions = conversations::send_many_through(&collector, 12);
    for session in sessions {
        assert_eq!(phoenix.span_names(&session, 3).len(), 3, "{session}");
    }
}
