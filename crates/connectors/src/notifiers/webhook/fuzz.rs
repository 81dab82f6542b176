//! Fuzz targets: properties that hold for any bytes. `fuzz/` runs them, and the inputs that it keeps are
//! replayed as tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cresset_model::notification::Notification;
use cresset_model::secret::Secret;
use cresset_model::{NotificationId, Timestamp};
use ring::hmac;
use serde_json::{Value, json};

use super::sign::Signer;
use super::template::Template;

/// A signature: a secret that is taken signs, the header is as Standard Webhooks has it, the receiver's own
/// computation verifies it, and that of another body does not. The first line is the secret.
///
/// # Panics
/// When the property does not hold.
pub fn signature(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let secret = parts.next().unwrap_or_default();
    let body = parts.next().unwrap_or_default();
    let Ok(secret) = std::str::from_utf8(secret) else {
        return;
    };
    let Ok(signer) = Signer::new(&[Secret::new(secret.to_owned())]) else {
        return;
    };
    let (id, at) = ("00000000000000000000000007", 1_795_424_400);
    let header = signer.sign(id, at, body).expect("there is a key");
    let encoded = header.strip_prefix("v1,").expect("the scheme is `v1`");
    let tag = STANDARD.decode(encoded).expect("a signature is base64");
    // What a receiver does, by its own reading of the secret.
    let key = match secret.strip_prefix("whsec_") {
        None => secret.as_bytes().to_vec(),
        Some(encoded) => STANDARD.decode(encoded).expect("the signer has read it"),
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let content = |body: &[u8]| [format!("{id}.{at}.").as_bytes(), body].concat();
    assert!(hmac::verify(&key, &content(body), &tag).is_ok());
    let other = [body, b"x"].concat();
    assert!(hmac::verify(&key, &content(&other), &tag).is_err());
}

/// A template: one that is taken makes JSON of any notification, and what is inserted is never read again
/// as a part of it. The first line is what the notification tells.
///
/// # Panics
/// When the property does not hold.
pub fn template(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (told, text) = text.split_once('\n').unwrap_or(("", &text));
    let Ok(template) = Template::parse(text) else {
        return;
    };
    let plain: Value = read(&template, "x");
    assert_eq!(shape(&plain), shape(&read(&template, told)), "{told:?}");
}

/// What the template makes of a notification that tells `told` everywhere.
fn read(template: &Template, told: &str) -> Value {
    let body = json!({
        "alerts": [{"severity": "high", "description": told}],
        "more": 0,
    });
    let filled = template.fill(&Notification {
        id: NotificationId(7),
        receiver: told.to_owned(),
        group: told.to_owned(),
        ordinal: 1,
        created_at: Timestamp::from_nanos(0),
        subject: told.to_owned(),
        body: body.to_string().into_bytes(),
        attempt: 1,
    });
    serde_json::from_slice(&filled).expect("a filled template is JSON")
}

/// A value without its texts. Keys may hold placeholders, so that only their number counts.
fn shape(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(members) if members.len() > 1 => Value::from(0),
        Value::Object(members) => members.values().map(shape).collect(),
        Value::String(_) => Value::from(""),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::replay::replay;

    #[test]
    fn the_corpus_of_signatures_holds() {
        replay("signature", super::signature);
    }

    #[test]
    fn the_corpus_of_templates_holds() {
        replay("template", super::template);
    }
}
