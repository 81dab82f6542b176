//! The words of a notification: its subject and its frozen body.

use cresset_model::Timestamp;
use cresset_model::alert::{AlertRow, StoredMatch};
use cresset_model::notification::RoutedRow;

use super::label::Label;

/// Bytes of a record that is shown whole by default; of a longer one the body says only how long it is.
pub const RECORD_BYTES_MAX: usize = 64 << 10;
/// Bytes of all the records that one body shows.
pub const RECORDS_BYTES_MAX: usize = 512 << 10;
/// Bytes of a description.
const DESCRIPTION_BYTES_MAX: usize = 2_048;
/// Bytes of any other text.
const TEXT_BYTES_MAX: usize = 256;
/// Detections shown of one alert.
const MATCHES_MAX: usize = 16;
/// Bytes of a subject, without the sign that it was cut.
const SUBJECT_BYTES_MAX: usize = 200;

/// What a notification tells.
pub(super) struct Message<'a> {
    /// What its alerts have in common.
    pub(super) labels: &'a [(Label, String)],
    /// The alerts, the oldest first.
    pub(super) alerts: &'a [(&'a RoutedRow, &'a AlertRow)],
    /// Alerts beyond these.
    pub(super) more: u64,
    /// Bytes of a record that is shown whole.
    pub(super) record_bytes_max: usize,
}

/// One line for people.
pub(super) fn subject(message: &Message<'_>) -> String {
    let text = match message.alerts {
        [(_, alert)] if message.more == 0 => of_one(alert),
        alerts => {
            let count = alerts.len() as u64 + message.more;
            let labels: Vec<String> = message
                .labels
                .iter()
                .map(|(label, value)| format!("{}={value}", label.as_str()))
                .collect();
            let separator = if labels.is_empty() { "" } else { ": " };
            format!("{count} alerts{separator}{}", labels.join(", "))
        }
    };
    on_one_line(&text)
}

fn of_one(alert: &AlertRow) -> String {
    match &alert.title {
        Some(title) => title.clone(),
        None if alert.description.trim().is_empty() => {
            format!("{} alert from {}", alert.severity.as_str(), alert.source)
        }
        None => alert.description.clone(),
    }
}

/// A subject becomes the head of a mail: a line break in it would begin another one.
fn on_one_line(text: &str) -> String {
    let text = text.trim();
    let end = text.floor_char_boundary(SUBJECT_BYTES_MAX.min(text.len()));
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    let shown = text.get(..end).unwrap_or_default();
    let mut line: String = shown.chars().map(plain).collect();
    if end < text.len() {
        line.push('…');
    }
    line
}

/// The body: the same message gives the same bytes.
pub(super) fn render(
    message: &Message<'_>,
    receiver: &str,
    subject: &str,
    now: Timestamp,
) -> Vec<u8> {
    let mut json = Json::default();
    json.open(b'{');
    json.member("type", "alert.created");
    json.member("timestamp", &now.to_z());
    json.member("receiver", receiver);
    json.key("group");
    json.open(b'{');
    for (label, value) in message.labels {
        json.member(label.as_str(), value);
    }
    json.close(b'}');
    json.member("subject", subject);
    json.key("alerts");
    json.open(b'[');
    let mut room = RECORDS_BYTES_MAX;
    for (row, alert) in message.alerts {
        json.item();
        write_alert(&mut json, (row, alert), message.record_bytes_max, &mut room);
    }
    json.close(b']');
    json.key("more");
    json.raw(message.more.to_string().as_bytes());
    json.close(b'}');
    json.out
}

fn write_alert(
    json: &mut Json,
    (row, alert): (&RoutedRow, &AlertRow),
    record_bytes_max: usize,
    room: &mut usize,
) {
    json.open(b'{');
    json.member("id", &alert.id.to_string());
    json.maybe("title", alert.title.as_deref());
    json.member("severity", alert.severity.as_str());
    json.member("source", &alert.source);
    json.key("description");
    json.text(&alert.description, DESCRIPTION_BYTES_MAX);
    json.member("src_ip", &alert.src_ip.to_string());
    json.maybe("dst_ip", alert.dst_ip.map(|ip| ip.to_string()).as_deref());
    json.maybe("country", alert.country.as_deref());
    json.maybe("user", alert.user.as_deref());
    json.member("created_at", &alert.created_at.to_z());
    json.member("pipeline", alert.source_id.as_str());
    json.key("matches");
    json.open(b'[');
    for found in row.matches.iter().take(MATCHES_MAX) {
        json.item();
        write_match(json, found);
    }
    json.close(b']');
    json.key("record");
    let bytes = row.record.len();
    // The record is the store's own JSON, checked when it came in: it goes in as it is, but for what many
    // readers refuse.
    if bytes > 0 && bytes <= record_bytes_max.min(*room) {
        *room -= bytes;
        let mut record = row.record.clone();
        mend_surrogates(&mut record);
        json.raw(&record);
    } else {
        json.raw(b"null");
        json.key("record_bytes");
        json.raw(bytes.to_string().as_bytes());
    }
    json.close(b'}');
}

/// Turns surrogates without a partner, which a record may write as `\ud800`, into U+FFFD: most readers of
/// JSON refuse a whole document for one of them, and then nobody would hear of the alert.
fn mend_surrogates(json: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', json.get(at..).unwrap_or_default()) {
        at += found;
        match escaped(json, at) {
            Some(0xd800..=0xdbff) if matches!(escaped(json, at + 6), Some(0xdc00..=0xdfff)) => {
                at += 12;
            }
            Some(0xd800..=0xdfff) => {
                if let Some(digits) = json.get_mut(at + 2..at + 6) {
                    digits.copy_from_slice(b"fffd");
                }
                at += 6;
            }
            Some(_) => at += 6,
            None => at += 2,
        }
    }
}

/// What the escape of four digits at this place stands for, if there is one.
fn escaped(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn write_match(json: &mut Json, found: &StoredMatch) {
    json.open(b'{');
    json.member("rule", &found.rule);
    json.member("field", &found.field);
    json.member("value", &found.value);
    json.maybe("list", found.list.as_deref());
    json.maybe("entry", found.entry.as_deref());
    json.maybe("origin", found.origin.as_deref());
    json.close(b'}');
}

/// JSON in the making.
#[derive(Default)]
struct Json {
    out: Vec<u8>,
    /// Whether the next key or item stands first in its bracket.
    first: bool,
}

impl Json {
    fn open(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.first = true;
    }

    fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.first = false;
    }

    fn item(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
    }

    /// A fixed name, which needs no escapes.
    fn key(&mut self, name: &'static str) {
        self.item();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn member(&mut self, name: &'static str, value: &str) {
        self.key(name);
        self.text(value, TEXT_BYTES_MAX);
    }

    fn maybe(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.member(name, value);
        } else {
            self.key(name);
            self.raw(b"null");
        }
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// A string of at most so many bytes of the text; a cut one ends with `…`.
    fn text(&mut self, text: &str, bytes_max: usize) {
        let end = text.floor_char_boundary(bytes_max.min(text.len()));
        self.out.push(b'"');
        for letter in text.get(..end).unwrap_or_default().chars() {
            self.letter(letter);
        }
        if end < text.len() {
            self.letter('…');
        }
        self.out.push(b'"');
    }

    fn letter(&mut self, letter: char) {
        match letter {
            '"' => self.raw(b"\\\""),
            '\\' => self.raw(b"\\\\"),
            '\n' => self.raw(b"\\n"),
            '\r' => self.raw(b"\\r"),
            '\t' => self.raw(b"\\t"),
            _ if u32::from(letter) < 0x20 => {
                self.raw(format!("\\u{:04x}", u32::from(letter)).as_bytes());
            }
            _ => self.raw(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}
