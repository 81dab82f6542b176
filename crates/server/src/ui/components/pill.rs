//! A state: a dot and a word.

use maud::{Markup, html};

/// What a state means to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// All is well.
    Ok,
    /// Something is under way.
    Run,
    /// Degraded, and may pass.
    Warn,
    /// Somebody must act.
    Err,
    /// Nothing happens.
    Idle,
}

impl Tone {
    /// The class that carries the color.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Run => "run",
            Self::Warn => "warn",
            Self::Err => "err",
            Self::Idle => "idle",
        }
    }
}

/// The pill.
pub(crate) fn pill(tone: Tone, word: &str) -> Markup {
    html! { span class={ "pill " (tone.class()) } { i {} (word) } }
}

/// The dot alone; its word on hover and for screen readers.
pub(crate) fn dot(tone: Tone, word: &str) -> Markup {
    html! { span class={ "dot " (tone.class()) } title=(word) { span.sr { (word) } } }
}
