//! A browser with a fresh profile, spoken to by the protocol of `chromedriver`. `fantoccini` was weighed: it costs
//! two minutes of processor time to build, this file none, and the tests need no more than it has.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use serde_json::{Value, json};

use crate::http;

/// What every browser is started with: nothing of its own may go to the network.
const FLAGS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
];
/// The key under which the protocol hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser.
pub(crate) struct Session {
    driver: u16,
    id: String,
}

/// An element of the page that is shown.
#[derive(Debug, Clone)]
pub(crate) struct Element(String);

impl Element {
    /// The element as an argument of a script.
    pub(crate) fn argument(&self) -> Value {
        json!({ ELEMENT: self.0 })
    }
}

impl Session {
    /// Starts a browser whose profile lies in a directory.
    pub(crate) fn open(driver: u16, profile: &Path, with_script: bool) -> anyhow::Result<Self> {
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", profile.display()));
        let script = if with_script { 1 } else { 2 };
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": {
                "args": flags,
                "prefs": { "profile.managed_default_content_settings.javascript": script },
                "perfLoggingPrefs": { "enableNetwork": true, "enablePage": false },
            },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            // A dialog fails whatever is asked of the page next.
            "unhandledPromptBehavior": "dismiss and notify",
            "timeouts": { "pageLoad": 40_000, "script": 40_000 },
        } } });
        let value = call(driver, "POST", "/session", &wanted)?;
        let id = value["sessionId"]
            .as_str()
            .context("no session")?
            .to_owned();
        Ok(Self { driver, id })
    }

    fn get(&self, path: &str) -> anyhow::Result<Value> {
        let path = format!("/session/{}/{path}", self.id);
        call(self.driver, "GET", &path, &Value::Null)
    }

    fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let path = format!("/session/{}/{path}", self.id);
        call(self.driver, "POST", &path, body)
    }

    /// Loads an address.
    pub(crate) fn go(&self, url: &str) -> anyhow::Result<()> {
        self.post("url", &json!({ "url": url })).map(drop)
    }

    /// Goes on step back, forward, or loads again.
    pub(crate) fn step(&self, what: Step) -> anyhow::Result<()> {
        let path = match what {
            Step::Back => "back",
            Step::Forward => "forward",
            Step::Reload => "refresh",
        };
        self.post(path, &json!({})).map(drop)
    }

    /// The address that is shown.
    pub(crate) fn url(&self) -> anyhow::Result<String> {
        text(&self.get("url")?)
    }

    pub(crate) fn source(&self) -> anyhow::Result<String> {
        text(&self.get("source")?)
    }

    /// What is seen, as PNG.
    pub(crate) fn screenshot(&self) -> anyhow::Result<Vec<u8>> {
        let encoded = text(&self.get("screenshot")?)?;
        Ok(base64::engine::general_purpose::STANDARD.decode(encoded)?)
    }

    /// The elements that a selector finds.
    pub(crate) fn find_all(&self, css: &str) -> anyhow::Result<Vec<Element>> {
        let found = self.post(
            "elements",
            &json!({ "using": "css selector", "value": css }),
        )?;
        let found = found.as_array().context("no elements")?;
        found
            .iter()
            .map(|one| text(&one[ELEMENT]).map(Element))
            .collect()
    }

    pub(crate) fn click(&self, element: &Element) -> anyhow::Result<()> {
        self.post(&format!("element/{}/click", element.0), &json!({}))
            .map(drop)
    }

    /// Types into an element.
    pub(crate) fn send(&self, element: &Element, keys: &str) -> anyhow::Result<()> {
        let path = format!("element/{}/value", element.0);
        self.post(&path, &json!({ "text": keys })).map(drop)
    }

    pub(crate) fn clear(&self, element: &Element) -> anyhow::Result<()> {
        self.post(&format!("element/{}/clear", element.0), &json!({}))
            .map(drop)
    }

    /// The text of an element as it is seen.
    pub(crate) fn text(&self, element: &Element) -> anyhow::Result<String> {
        text(&self.get(&format!("element/{}/text", element.0))?)
    }

    /// Runs the body of a function and returns what it returns.
    pub(crate) fn script(&self, body: &str, arguments: &[Value]) -> anyhow::Result<Value> {
        let wanted = json!({ "script": body, "args": arguments });
        self.post("execute/sync", &wanted)
    }

    /// The same for a function that calls its last argument when it is done.
    pub(crate) fn script_later(&self, body: &str, arguments: &[Value]) -> anyhow::Result<Value> {
        let wanted = json!({ "script": body, "args": arguments });
        self.post("execute/async", &wanted)
    }

    /// Presses keys one after another and lets them go in reverse: `["Control", "k"]` is a chord.
    pub(crate) fn press(&self, chord: &[&str]) -> anyhow::Result<()> {
        let key = |kind: &str, name: &str| json!({ "type": kind, "value": code(name) });
        let down = chord.iter().map(|name| key("keyDown", name));
        let up = chord.iter().rev().map(|name| key("keyUp", name));
        let actions: Vec<Value> = down.chain(up).collect();
        let wanted = json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] });
        self.post("actions", &wanted).map(drop)
    }

    /// Moves the pointer to the middle of an element, or drags from one to another point of it, given as
    /// pixels from its middle.
    pub(crate) fn drag(&self, element: &Element, from: i32, to: i32) -> anyhow::Result<()> {
        let origin = element.argument();
        let to_x = |x: i32| json!({ "type": "pointerMove", "duration": 0, "origin": origin, "x": x, "y": 0 });
        let mut actions = vec![to_x(from)];
        if from != to {
            actions.push(json!({ "type": "pointerDown", "button": 0 }));
            actions.push(to_x(i32::midpoint(from, to)));
            actions.push(to_x(to));
            actions.push(json!({ "type": "pointerUp", "button": 0 }));
        }
        let wanted = json!({ "actions": [
            { "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": actions }
        ] });
        self.post("actions", &wanted).map(drop)
    }

    /// A command of the browser's own protocol.
    pub(crate) fn command(&self, name: &str, parameters: &Value) -> anyhow::Result<Value> {
        self.post(
            "goog/cdp/execute",
            &json!({ "cmd": name, "params": parameters }),
        )
    }

    /// What was logged since the last call: `browser` is the console, `performance` the requests.
    pub(crate) fn log(&self, kind: &str) -> anyhow::Result<Vec<Value>> {
        let value = self.post("se/log", &json!({ "type": kind }))?;
        Ok(value.as_array().cloned().unwrap_or_default())
    }

    /// The handle of the tab that is shown.
    pub(crate) fn tab(&self) -> anyhow::Result<String> {
        text(&self.get("window")?)
    }

    /// Opens another tab and shows it.
    pub(crate) fn open_tab(&self) -> anyhow::Result<String> {
        let value = self.post("window/new", &json!({ "type": "tab" }))?;
        let handle = text(&value["handle"])?;
        self.show_tab(&handle)?;
        Ok(handle)
    }

    pub(crate) fn show_tab(&self, handle: &str) -> anyhow::Result<()> {
        self.post("window", &json!({ "handle": handle })).map(drop)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let path = format!("/session/{}", self.id);
        // The driver may have ended it already.
        drop(http::request(self.driver, "DELETE", &path, None));
    }
}

/// A step through the history.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Back,
    Forward,
    Reload,
}

fn call(driver: u16, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let body = (!body.is_null()).then(|| body.to_string());
    let answer = http::request(driver, method, path, body.as_deref())?;
    let mut value = answer.json()?;
    if answer.status != 200 {
        let value = &value["value"];
        let message = value["message"].as_str().unwrap_or_default();
        let message = message.lines().next().unwrap_or_default();
        bail!("{}: {message}", value["error"].as_str().unwrap_or("error"));
    }
    Ok(value["value"].take())
}

fn text(value: &Value) -> anyhow::Result<String> {
    ensure!(value.is_string(), "no text but {value}");
    Ok(value.as_str().unwrap_or_default().to_owned())
}

/// The code point by which the protocol knows a key that has a name.
fn code(name: &str) -> &str {
    match name {
        "Control" => "\u{e009}",
        "Shift" => "\u{e008}",
        "Alt" => "\u{e00a}",
        "Enter" => "\u{e007}",
        "Escape" => "\u{e00c}",
        "Tab" => "\u{e004}",
        "Down" => "\u{e015}",
        "Up" => "\u{e013}",
        other => other,
    }
}
