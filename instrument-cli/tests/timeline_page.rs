//! The page of `pipecat-trace timeline` in a real browser. Skipped where there is no Chromium, but not under `CI=true`.
#![allow(clippy::unwrap_used, reason = "a failure here fails the test")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::browser::Browser;
use support::call::{self, Call};
use support::{recording, scratch, stderr, trace};

fn page_of(name: &str, logs: &[&Path]) -> PathBuf {
    let page = scratch(&format!("page-{name}.html"));
    let output = trace(&["timeline", "-o", page.to_str().unwrap()], logs);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    page
}

/// Opens the page of a recording in a window of common size.
fn open(name: &str) -> Option<Browser> {
    let mut browser = Browser::start(name, 1400, 900)?;
    browser.open(&page_of(name, &[&recording(name)]));
    Some(browser)
}

/// Asserts that the page had no errors and requested nothing.
fn assert_quiet(mut browser: Browser) {
    assert_eq!(browser.problems(), Vec::<String>::new());
    assert_eq!(browser.requests(), Vec::<String>::new());
}

/// Counts the bars of a lane. A bar whose first part is pale counts once.
fn bars(browser: &mut Browser, lane: &str) -> u64 {
    browser.count(&format!(".bar.is-solid[data-lane={lane}]"))
}

/// Returns the left edge and the width of the second turn's bar in a lane.
fn second_bar(browser: &mut Browser, lane: &str) -> (f64, f64) {
    let at = |what: &str| {
        format!(
            "Number(document.querySelector('.bar.is-solid[data-lane={lane}][data-turn=\"1\"]').getAttribute('{what}'))"
        )
    };
    (browser.number(&at("x")), browser.number(&at("width")))
}

fn selected_turn(browser: &mut Browser) -> u64 {
    browser
        .text("document.querySelector('#transcript .is-selected .select-turn').textContent")
        .parse()
        .unwrap()
}

#[test]
fn lanes_and_turns_match_the_log() {
    let Some(mut browser) = open("c_tool") else { return };
    for (lane, count) in [("user", 2), ("stt", 2), ("llm", 3), ("tool", 1), ("tts", 2), ("bot", 2)] {
        assert_eq!(bars(&mut browser, lane), count, "{lane}");
    }
    let left = |lane: &str, nth: usize| {
        format!(
            "Number([...document.querySelectorAll('[data-lane={lane}].is-solid')][{nth}].getAttribute('x'))"
        )
    };
    let order =
        [left("stt", 0), left("llm", 0), left("tool", 0), left("llm", 1), left("tts", 0), left("stt", 1)];
    let order: Vec<f64> = order.iter().map(|expression| browser.number(expression)).collect();
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(browser.text("document.querySelector('#call-name').textContent"), "conv-c_tool");
    let said = browser
        .text("[...document.querySelectorAll('#transcript .what')].map((e) => e.textContent).join('|')");
    assert_eq!(said, "What is the weather in Paris?|It is 21 degrees in Paris.|Thanks.|You are welcome.");
    assert_eq!(browser.count("#turns tbody tr"), 2);
    assert!(browser.text("document.querySelector('#turn').textContent").contains("{\"city\":\"Paris\"}"));
    assert_quiet(browser);
}

#[test]
fn an_interruption_is_marked_with_its_unheard_text() {
    let Some(mut browser) = open("b_interrupt") else { return };
    let bot = "document.querySelector('#transcript li:nth-child(1) .was-interrupted .what')";
    assert!(browser.text(&format!("{bot}.textContent")).starts_with("Once upon a time there was a fox."));
    assert!(browser.text(&format!("{bot}.querySelector('del').textContent")).starts_with("The fox lived"));
    assert_eq!(browser.count(".interruption-mark"), 1);
    // The mark is at the start of the next turn.
    let mark = browser.number("Number(document.querySelector('.interruption-line').getAttribute('x1'))");
    let next = browser
        .number("Number([...document.querySelectorAll('[data-lane=stt].is-solid')][1].getAttribute('x'))");
    assert!((mark - next).abs() < 2.0, "{mark} {next}");
    assert_quiet(browser);
}

#[test]
fn wait_of_a_user_who_repeats_counts_from_the_first_words() {
    let Some(mut browser) = open("own_azure_transcribe_polly") else { return };
    let waits = "[...document.querySelectorAll('#transcript .latency')].map((e) => e.textContent).join('|')";
    assert_eq!(browser.text(waits), "waited 1.07 s|waited 1.52 s|waited 1.36 s|waited 3.46 s");
    assert_quiet(browser);
}

#[test]
fn errors_are_marked_at_their_time_and_lane() {
    let Some(mut browser) = open("h_error") else { return };
    assert_eq!(browser.count(".error-mark"), 2);
    let lane = browser.number("Number(document.querySelector('[data-lane=llm]').getAttribute('y'))");
    let mark = browser.number("Number(document.querySelector('.error-mark').getAttribute('cy'))");
    assert!((lane..lane + 22.0).contains(&mark), "{mark} is in the lane at {lane}");
    browser.hover(".error-mark");
    assert!(browser.text("document.querySelector('#tip').textContent").contains("429 rate limited"));
    assert_quiet(browser);
}

#[test]
fn keys_zoom_move_and_select() {
    let Some(mut browser) = open("vv_fast_turns") else { return };
    browser.eval("document.querySelector('#lanes').focus()");
    let full = second_bar(&mut browser, "stt");
    browser.press("+");
    let near = second_bar(&mut browser, "stt");
    assert!(near.1 > full.1 * 1.3, "{near:?} is larger than {full:?}");
    browser.press("ArrowLeft");
    let moved = second_bar(&mut browser, "stt");
    assert!(moved.0 > near.0, "{moved:?} lies to the right of {near:?}");
    browser.press("ArrowRight");
    browser.press("-");
    browser.press("0");
    let again = second_bar(&mut browser, "stt");
    assert!((again.0 - full.0).abs() < 0.01 && (again.1 - full.1).abs() < 0.01, "{again:?} {full:?}");

    assert_eq!(selected_turn(&mut browser), 1);
    browser.press("j");
    browser.press("j");
    assert_eq!(selected_turn(&mut browser), 3);
    browser.press("k");
    assert_eq!(selected_turn(&mut browser), 2);
    assert!(browser.text("document.querySelector('#turn-title').textContent").starts_with("Turn 2 · "));
    assert!(browser.text("document.querySelector('#announcement').textContent").starts_with("Turn 2, "));
    browser.press("Enter");
    let band =
        browser.number("Number(document.querySelector('#drawing .band.is-selected').getAttribute('width'))");
    assert!(band > browser.number("document.querySelector('#lanes').clientWidth") * 0.7, "{band}");
    assert_quiet(browser);
}

#[test]
fn keys_select_interruptions_and_errors() {
    let Some(mut browser) = Browser::start("find", 1400, 900) else { return };
    browser.open(&page_of("find", &[&call::long_call(60, &scratch("page-find"))]));
    browser.click("#transcript li:nth-child(3) .select-turn");
    assert_eq!(selected_turn(&mut browser), 3);
    browser.press("i");
    assert_eq!(selected_turn(&mut browser), 7);
    browser.press("i");
    assert_eq!(selected_turn(&mut browser), 14);
    browser.press("e");
    assert_eq!(selected_turn(&mut browser), 50);
    assert_eq!(browser.text("document.activeElement.textContent"), "50", "the focus goes with it");
    assert_quiet(browser);
}

#[test]
fn the_mouse_zooms_moves_and_selects() {
    let Some(mut browser) = open("vv_fast_turns") else { return };
    let full = second_bar(&mut browser, "stt");
    browser.wheel("#lanes", -200.0);
    let near = second_bar(&mut browser, "stt");
    assert!(near.1 > full.1 * 1.2, "{near:?} is larger than {full:?}");
    browser.drag("#lanes", 120.0);
    let moved = second_bar(&mut browser, "stt");
    assert!((moved.0 - near.0 - 120.0).abs() < 3.0, "{moved:?} was dragged from {near:?}");
    browser.click("#zoom-all");
    assert!((second_bar(&mut browser, "stt").1 - full.1).abs() < 0.01);
    browser.click("[data-lane=stt][data-turn='2']");
    assert_eq!(selected_turn(&mut browser), 3);
    assert_quiet(browser);
}

#[test]
fn clicking_a_transcript_turn_moves_the_lanes() {
    let Some(mut browser) = Browser::start("moves", 1400, 900) else { return };
    browser.open(&page_of("moves", &[&call::long_call(60, &scratch("page-moves"))]));
    assert!(browser.text("document.querySelector('#visible').textContent").starts_with("0:00"));
    browser.click("#transcript li:nth-child(40)");
    assert_eq!(selected_turn(&mut browser), 40);
    let band = "document.querySelector('#drawing .band.is-selected').getBoundingClientRect()";
    let lanes = "document.querySelector('#lanes').getBoundingClientRect()";
    assert_eq!(browser.eval(&format!("{band}.left > {lanes}.left && {band}.right < {lanes}.right")), true);
    assert!(browser.number(&format!("{band}.width")) > 60.0, "large enough to be seen");
    assert_quiet(browser);
}

#[test]
fn clicking_a_column_sorts_the_table() {
    let Some(mut browser) = Browser::start("sorted", 1400, 900) else { return };
    browser.open(&page_of("sorted", &[&call::long_call(30, &scratch("page-sorted"))]));
    let column = |name: &str| {
        format!(
            "(() => {{ const at = [...document.querySelectorAll('#turns th')].findIndex((head) => \
             head.textContent === '{name}'); return [...document.querySelectorAll('#turns tbody tr')].map((row) => \
             CALLS_ROW(row, at)); }})()"
        )
        .replace("CALLS_ROW(row, at)", "row.children[at].textContent")
    };
    let seconds = |text: &str| {
        let (number, unit) = text.split_once(' ').unwrap();
        number.parse::<f64>().unwrap() * if unit == "s" { 1_000.0 } else { 1.0 }
    };
    let heads = "[...document.querySelectorAll('#turns th button')]";
    browser.eval(&format!("{heads}.find((button) => button.textContent === 'user→bot').click()"));
    let waits = browser.eval(&column("user→bot"));
    let up: Vec<f64> = waits.as_array().unwrap().iter().map(|text| seconds(text.as_str().unwrap())).collect();
    assert!(up.len() == 30 && up.is_sorted(), "{up:?}");
    browser.eval(&format!("{heads}.find((button) => button.textContent === 'user→bot').click()"));
    let waits = browser.eval(&column("user→bot"));
    let down: Vec<f64> =
        waits.as_array().unwrap().iter().map(|text| seconds(text.as_str().unwrap())).collect();
    assert!(down.iter().rev().is_sorted(), "{down:?}");
    let sorted = browser.text("document.querySelector('#turns th[aria-sort]').textContent");
    assert_eq!(sorted, "user→bot");
    browser.click("#turns tbody tr:nth-child(1)");
    let turn = browser.text("document.querySelector('#turns tbody tr.is-selected td').textContent");
    assert_eq!(selected_turn(&mut browser).to_string(), turn);
    assert_quiet(browser);
}

/// Returns red, green and blue of a computed color, from 0 to 255.
fn color(browser: &mut Browser, selector: &str, property: &str) -> [f64; 3] {
    // Drawing one pixel resolves any notation of a color.
    let point = browser.eval(&format!(
        "(() => {{ const pen = document.createElement('canvas').getContext('2d'); \
         pen.fillStyle = getComputedStyle(document.querySelector('{selector}')).{property}; \
         pen.fillRect(0, 0, 1, 1); return [...pen.getImageData(0, 0, 1, 1).data]; }})()"
    ));
    [0, 1, 2].map(|at| point[at].as_f64().unwrap())
}

/// Returns the contrast of two colors, as WCAG 2 defines it.
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let light = |color: [f64; 3]| {
        let [r, g, b] = color.map(|value| {
            let value = value / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055_f64).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (one, other) = (light(one), light(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn both_themes_have_enough_contrast() {
    let Some(mut browser) = Browser::start("themes", 1400, 900) else { return };
    let page = page_of("themes", &[&recording("b_interrupt"), &recording("h_error")]);
    browser.prefer("light");
    browser.open(&page);
    let is_light = |browser: &mut Browser| color(browser, "body", "backgroundColor")[0] > 128.0;
    assert!(is_light(&mut browser), "as the system prefers");
    browser.prefer("dark");
    assert!(!is_light(&mut browser), "as the system prefers");
    browser.click("#theme");
    assert!(is_light(&mut browser), "as was clicked: light");
    browser.click("#theme");
    browser.prefer("light");
    assert!(!is_light(&mut browser), "as was clicked: dark");
    browser.click("#theme");
    assert!(is_light(&mut browser), "as the system prefers again");
    for scheme in ["light", "dark"] {
        browser.prefer(scheme);
        let panel = color(&mut browser, ".transcript", "backgroundColor");
        for selector in
            ["#transcript .what", "#call-when", "#transcript del", ".of-user.who", ".of-bot.who", "#turns th"]
        {
            let text = color(&mut browser, selector, "color");
            assert!(contrast(text, panel) >= 4.5, "{selector}, {scheme}: {}", contrast(text, panel));
        }
        let text = color(&mut browser, ".bar-text", "fill");
        for lane in ["stt", "tts"] {
            let bar = color(&mut browser, &format!(".bar.is-solid.of-{lane}"), "fill");
            assert!(contrast(text, bar) >= 4.5, "{lane}, {scheme}: {}", contrast(text, bar));
        }
    }
    assert_quiet(browser);
}

const HOSTILE: [&str; 6] = [
    "</script><script>window.hacked = 1</script><!--<script>",
    "<img src=x onerror=\"window.hacked = 2\"> & 'quotes' \"and\" `more`",
    "{{script}} ${window.hacked = 3} \\u003c \u{2028} end",
    "שלום, מה שלומך? مرحبا",
    "👩‍👩‍👧‍👦 café お茶をください",
    "\u{202e}turned\u{202c} <svg onload=alert(1)>",
];

#[test]
fn markup_in_texts_has_no_effect() {
    let log = scratch("page-hostile/frames.jsonl");
    let _ = fs::remove_dir_all(log.parent().unwrap());
    let mut call = Call::begin("<b>call</b></title><script>window.hacked=4</script>", &log, None);
    for text in HOSTILE {
        call.wait(300).user_says(900, text).asks(200);
        call.calls(text, &serde_json::json!({ "text": text }).to_string(), 100, "\"</script>\"").asks(200);
        call.fails(text).bot_says(text, text);
    }
    call.ends();
    let log = fs::read_dir(log.parent().unwrap()).unwrap().next().unwrap().unwrap().path();
    let Some(mut browser) = Browser::start("hostile", 1400, 900) else { return };
    browser.open(&page_of("hostile", &[&log]));
    for (index, text) in HOSTILE.iter().enumerate() {
        let said =
            format!("document.querySelector('#transcript li:nth-child({}) .what').textContent", index + 1);
        assert_eq!(browser.text(&said), *text, "word for word");
        browser.click(&format!("#transcript li:nth-child({})", index + 1));
        browser.hover(&format!(".bar[data-lane=tool][data-turn='{index}']"));
    }
    assert_eq!(browser.count("img, b b, script:not([id])"), 1, "its own script");
    assert_eq!(browser.text("String(window.hacked)"), "undefined");
    assert!(browser.text("document.title").starts_with("<b>call</b>"));
    assert_quiet(browser);
}

#[test]
fn the_content_security_policy_is_enforced() {
    let Some(mut browser) = open("a_simple") else { return };
    // Simulate markup that got into the page after all.
    let tried = "new Promise((done) => { const box = document.createElement('div'); document.body.append(box); \
                 box.innerHTML = '<img src=\"data:,\" onerror=\"window.hacked = 1\"><style>body{color:red}</style>'; \
                 fetch('https://example.invalid/').catch(() => setTimeout(() => done('refused'), 50)); })";
    assert_eq!(browser.text(tried), "refused");
    assert_eq!(browser.text("String(window.hacked)"), "undefined");
    assert!(browser.problems().iter().any(|complaint| complaint.contains("Content Security Policy")));
}

#[test]
fn a_call_of_two_hundred_turns_is_drawn_in_time() {
    let Some(mut browser) = Browser::start("long", 1400, 900) else { return };
    let page = page_of("long", &[&call::long_call(200, &scratch("page-long"))]);
    let size = fs::metadata(&page).unwrap().len();
    assert!(size < 500_000, "{size} bytes is too much to mail");
    browser.open(&page);
    assert_eq!(browser.count("#transcript li"), 200);
    assert_eq!(browser.count("#turns tbody tr"), 200);
    assert_eq!(bars(&mut browser, "stt"), 200);
    assert_eq!(bars(&mut browser, "bot"), 200);
    assert_eq!(bars(&mut browser, "tool"), 40);
    assert_eq!(browser.count(".interruption-mark"), 28);
    browser.eval("document.querySelector('#lanes').focus()");
    browser.press("k");
    browser.click("#transcript li:nth-child(200) .select-turn");
    assert_eq!(selected_turn(&mut browser), 200);
    // Nothing out of view is drawn.
    assert!(bars(&mut browser, "stt") < 20);
    assert_quiet(browser);
}

#[test]
fn the_page_fits_narrow_windows_and_paper() {
    let Some(mut browser) = Browser::start("narrow", 400, 800) else { return };
    browser.open(&page_of("narrow", &[&recording("h_error")]));
    assert!(browser.number("document.documentElement.scrollWidth") <= 400.0, "it does not run over");
    browser.call("Emulation.setEmulatedMedia", &serde_json::json!({ "media": "print" }));
    let shown = |browser: &mut Browser, selector: &str| {
        browser.text(&format!("getComputedStyle(document.querySelector('{selector}')).display")) != "none"
    };
    assert!(shown(&mut browser, "#transcript") && shown(&mut browser, "#drawing"));
    assert!(!shown(&mut browser, ".controls") && !shown(&mut browser, ".zoom"));
    assert_quiet(browser);
}

#[test]
fn the_menu_switches_conversations() {
    let Some(mut browser) = Browser::start("several", 1400, 900) else { return };
    browser.open(&page_of("several", &[&recording("a_simple"), &recording("c_tool")]));
    assert_eq!(browser.text("document.querySelector('#call-name').textContent"), "conv-a_simple");
    browser.eval(
        "(() => { const calls = document.querySelector('#calls'); calls.value = '1'; \
         calls.dispatchEvent(new Event('change')); })()",
    );
    browser.settle();
    assert_eq!(browser.text("document.querySelector('#call-name').textContent"), "conv-c_tool");
    assert_eq!(bars(&mut browser, "tool"), 1);
    assert_quiet(browser);
}
