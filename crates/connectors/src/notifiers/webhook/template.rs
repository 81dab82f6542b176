//! A body of the receiver's own form.

use cresset_model::notification::Notification;
use serde_json::Value;

use super::config::WebhookError;
use crate::notifiers::told::Told;

/// The placeholders, for messages.
pub(super) const KNOWN: &str = "subject, receiver, group, alerts, id, timestamp, severity";

/// A template cut at its placeholders. What is inserted is written as JSON and never read again.
#[derive(Debug)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug)]
enum Part {
    Text(String),
    /// A value; inside a string of the template only its text.
    Placeholder {
        name: Placeholder,
        in_string: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Placeholder {
    Subject,
    Receiver,
    Group,
    Alerts,
    Id,
    Timestamp,
    Severity,
}

impl Placeholder {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "subject" => Self::Subject,
            "receiver" => Self::Receiver,
            "group" => Self::Group,
            "alerts" => Self::Alerts,
            "id" => Self::Id,
            "timestamp" => Self::Timestamp,
            "severity" => Self::Severity,
            _ => return None,
        })
    }

    fn value(self, notification: &Notification, told: &Told) -> Value {
        match self {
            Self::Subject => notification.subject.as_str().into(),
            Self::Receiver => notification.receiver.as_str().into(),
            Self::Group => notification.group.as_str().into(),
            Self::Alerts => Value::Array(told.alerts.clone()),
            Self::Id => notification.id.to_string().into(),
            Self::Timestamp => notification.created_at.to_z().into(),
            Self::Severity => told.severity().as_str().into(),
        }
    }
}

impl Template {
    /// Reads a template, and fills it once to see that it makes JSON.
    pub(super) fn parse(text: &str) -> Result<Self, WebhookError> {
        let mut parts = Vec::new();
        let mut in_string = false;
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after
                .split_once("}}")
                .ok_or(WebhookError::PlaceholderOpen)?;
            let name = name.trim();
            let placeholder = Placeholder::from_name(name)
                .ok_or_else(|| WebhookError::Placeholder(name.chars().take(40).collect()))?;
            in_string = ends_in_string(before, in_string);
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Placeholder {
                name: placeholder,
                in_string,
            });
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let template = Self(parts);
        let sample = template.write(|_| Value::from("\"\\"));
        serde_json::from_str::<Value>(&sample)
            .map_err(|error| WebhookError::TemplateInvalid(error.to_string()))?;
        Ok(template)
    }

    pub(super) fn fill(&self, notification: &Notification) -> Vec<u8> {
        let told = Told::of(notification);
        self.write(|name| name.value(notification, &told))
            .into_bytes()
    }

    fn write(&self, value: impl Fn(Placeholder) -> Value) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Placeholder { name, in_string } => {
                    let value = value(*name);
                    if *in_string {
                        let text = match value {
                            Value::String(text) => text,
                            other => other.to_string(),
                        };
                        let quoted = Value::from(text).to_string();
                        let inner = quoted.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
                        out.push_str(inner.expect("JSON writes a string in quotes"));
                    } else {
                        out.push_str(&value.to_string());
                    }
                }
            }
        }
        out
    }
}

/// Whether the template is inside a JSON string after `text`, given whether it was before it.
fn ends_in_string(text: &str, mut in_string: bool) -> bool {
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ => {}
        }
    }
    in_string
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifiers::fixture::notification;

    fn fill(template: &str) -> Value {
        let filled = Template::parse(template).unwrap().fill(&notification());
        serde_json::from_slice(&filled).unwrap()
    }

    #[test]
    fn placeholders_become_text_inside_strings_and_values_outside() {
        let filled = fill(
            r#"{"text": "{{severity}}: {{ subject }} \"for\" {{receiver}} of {{group}}",
                "alerts": {{alerts}}, "id": {{id}}, "at": "{{timestamp}}", "raw": "{{alerts}}"}"#,
        );
        assert_eq!(
            filled["text"],
            "high: 2 alerts \"now\" \"for\" soc/0 of 0/a"
        );
        assert_eq!(filled["alerts"][0]["id"], "A1");
        assert_eq!(filled["id"], "00000000000000000000000007");
        assert_eq!(filled["at"], "2026-11-23T08:59:00Z");
        let raw: Value = serde_json::from_str(filled["raw"].as_str().unwrap()).unwrap();
        assert_eq!(raw, filled["alerts"]);
    }

    #[test]
    fn what_is_inserted_is_never_read_again() {
        let mut notification = notification();
        notification.subject = "{{id}}\", \"x\": \"\\{{".to_owned();
        for template in [r#"{"a": {{subject}}}"#, r#"{"a": "{{subject}}"}"#] {
            let filled = Template::parse(template).unwrap().fill(&notification);
            let filled: Value = serde_json::from_slice(&filled).unwrap();
            assert_eq!(filled, serde_json::json!({"a": notification.subject}));
        }
    }

    #[test]
    fn mistakes_are_named() {
        let refused = |template: &str, expected: &str| {
            let error = Template::parse(template).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        refused(
            r#"{"a": "{{title}}"}"#,
            "`template` has no placeholder `{{title}}`: use subject, receiver, group, alerts, id, \
             timestamp, severity",
        );
        refused(r#"{"a": "{{id"}"#, "`template` has a `{{` without `}}`");
        refused(
            r#"{"a": {{id}}"#,
            "`template` is not valid JSON once its placeholders are filled: EOF",
        );
    }
}
