//! `pipecat-trace timeline`
#![allow(clippy::unwrap_used, reason = "what fails here is a failing test")]
mod support;
use base64::Engine;
use support::*;
fn shot(b: &mut browser::Browser, name: &str) {
    b.settle();
    let r = b.call("Page.captureScreenshot", serde_json::json!({}));
    let bytes = base64::engine::general_purpose::STANDARD.decode(r["data"].as_str().unwrap()).unwrap();
    std::fs::write(format!("/tmp/shots/{name}.png"), bytes).unwrap();
}
#[test]
fn generates() {
    let log = call::long_call(200, &scratch("long_call"));
    let out = trace(&["timeline", "-o", scratch("long.html").to_str().unwrap()], &[&log]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let mut b = browser::Browser::start("gen", 1600, 1000).unwrap();
    b.prefer("dark");
    b.open(&scratch("long.html"));
    b.click("#transcript li:nth-child(50) .choose");
    shot(&mut b, "3");
    b.press("i");
    b.press("Enter");
    shot(&mut b, "4");
    b.prefer("light");
    for f in [
        "h_error",
        "c3_tool_error",
        "dd_same_tool_twice",
        "own_tool_raises_beside_another",
        "g4_process_died",
        "own_realtime_interrupted",
    ] {
        let p = scratch(&format!("{f}.html"));
        let out = trace(&["timeline", "-o", p.to_str().unwrap()], &[&recording(f)]);
        assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
        b.open(&p);
        shot(&mut b, f);
        eprintln!("{f} {:?} {:?}", b.complaints(), b.requests());
    }
    b.resize(420, 900);
    b.open(&scratch("long.html"));
    b.click("#transcript li:nth-child(7) .choose");
    b.eval("scrollTo(0,0)");
    shot(&mut b, "5");
    b.eval("scrollTo(0,900)");
    shot(&mut b, "6");
}
