//! A log whose lines have a limit, whatever is written into their fields.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::LINE_BYTES_MAX;

/// Bytes of a line of the words around what is kept of a longer one in JSON.
const JSON_WORDS_BYTES: usize = 128;

/// The bytes of a line: the log begins before the configuration is read.
static BYTES_MAX: AtomicUsize = AtomicUsize::new(LINE_BYTES_MAX);

/// Bounds the lines from now on.
pub(super) fn bound(bytes_max: usize) {
    BYTES_MAX.store(bytes_max, Ordering::Relaxed);
}

/// What the lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Text.
    Text,
    /// One JSON document a line.
    Json,
}

/// Writes to the standard error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines(pub(super) Form);

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Bounded<io::Stderr>;

    fn make_writer(&'w self) -> Self::Writer {
        Bounded {
            form: self.0,
            bytes_max: BYTES_MAX.load(Ordering::Relaxed),
            out: io::stderr(),
        }
    }
}

/// Takes one line with each write, as the log gives them.
pub(super) struct Bounded<W> {
    form: Form,
    bytes_max: usize,
    out: W,
}

impl<W: Write> Write for Bounded<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if line.len() <= self.bytes_max {
            self.out.write_all(line)?;
        } else {
            let cut = cut(self.form, line, self.bytes_max);
            self.out.write_all(cut.as_bytes())?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn cut(form: Form, line: &[u8], bytes_max: usize) -> String {
    let text = String::from_utf8_lossy(line);
    let bytes = line.len();
    match form {
        Form::Text => {
            let mark = format!(" ... cut, of {bytes} bytes\n");
            format!(
                "{}{mark}",
                begins(&text, bytes_max.saturating_sub(mark.len()))
            )
        }
        Form::Json => {
            // Each byte may need a second one.
            let begins = begins(&text, bytes_max.saturating_sub(JSON_WORDS_BYTES) / 2);
            let mut line = json!({
                "level": "WARN",
                "message": "log line cut",
                "line.bytes": bytes,
                "line.begins": begins,
            })
            .to_string();
            line.push('\n');
            line
        }
    }
}

/// The first bytes of a text, whole characters only.
fn begins(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written((form, bytes_max): (Form, usize), line: &str) -> String {
        let mut bounded = Bounded {
            form,
            bytes_max,
            out: Vec::new(),
        };
        bounded.write_all(line.as_bytes()).unwrap();
        String::from_utf8(bounded.out).unwrap()
    }

    #[test]
    fn a_log_line_has_a_greatest_length() {
        for bytes_max in [1 << 10, LINE_BYTES_MAX, 1 << 20] {
            for letter in ["x", "é", "\"", "\\"] {
                let line = |bytes: usize| {
                    let filler = "x".repeat((bytes - 1) % letter.len());
                    format!("{}{filler}\n", letter.repeat((bytes - 1) / letter.len()))
                };
                for form in [Form::Text, Form::Json] {
                    let bound = (form, bytes_max);
                    let fits = line(bytes_max);
                    assert_eq!(fits.len(), bytes_max);
                    assert_eq!(written(bound, &fits), fits);
                    for bytes in [bytes_max + 1, bytes_max * 10] {
                        let long = line(bytes);
                        let cut = written(bound, &long);
                        assert!(cut.len() <= bytes_max, "{} of {bytes}", cut.len());
                        assert!(cut.ends_with('\n') && cut.matches('\n').count() == 1);
                        assert!(cut.contains(&long.len().to_string()));
                    }
                }
                let cut = written((Form::Json, bytes_max), &line(bytes_max * 10));
                let document: serde_json::Value = serde_json::from_str(&cut).unwrap();
                let kept = document["line.begins"].as_str().unwrap();
                assert!(kept.starts_with(letter));
            }
        }
    }

    #[test]
    fn the_bound_of_the_lines_can_be_set_while_the_log_runs() {
        let lines = Lines(Form::Text);
        assert_eq!(lines.make_writer().bytes_max, LINE_BYTES_MAX);
        bound(2 << 10);
        assert_eq!(lines.make_writer().bytes_max, 2 << 10);
        bound(LINE_BYTES_MAX);
    }
}
