//! Results on standard output: for people, as one JSON document, or as one a line.

use std::io::{IsTerminal, Write};

use anyhow::Context as _;
use serde_json::Value;

use crate::cli::{Format, Global};

/// Writes results.
pub(crate) struct Output {
    format: Format,
}

impl Output {
    /// Human on a terminal, NDJSON when piped, unless the flags say otherwise.
    pub(crate) fn new(global: &Global) -> Self {
        let piped = if std::io::stdout().is_terminal() {
            Format::Human
        } else {
            Format::Ndjson
        };
        Self {
            format: global.format.unwrap_or(piped),
        }
    }

    /// Writes one result: `human` makes its form for people.
    pub(crate) fn one(
        &self,
        value: &Value,
        human: impl FnOnce(&Value) -> String,
    ) -> anyhow::Result<()> {
        match self.format {
            Format::Human => text(&human(value)),
            Format::Json => text(&format!("{value:#}")),
            Format::Ndjson => text(&value.to_string()),
        }
    }

    /// Writes many results of one kind: `human` makes one text of all.
    pub(crate) fn many(
        &self,
        items: &[Value],
        human: impl FnOnce(&[Value]) -> String,
    ) -> anyhow::Result<()> {
        match self.format {
            Format::Human => text(&human(items)),
            Format::Json => text(&format!("{:#}", Value::from(items.to_vec()))),
            Format::Ndjson => {
                let mut lines = String::new();
                for item in items {
                    lines.push_str(&item.to_string());
                    lines.push('\n');
                }
                raw(&lines)
            }
        }
    }
}

/// Writes a text and a line end.
pub(crate) fn text(text: &str) -> anyhow::Result<()> {
    raw(&format!("{}\n", text.trim_end()))
}

fn raw(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads has seen enough, as `head` has.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("write to standard output"),
    }
}

/// Writes a line to standard error.
pub(crate) fn complain(text: &str) {
    // Nothing can be done when even standard error is gone.
    drop(writeln!(std::io::stderr().lock(), "{}", text.trim_end()));
}

/// Appends formatted text; appending to a string cannot fail.
pub(crate) fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    std::fmt::Write::write_fmt(out, text).unwrap_or_default();
}

/// A value as it stands in a cell: texts without quotes, control characters made visible.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => visible(text),
        other => other.to_string(),
    }
}

/// Replaces what would move a terminal's cursor or reorder its text by a visible escape.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if hidden {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// A table with one column for each key, as wide as its widest cell.
pub(crate) fn table(items: &[Value], columns: &[(&str, &str)]) -> String {
    let mut rows: Vec<Vec<String>> = vec![
        columns
            .iter()
            .map(|(title, _)| (*title).to_owned())
            .collect(),
    ];
    for item in items {
        rows.push(
            columns
                .iter()
                .map(|(_, pointer)| cell(item.pointer(pointer).unwrap_or(&Value::Null)))
                .collect(),
        );
    }
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let line: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        out.push_str(line.join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_never_gets_control_characters_from_a_record() {
        assert_eq!(visible("a\u{1b}[31mb\u{202e}c"), "a\\u{1b}[31mb\\u{202e}c");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let items = [
            serde_json::json!({"a": "x", "b": 10}),
            serde_json::json!({"a": "long", "b": null}),
        ];
        assert_eq!(
            table(&items, &[("A", "/a"), ("B", "/b")]),
            "A     B\nx     10\nlong  -\n"
        );
    }
}
