//! A log whose lines have a limit, whatever is written into their fields.

use std::io::{self, Write};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

/// Bytes of a line, its end included.
pub(super) const LINE_BYTES_MAX: usize = 8 << 10;
/// Bytes of a longer line that are kept in JSON, where each may need a second one.
const JSON_BYTES_KEPT: usize = 3 << 10;

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
            out: io::stderr(),
        }
    }
}

/// Takes one line with each write, as the log gives them.
pub(super) struct Bounded<W> {
    form: Form,
    out: W,
}

impl<W: Write> Write for Bounded<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if line.len() <= LINE_BYTES_MAX {
            self.out.write_all(line)?;
        } else {
            self.out.write_all(cut(self.form, line).as_bytes())?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn cut(form: Form, line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let bytes = line.len();
    match form {
        Form::Text => {
            let mark = format!(" ... cut, of {bytes} bytes\n");
            format!("{}{mark}", begins(&text, LINE_BYTES_MAX - mark.len()))
        }
        Form::Json => {
            let begins = begins(&text, JSON_BYTES_KEPT);
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

    fn written(form: Form, line: &str) -> String {
        let mut bounded = Bounded {
            form,
            out: Vec::new(),
        };
        bounded.write_all(line.as_bytes()).unwrap();
        String::from_utf8(bounded.out).unwrap()
    }

    #[test]
    fn a_log_line_has_a_greatest_length() {
        for letter in ["x", "é", "\"", "\\"] {
            let line = |bytes: usize| format!("{}\n", letter.repeat((bytes - 1) / letter.len()));
            for form in [Form::Text, Form::Json] {
                let fits = line(LINE_BYTES_MAX);
                assert_eq!(written(form, &fits), fits);
                for bytes in [LINE_BYTES_MAX + 1 + letter.len(), LINE_BYTES_MAX * 10] {
                    let long = line(bytes);
                    let cut = written(form, &long);
                    assert!(cut.len() <= LINE_BYTES_MAX, "{} of {bytes}", cut.len());
                    assert!(cut.ends_with('\n') && cut.matches('\n').count() == 1);
                    assert!(cut.contains(&long.len().to_string()));
                }
            }
            let cut = written(Form::Json, &line(LINE_BYTES_MAX * 10));
            let document: serde_json::Value = serde_json::from_str(&cut).unwrap();
            let kept = document["line.begins"].as_str().unwrap();
            assert!(kept.starts_with(letter));
        }
    }
}
