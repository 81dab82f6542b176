//! Talks to a running service.

use std::io::{ErrorKind, Write as _};

use cresset_connectors::api_client::{ApiAnswer, ApiClient, ApiClientError};
use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::output::push;

/// A client of a running service, with errors that say what to do.
pub(crate) struct Client {
    api: ApiClient,
}

impl Client {
    /// A client of the service at this address.
    pub(crate) fn new(url: &str) -> Result<Self, Failure> {
        let api =
            ApiClient::new(url).map_err(|error| Failure::new(Exit::Invalid, error.to_string()))?;
        Ok(Self { api })
    }

    /// Reads a resource; anything but a 2xx answer is a failure.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        read(
            &self
                .api
                .get(path)
                .await
                .map_err(|error| unreachable(&error))?,
        )
    }

    /// Reads a resource whatever the status; the body is null where it is no JSON.
    pub(crate) async fn look(&self, path: &str) -> Result<(u16, Value), Failure> {
        let answer = self
            .api
            .get(path)
            .await
            .map_err(|error| unreachable(&error))?;
        let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        Ok((answer.status, body))
    }

    /// Copies a resource of any size to standard output; anything but a 2xx answer is a failure.
    pub(crate) async fn copy(&self, path: &str) -> Result<(), Failure> {
        let answer = self.api.copy(path, write_out).await;
        let answer = match answer {
            // Whoever reads has seen enough, as `head` has.
            Err(ApiClientError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => {
                return Ok(());
            }
            Err(ApiClientError::Write(error)) => {
                let message = format!("write to standard output: {error}");
                return Err(Failure::new(Exit::No, message));
            }
            answer => answer.map_err(|error| unreachable(&error))?,
        };
        read(&answer).map(drop)
    }

    /// Acts; anything but a 2xx answer is a failure.
    pub(crate) async fn post(&self, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        read(
            &self
                .api
                .post(path, body.map(Value::to_string))
                .await
                .map_err(|error| unreachable(&error))?,
        )
    }
}

fn write_out(piece: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(piece).and_then(|()| out.flush())
}

fn unreachable(error: &ApiClientError) -> Failure {
    let message =
        format!("{error}: is the service running? name another one with --url or CRESSET_URL");
    Failure::new(Exit::Unreachable, message)
}

fn read(answer: &ApiAnswer) -> Result<Value, Failure> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    if (200..300).contains(&answer.status) {
        return Ok(body);
    }
    let detail = body
        .get("detail")
        .and_then(Value::as_str)
        .unwrap_or("no explanation given");
    let exit = match answer.status {
        409 => Exit::Conflict,
        422 if body["type"] == "/problems/invalid-configuration" => Exit::Invalid,
        502..=504 => Exit::Unreachable,
        _ => Exit::No,
    };
    Err(Failure::new(
        exit,
        format!("{detail} (HTTP {})", answer.status),
    ))
}

/// A text as one segment or value of an address.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            push(&mut out, format_args!("%{byte:02X}"));
        }
    }
    out
}
