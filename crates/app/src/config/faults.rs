//! Shows the faults of a configuration: for a terminal with the line and a caret, for programs as JSON.
//! What may be a secret is never shown.

use std::fmt;

use cresset_model::config::{Fault, Shown};
use serde_json::json;

use super::yaml;

/// Characters of a source line that are shown.
const SHOWN_CHARS_MAX: usize = 120;
/// Words in whose lines a secret may stand.
const SECRET_WORDS: [&str; 12] = [
    "auth",
    "bearer",
    "token",
    "passw",
    "pwd",
    "secret",
    "credential",
    "api_key",
    "apikey",
    "api-key",
    "value",
    "hook",
];

/// Everything that is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigFaults {
    /// The file as it was named.
    file: String,
    /// Its lines; none if it could not be read.
    lines: Vec<String>,
    /// The faults in the order of the file.
    faults: Vec<Fault>,
    /// How many more there are.
    omitted: usize,
}

impl ConfigFaults {
    /// Faults found in a text.
    pub(super) fn new(file: &str, text: &str, (faults, omitted): (Vec<Fault>, usize)) -> Self {
        Self {
            file: file.to_owned(),
            lines: yaml::lines(text).map(str::to_owned).collect(),
            faults,
            omitted,
        }
    }

    /// One fault of the file as a whole.
    pub(super) fn whole(file: &str, message: String, hint: &str) -> Self {
        let fault = Fault {
            place: None,
            message,
            hint: Some(hint.to_owned()),
            shown: Shown::Nothing,
        };
        Self::new(file, "", (vec![fault], 0))
    }

    /// The faults in the order of the file.
    #[cfg(test)]
    pub(super) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// For programs: one object for each fault, with `file`, `line`, `column`, `message` and `hint`.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let object = |fault: &Fault| {
            json!({
                "file": self.file,
                "line": fault.place.map(|place| place.line),
                "column": fault.place.map(|place| place.column),
                "message": fault.message,
                "hint": fault.hint,
            })
        };
        self.faults.iter().map(object).collect()
    }

    /// For a log and for lists: place, message and hint of each fault, without its line.
    pub(crate) fn one_a_line(&self) -> Vec<String> {
        let line = |fault: &Fault| {
            let place = fault
                .place
                .map_or_else(String::new, |place| format!("{place}:"));
            let hint = fault.hint.as_ref();
            let hint = hint.map_or_else(String::new, |hint| format!(": {hint}"));
            format!("{}:{place} {}{hint}", self.file, fault.message)
        };
        let mut lines: Vec<String> = self.faults.iter().map(line).collect();
        if self.omitted > 0 {
            lines.push(format!("and {} more", self.omitted));
        }
        lines
    }

    fn write_fault(&self, f: &mut fmt::Formatter<'_>, fault: &Fault) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if let Some(place) = fault.place {
            write!(f, "{place}:")?;
        }
        write!(f, " {}", fault.message)?;
        if let Some(place) = fault.place
            && let Some(line) = self.shown_line(place.line)
        {
            let margin = place.line.to_string().len();
            let column = place.column as usize - 1;
            write!(f, "\n {} | {}", place.line, line.trim_end())?;
            if column <= line.chars().count() {
                write!(f, "\n {:margin$} | {:column$}^", "", "")?;
            }
        }
        match &fault.hint {
            Some(hint) => write!(f, "\n = {hint}"),
            None => Ok(()),
        }
    }

    /// What may be shown of a line, given every fault in it; nothing of it if a word says that a secret
    /// stands there.
    fn shown_line(&self, number: u32) -> Option<String> {
        let line = self.lines.get(number as usize - 1)?;
        let lower = line.to_ascii_lowercase();
        let address = lower.split_once("://").map_or("", |(_, rest)| rest);
        if SECRET_WORDS.iter().any(|word| lower.contains(word)) || address.contains('@') {
            return None;
        }
        let mut end = SHOWN_CHARS_MAX;
        for fault in &self.faults {
            if fault.place.is_some_and(|place| place.line == number) {
                match fault.shown {
                    Shown::Line => {}
                    Shown::Before(column) => end = end.min(column as usize - 1),
                    Shown::Nothing => return None,
                }
            }
        }
        let mut kept: String = line.chars().take(end).map(shown).collect();
        if line.chars().count() > end {
            kept.push_str("...");
        }
        Some(kept)
    }
}

/// A control character could move the cursor or color the terminal.
fn shown(character: char) -> char {
    match character {
        '\t' => ' ',
        control if control.is_control() => '\u{fffd}',
        plain => plain,
    }
}

/// For a terminal: place and message, the line with a caret, the hint; an empty line between two faults
/// and no line end at the end.
impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            self.write_fault(f, fault)?;
        }
        match self.omitted {
            0 => Ok(()),
            more => write!(f, "\n\nand {more} more"),
        }
    }
}

impl std::error::Error for ConfigFaults {}

#[cfg(test)]
mod tests;
