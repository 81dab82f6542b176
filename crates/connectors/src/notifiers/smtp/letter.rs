//! The mail itself.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use cresset_model::notification::Notification;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use serde_json::Value;

use crate::notifiers::told::Told;

/// Characters of a subject; mail programs show far less.
const SUBJECT_CHARS_MAX: usize = 200;

/// Writes the mail. Everything in it comes from the frozen notification, so that a repeat says the same.
pub(super) fn letter(
    notification: &Notification,
    from: &Mailbox,
    to: &[Mailbox],
) -> Result<Message, lettre::error::Error> {
    let id = notification.id.to_string();
    let subject = one_line(&notification.subject);
    let told = Told::of(notification);
    let seconds = u64::try_from(notification.created_at.seconds()).unwrap_or(0);
    let raw = |name, value: &str| HeaderValue::new(name, value.to_owned());
    let mut builder = Message::builder()
        .from(from.clone())
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        .subject(&subject)
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        .raw_header(raw(NOTIFICATION, &id))
        // So that no absence note answers it (RFC 3834).
        .raw_header(raw(AUTO_SUBMITTED, "auto-generated"));
    for mailbox in to {
        builder = builder.to(mailbox.clone());
    }
    let part = |content_type, body| SinglePart::builder().header(content_type).body(body);
    builder.multipart(
        MultiPart::alternative()
            .boundary(format!("cresset-{id}"))
            .singlepart(part(ContentType::TEXT_PLAIN, text(&subject, &told)))
            .singlepart(part(ContentType::TEXT_HTML, html(&subject, &told))),
    )
}

const NOTIFICATION: HeaderName = HeaderName::new_from_ascii_str("X-Cresset-Notification");
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// Control characters, line ends among them, would begin another header.
fn one_line(subject: &str) -> String {
    subject
        .chars()
        .take(SUBJECT_CHARS_MAX)
        .map(|character| match character {
            _ if character.is_control() => ' ',
            '\u{2028}' | '\u{2029}' => ' ',
            _ => character,
        })
        .collect()
}

fn text(subject: &str, told: &Told) -> String {
    let mut out = format!("{subject}\n");
    for alert in &told.alerts {
        out.push('\n');
        for (name, value) in members(alert) {
            // Writing to a string cannot fail.
            writeln!(out, "{name}: {}", shown(value).replace('\n', "\n  ")).unwrap_or_default();
        }
    }
    if told.more > 0 {
        writeln!(out, "\nand {} more", told.more).unwrap_or_default();
    }
    out
}

fn html(subject: &str, told: &Told) -> String {
    let subject = escaped(subject);
    let mut out = format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><title>{subject}</title></head>\
         <body><h1 style=\"font-size:1.1em\">{subject}</h1>"
    );
    for alert in &told.alerts {
        out.push_str("<table style=\"margin-bottom:1em\">");
        for (name, value) in members(alert) {
            // Writing to a string cannot fail.
            write!(
                out,
                "\r\n<tr><th align=\"left\" valign=\"top\">{}</th><td>{}</td></tr>",
                escaped(name),
                escaped(&shown(value))
            )
            .unwrap_or_default();
        }
        out.push_str("</table>\r\n");
    }
    if told.more > 0 {
        write!(out, "<p>and {} more</p>", told.more).unwrap_or_default();
    }
    out.push_str("</body></html>\r\n");
    out
}

fn members(alert: &Value) -> impl Iterator<Item = (&str, &Value)> {
    alert
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.as_str(), value))
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Text in HTML. No line of it begins with what the sender of an event chose, so that none ends this part of
/// the mail.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("<br>"),
            '\r' => {}
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifiers::fixture::notification;

    fn written(notification: &Notification) -> String {
        let from = "Cresset <alerts@example.org>".parse().unwrap();
        let to = [
            "a@example.org".parse().unwrap(),
            "B <b@example.org>".parse().unwrap(),
        ];
        let letter = letter(notification, &from, &to).unwrap();
        String::from_utf8(letter.formatted()).unwrap()
    }

    #[test]
    fn a_mail_says_who_what_and_when_and_carries_the_id() {
        let mail = written(&notification());
        assert_eq!(mail, written(&notification()), "a repeat is the same mail");
        // Long lines are broken in transit.
        let mail = mail.replace("=\r\n", "");
        for expected in [
            "From: Cresset <alerts@example.org>\r\n",
            "To: a@example.org, B <b@example.org>\r\n",
            "Subject: 2 alerts \"now\"\r\n",
            "Message-ID: <00000000000000000000000007@example.org>\r\n",
            "X-Cresset-Notification: 00000000000000000000000007\r\n",
            "Date: Mon, 23 Nov 2026 08:59:00 +0000\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: multipart/alternative;",
            "description: Port <scan>\r\n",
            "<td>Port &lt;scan&gt;</td>",
            "and 3 more",
        ] {
            assert!(mail.contains(expected), "{expected}\n{mail}");
        }
    }

    #[test]
    fn no_subject_makes_another_header_and_umlauts_are_encoded() {
        let mut notification = notification();
        notification.subject = "a\r\nBcc: x@example.org\u{0}\u{2028}é\u{85}".to_owned();
        let mail = written(&notification);
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        assert!(head.is_ascii() && head.contains("=?utf-8?"), "{head}");
        let names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().unwrap())
            .collect();
        assert!(!names.contains(&"Bcc"), "{head}");
    }

    #[test]
    fn a_subject_at_the_limit_is_whole_and_a_longer_one_is_cut() {
        assert_eq!(one_line(&"é".repeat(200)), "é".repeat(200));
        assert_eq!(one_line(&"é".repeat(201)), "é".repeat(200));
    }

    /// Broken on purpose by line breaks that stay in the HTML.
    #[test]
    fn no_text_ends_a_part_of_the_mail() {
        let mut notification = notification();
        let end = format!("--cresset-{}", notification.id);
        let text = format!("a\r\n{end}--\r\n{end}\n{end}\rb");
        notification.body = serde_json::json!({"alerts": [{"description": text, "title": text}]})
            .to_string()
            .into_bytes();
        let mail = written(&notification);
        let begins = mail.lines().filter(|line| *line == end).count();
        let ends = mail.lines().filter(|line| line.starts_with(&end)).count() - begins;
        assert_eq!((begins, ends), (2, 1), "{mail}");
    }

    #[test]
    fn quotes_and_markup_are_text_in_html() {
        assert_eq!(
            escaped("<a href='x'>\"&\""),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;"
        );
    }
}
