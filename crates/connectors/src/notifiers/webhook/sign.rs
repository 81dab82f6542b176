//! Signatures of Standard Webhooks (<https://www.standardwebhooks.com>, scheme `v1`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cresset_model::secret::Secret;
use ring::hmac;

use super::config::{SECRETS_MAX, WebhookError};

/// The keys of a webhook.
pub(super) struct Signer(Vec<hmac::Key>);

impl Signer {
    pub(super) fn new(secrets: &[Secret]) -> Result<Self, WebhookError> {
        if secrets.len() > SECRETS_MAX {
            return Err(WebhookError::SecretsTooMany);
        }
        let keys: Result<_, _> = secrets.iter().map(key).collect();
        keys.map(Self)
    }

    /// The value of `webhook-signature`, one signature for each key; `None` without keys.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
        let signatures: Vec<String> = self
            .0
            .iter()
            .map(|key| {
                let mut context = hmac::Context::with_key(key);
                context.update(format!("{id}.{timestamp}.").as_bytes());
                context.update(body);
                format!("v1,{}", STANDARD.encode(context.sign()))
            })
            .collect();
        (!signatures.is_empty()).then(|| signatures.join(" "))
    }
}

fn key(secret: &Secret) -> Result<hmac::Key, WebhookError> {
    let text = secret.reveal();
    let bytes = match text.strip_prefix("whsec_") {
        None => text.as_bytes().to_vec(),
        Some(encoded) => STANDARD
            .decode(encoded)
            .map_err(|_| WebhookError::SecretEncoding)?,
    };
    if bytes.is_empty() {
        return Err(WebhookError::SecretEmpty);
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(secrets: &[&str]) -> Result<Option<String>, String> {
        let secrets: Vec<Secret> = secrets
            .iter()
            .map(|text| Secret::new((*text).to_owned()))
            .collect();
        let signer = Signer::new(&secrets).map_err(|error| error.to_string())?;
        // The example of the specification's own libraries.
        Ok(signer.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        ))
    }

    #[test]
    fn the_published_example_is_signed_as_published() {
        let known = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert_eq!(sign(&[secret]), Ok(Some(known.to_owned())));
        let both = sign(&[secret, "another"]).unwrap().unwrap();
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(first, known);
        assert!(second.starts_with("v1,") && second != known, "{second}");
        assert_eq!(sign(&[]), Ok(None));
    }

    #[test]
    fn secrets_that_cannot_sign_are_refused() {
        let refused = |secrets: &[&str], expected: &str| {
            assert_eq!(sign(secrets), Err(expected.to_owned()));
        };
        refused(&[""], "a secret of `secrets` is empty");
        refused(&["whsec_"], "a secret of `secrets` is empty");
        refused(
            &["whsec_a!"],
            "a secret of `secrets` begins with `whsec_` but is not base64 after it",
        );
        refused(
            &["a", "b", "c"],
            "`secrets` must be at most 2: the current one and the one before or after it",
        );
    }
}
