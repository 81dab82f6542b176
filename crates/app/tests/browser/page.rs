//! A page as a test looks at it: in one browser, at one service.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::service::Service;
use crate::session::{Element, Session};
use crate::wait::{wait_for, wait_until};

/// The themes, as the system prefers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

impl Theme {
    pub(crate) const BOTH: [Self; 2] = [Self::Light, Self::Dark];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// A browser that looks at a service.
pub(crate) struct Page {
    pub(crate) session: Session,
    service: Rc<Service>,
    /// Parts of console errors that the test provokes.
    expected: RefCell<Vec<&'static str>>,
}

impl Page {
    pub(crate) fn new(session: Session, service: Rc<Service>) -> anyhow::Result<Self> {
        let page = Self {
            session,
            service,
            expected: RefCell::default(),
        };
        page.size(1440, 900)?;
        page.theme(Theme::Light)?;
        Ok(page)
    }

    /// Loads a path of the service.
    pub(crate) fn open(&self, path: &str) -> anyhow::Result<()> {
        self.session.go(&self.address(path))
    }

    pub(crate) fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.service.port)
    }

    /// The path and the query that are shown.
    pub(crate) fn path(&self) -> anyhow::Result<String> {
        let url = self.session.url()?;
        let origin = self.address("");
        Ok(url.strip_prefix(&origin).unwrap_or(&url).to_owned())
    }

    /// Lets the window have a size in CSS pixels.
    pub(crate) fn size(&self, width: u32, height: u32) -> anyhow::Result<()> {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.session
            .command("Emulation.setDeviceMetricsOverride", &metrics)
            .map(drop)
    }

    /// Lets the system prefer a theme.
    pub(crate) fn theme(&self, theme: Theme) -> anyhow::Result<()> {
        let feature = json!({ "name": "prefers-color-scheme", "value": theme.name() });
        self.session
            .command(
                "Emulation.setEmulatedMedia",
                &json!({ "features": [feature] }),
            )
            .map(drop)
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&self, expression: &str) -> anyhow::Result<Value> {
        self.session
            .script(&format!("return ({expression});"), &[])
            .with_context(|| format!("evaluate {expression}"))
    }

    /// The text of an expression in the page.
    pub(crate) fn words(&self, expression: &str) -> anyhow::Result<String> {
        let value = self.value(expression)?;
        Ok(value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned))
    }

    /// Waits until an expression is true in the page, whatever page it is by then.
    pub(crate) fn until(&self, expression: &str) -> anyhow::Result<()> {
        wait_until(&format!("the page has {expression}"), || {
            // Between two pages there is none to ask.
            let value = self
                .session
                .script(&format!("return !!({expression});"), &[]);
            Ok(value.is_ok_and(|value| value == true))
        })
    }

    /// Waits until the seen text of an element contains some words.
    pub(crate) fn until_says(&self, css: &str, words: &str) -> anyhow::Result<()> {
        let (css, words) = (json!(css), json!(words));
        self.until(&format!(
            "[...document.querySelectorAll({css})].some(one => one.innerText?.replace(/\\s+/g, ' ')\
             .toLowerCase().includes({words}.toLowerCase()))"
        ))
    }

    /// Asserts that an expression is true in the page.
    pub(crate) fn holds(&self, expression: &str) -> anyhow::Result<()> {
        let value = self.value(&format!("!!({expression})"))?;
        ensure!(value == true, "the page does not have {expression}");
        Ok(())
    }

    /// Waits for an element that is seen.
    pub(crate) fn find(&self, css: &str) -> anyhow::Result<Element> {
        wait_for(&format!("`{css}` is seen"), || {
            for element in self.session.find_all(css)? {
                // The page may have taken it away again.
                let seen = self.session.script(
                    "return arguments[0].checkVisibility({ visibilityProperty: true });",
                    &[element.argument()],
                );
                if seen.is_ok_and(|seen| seen == true) {
                    return Ok(Some(element));
                }
            }
            Ok(None)
        })
    }

    /// Clicks on an element when there is one; again while the page replaces it.
    pub(crate) fn click(&self, css: &str) -> anyhow::Result<()> {
        wait_until(&format!("`{css}` can be clicked"), || {
            let element = self.find(css)?;
            Ok(self.session.click(&element).is_ok())
        })
    }

    /// Writes a text into a field in place of its own.
    pub(crate) fn fill(&self, css: &str, text: &str) -> anyhow::Result<()> {
        wait_until(&format!("`{css}` can be filled"), || {
            let field = self.find(css)?;
            Ok(self.session.clear(&field).is_ok() && self.session.send(&field, text).is_ok())
        })
    }

    /// Sets a slider as a hand does, with the events that follow.
    pub(crate) fn slide(&self, css: &str, value: &str) -> anyhow::Result<()> {
        let slider = self.find(css)?;
        self.session
            .script(
                "arguments[0].value = arguments[1];\
                 arguments[0].dispatchEvent(new Event('input', { bubbles: true }));\
                 arguments[0].dispatchEvent(new Event('change', { bubbles: true }));",
                &[slider.argument(), json!(value)],
            )
            .map(drop)
    }

    /// Presses one chord of keys after the other: `page.keys(&["g", "a", "Control+k"])`.
    pub(crate) fn keys(&self, chords: &[&str]) -> anyhow::Result<()> {
        for chord in chords {
            let keys: Vec<&str> = chord.split('+').collect();
            self.session.press(&keys)?;
        }
        Ok(())
    }

    /// Expects console errors that contain these words; any other fails the test.
    pub(crate) fn expect_error(&self, words: &'static str) {
        self.expected.borrow_mut().push(words);
    }

    /// Expects what a restart of the service brings.
    pub(crate) fn expect_restart(&self) {
        for words in [
            "net::ERR_CONNECTION_REFUSED",
            "net::ERR_CONNECTION_RESET",
            "net::ERR_INCOMPLETE_CHUNKED_ENCODING",
        ] {
            self.expect_error(words);
        }
    }

    /// Fails on an error in the console, and on a request to anyone but the service.
    pub(crate) fn check_quiet(&self) -> anyhow::Result<()> {
        let expected = self.expected.borrow();
        for entry in self.session.log("browser")? {
            let text = entry["message"].as_str().unwrap_or_default();
            let is_error = entry["level"] == "SEVERE";
            ensure!(
                !is_error || expected.iter().any(|words| text.contains(words)),
                "an error in the console: {text}"
            );
        }
        for entry in self.session.log("performance")? {
            let entry: Value = serde_json::from_str(entry["message"].as_str().unwrap_or("null"))?;
            let url = entry["message"]["params"]["request"]["url"].as_str();
            if let Some(url) = url.filter(|url| !self.is_own(url)) {
                anyhow::bail!("a request to another host: {url}");
            }
        }
        Ok(())
    }

    fn is_own(&self, url: &str) -> bool {
        let ports = self.service.ports.iter();
        let mut origins = ports.map(|port| format!("http://127.0.0.1:{port}/"));
        ["data:", "about:", "chrome:"]
            .iter()
            .any(|inner| url.starts_with(inner))
            || origins.any(|origin| url.starts_with(&origin))
    }

    /// Keeps what is seen and what the document is, and returns where.
    pub(crate) fn keep(&self, place: &Path) -> anyhow::Result<()> {
        std::fs::write(place.with_extension("png"), self.session.screenshot()?)?;
        std::fs::write(place.with_extension("html"), self.session.source()?)?;
        Ok(())
    }
}
