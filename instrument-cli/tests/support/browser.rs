//! A page in headless Chromium, driven over its debugging pipe: JSON messages that end with a zero byte.
//!
//! It needs no port, no driver and no package: the shell that starts Chromium connects the pipes to the file
//! descriptors that Chromium uses.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A timeout far longer than any test needs.
const LONG: Duration = Duration::from_secs(60);

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Flags that disable the browser's own network traffic.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
    "about:blank",
];

/// One page.
pub(crate) struct Browser {
    child: Child,
    profile: PathBuf,
    to: ChildStdin,
    from: Receiver<Value>,
    session: Option<String>,
    /// The page that is open.
    page: String,
    next_id: u64,
    /// Events of the protocol: requests, console messages, exceptions.
    events: Vec<Value>,
}

impl Browser {
    /// Starts Chromium with a window of this size. Without Chromium, prints a notice and returns `None`; under
    /// `CI=true`, panics instead.
    pub(crate) fn start(name: &str, width: u32, height: u32) -> Option<Self> {
        let found = env::split_paths(&env::var_os("PATH")?)
            .flat_map(|directory| NAMES.map(|name| directory.join(name)))
            .find(|path| path.is_file());
        let Some(chromium) = found else {
            let missing = "no Chromium on the PATH: install it (`apt-get install chromium`) to test the page";
            assert!(env::var_os("CI").is_none_or(|ci| ci != "true"), "{missing}");
            eprintln!("skipped: {missing}");
            return None;
        };
        let profile = super::scratch(&format!("chromium-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&profile);
        fs::create_dir_all(&profile).unwrap();
        let mut child = Command::new("/bin/sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>\"$LOG\"", "sh"])
            .arg(chromium)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("--window-size={width},{height}"))
            .args(FLAGS)
            .env("LOG", profile.join("log"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, from) = channel();
        let stdout = child.stdout.take().unwrap();
        thread::spawn(move || {
            for message in BufReader::new(stdout).split(0).map_while(Result::ok) {
                let _ = send.send(serde_json::from_slice(&message).unwrap());
            }
        });
        let to = child.stdin.take().unwrap();
        let mut browser = Self {
            child,
            profile,
            to,
            from,
            session: None,
            page: String::new(),
            next_id: 0,
            events: Vec::new(),
        };
        browser.attach(width, height);
        Some(browser)
    }

    fn attach(&mut self, width: u32, height: u32) {
        let target = self.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attached =
            self.call("Target.attachToTarget", &json!({ "targetId": target["targetId"], "flatten": true }));
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Network.enable", "Runtime.enable", "Log.enable"] {
            self.call(domain, &json!({}));
        }
        self.resize(width, height);
    }

    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Opens a file and waits until it is drawn.
    pub(crate) fn open(&mut self, page: &Path) {
        self.events.clear();
        self.page = format!("file://{}", page.display());
        let url = json!({ "url": self.page });
        self.call("Page.navigate", &url);
        self.wait_until("document.readyState === 'complete' && location.protocol === 'file:'");
        self.settle();
    }

    /// Waits until the last change is on the screen.
    pub(crate) fn settle(&mut self) {
        self.eval("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))");
    }

    /// Sets the theme that the system prefers: `light` or `dark`.
    pub(crate) fn prefer(&mut self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// Evaluates an expression, and awaits it if it is a promise.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", &parameters);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Evaluates an expression to a string.
    pub(crate) fn text(&mut self, expression: &str) -> String {
        self.eval(expression).as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn number(&mut self, expression: &str) -> f64 {
        self.eval(expression).as_f64().unwrap_or(f64::NAN)
    }

    /// Counts the elements that match a selector.
    pub(crate) fn count(&mut self, selector: &str) -> u64 {
        self.eval(&format!("document.querySelectorAll({}).length", json!(selector))).as_u64().unwrap()
    }

    pub(crate) fn wait_until(&mut self, expression: &str) {
        let given_up = Instant::now() + LONG;
        while self.eval(expression) != Value::Bool(true) {
            assert!(Instant::now() < given_up, "timed out waiting for {expression}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Presses and releases a key: `+`, `ArrowLeft`, `j`.
    pub(crate) fn press(&mut self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        self.call("Input.dispatchKeyEvent", &json!({ "type": "keyDown", "key": key, "text": text }));
        self.call("Input.dispatchKeyEvent", &json!({ "type": "keyUp", "key": key }));
        self.settle();
    }

    /// Clicks on the middle of an element.
    pub(crate) fn click(&mut self, selector: &str) {
        let (x, y) = self.middle_of(selector);
        for kind in ["mousePressed", "mouseReleased"] {
            self.mouse(kind, x, y, json!({ "button": "left", "clickCount": 1 }));
        }
        self.settle();
    }

    /// Drags an element to the right by `by` pixels.
    pub(crate) fn drag(&mut self, selector: &str, by: f64) {
        let (x, y) = self.middle_of(selector);
        self.mouse("mousePressed", x, y, json!({ "button": "left", "clickCount": 1 }));
        self.mouse("mouseMoved", x + by / 2.0, y, json!({ "button": "left", "buttons": 1 }));
        self.mouse("mouseMoved", x + by, y, json!({ "button": "left", "buttons": 1 }));
        self.mouse("mouseReleased", x + by, y, json!({ "button": "left", "clickCount": 1 }));
        self.settle();
    }

    /// Turns the wheel over the middle of an element.
    pub(crate) fn wheel(&mut self, selector: &str, by: f64) {
        let (x, y) = self.middle_of(selector);
        self.mouse("mouseWheel", x, y, json!({ "deltaX": 0, "deltaY": by }));
        self.settle();
    }

    pub(crate) fn hover(&mut self, selector: &str) {
        let (x, y) = self.middle_of(selector);
        self.mouse("mouseMoved", x, y, json!({}));
        self.settle();
    }

    fn mouse(&mut self, kind: &str, x: f64, y: f64, mut more: Value) {
        more["type"] = kind.into();
        more["x"] = x.into();
        more["y"] = y.into();
        self.call("Input.dispatchMouseEvent", &more);
    }

    fn middle_of(&mut self, selector: &str) -> (f64, f64) {
        let place = self.eval(&format!(
            "(() => {{ const found = document.querySelector({}); found.scrollIntoViewIfNeeded?.(); \
             const box = found.getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()",
            json!(selector)
        ));
        (place[0].as_f64().unwrap(), place[1].as_f64().unwrap())
    }

    /// Returns the URLs that the page requested, without its own.
    pub(crate) fn requests(&mut self) -> Vec<String> {
        self.settle();
        self.event_values("Network.requestWillBeSent", "/request/url")
            .into_iter()
            .filter(|url| *url != self.page)
            .collect()
    }

    /// Returns the exceptions, console errors and warnings, and policy violations of the page.
    pub(crate) fn problems(&mut self) -> Vec<String> {
        self.settle();
        let mut complaints =
            self.event_values("Runtime.exceptionThrown", "/exceptionDetails/exception/description");
        complaints.extend(self.event_values("Runtime.consoleAPICalled", "/args/0/value"));
        complaints.extend(self.event_values("Log.entryAdded", "/entry/text"));
        complaints
    }

    fn event_values(&self, method: &str, pointer: &str) -> Vec<String> {
        let events = self.events.iter().filter(|event| event["method"] == method);
        events
            .map(|event| event["params"].pointer(pointer).unwrap_or(&event["params"]))
            .map(|text| text.as_str().map_or_else(|| text.to_string(), str::to_owned))
            .collect()
    }

    /// Calls a method of the protocol and returns its response.
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let answer = self.from.recv_timeout(LONG).unwrap_or_else(|_| {
                let log = fs::read_to_string(self.profile.join("log")).unwrap_or_default();
                panic!("Chromium does not answer to {method}: {log}")
            });
            if answer["id"] != id {
                self.events.push(answer);
                continue;
            }
            assert!(answer.get("error").is_none(), "{method}: {answer}");
            return answer["result"].clone();
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}
