//! What happened, line by line. The same seed tells the same story, byte for byte.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The story of one run; silent unless somebody listens.
#[derive(Debug)]
pub(super) struct Story {
    text: Option<Mutex<String>>,
}

impl Story {
    pub(super) fn new(is_told: bool) -> Self {
        Self {
            text: is_told.then(Mutex::default),
        }
    }

    /// Adds a line. It is only made when somebody listens.
    pub(super) fn tell(&self, at: Duration, who: &str, what: impl FnOnce() -> String) {
        let Some(text) = &self.text else {
            return;
        };
        let what = what();
        let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = at.as_secs_f64();
        writeln!(text, "{seconds:>9.3}  {who:<9} {what}").expect("a string takes everything");
    }

    pub(super) fn text(&self) -> String {
        let text = self.text.as_ref();
        text.map(|text| text.lock().unwrap_or_else(PoisonError::into_inner).clone())
            .unwrap_or_default()
    }
}
