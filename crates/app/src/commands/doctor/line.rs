//! What a check says.

use cresset_model::health::Level;
use serde_json::{Value, json};

/// What a check has found: a word, what was looked at, what is so, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) level: Level,
    pub(super) check: &'static str,
    pub(super) what: String,
    /// What to do; empty where there is nothing to do.
    pub(super) remedy: String,
}

impl Line {
    /// All is well.
    pub(super) fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self {
            level: Level::Green,
            check,
            what: what.into(),
            remedy: String::new(),
        }
    }

    /// Somebody should look.
    pub(super) fn warn(
        check: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Yellow,
            remedy: remedy.into(),
            ..Self::ok(check, what)
        }
    }

    /// Something must be mended.
    pub(super) fn fail(
        check: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Red,
            remedy: remedy.into(),
            ..Self::ok(check, what)
        }
    }

    /// The word of its level.
    pub(super) fn word(&self) -> &'static str {
        match self.level {
            Level::Green => "ok",
            Level::Yellow => "warn",
            Level::Red => "fail",
        }
    }

    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "level": self.word(),
            "check": self.check,
            "what": self.what,
            "remedy": if self.remedy.is_empty() { Value::Null } else { self.remedy.clone().into() },
        })
    }
}
