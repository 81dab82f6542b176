//! The dials of a mock upstream, turned through its `/config`: `GET` says how they stand, `POST` sets
//! them. A mock that knows the failure rate alone, as the original's, shows no other dial.

use std::sync::Arc;
use std::time::Duration;

use cresset_model::ports::{BoxFuture, ChaosDials, Dials, PortError};
use reqwest::{RequestBuilder, Url};
use serde_json::{Map, Value};

use crate::egress::{Egress, is_host_and_port};
use crate::http::{Transport, client};
use crate::send_failure::{SendFailure, span};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// The dials could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum MockDialsError {
    /// The address is none.
    #[error("`{0}` is not an address such as http://127.0.0.1:8001/config")]
    Address(String),
    /// The private host is none.
    #[error("`allow_private: {0}` is not a host and a port such as 127.0.0.1:8001")]
    AllowPrivate(String),
    /// The client could not be built.
    #[error("build a client")]
    Client(#[source] reqwest::Error),
}

/// Turns the dials of one mock.
pub struct MockDials {
    client: reqwest::Client,
    url: Url,
    egress: Arc<Egress>,
}

impl MockDials {
    /// The dials behind an address; `allow_private` names its host and port if they are not public.
    pub fn new(url: &str, allow_private: Option<&str>) -> Result<Self, MockDialsError> {
        let wrong = || MockDialsError::Address(url.to_owned());
        let parsed: Url = url.parse().map_err(|_| wrong())?;
        if let Some(allowed) = allow_private.filter(|allowed| !is_host_and_port(allowed)) {
            return Err(MockDialsError::AllowPrivate(allowed.to_owned()));
        }
        let transport = match parsed.scheme() {
            "http" => Transport::Plain,
            "https" => Transport::Tls,
            _ => return Err(wrong()),
        };
        let egress = Arc::new(Egress::of(&parsed, allow_private).ok_or_else(wrong)?);
        Ok(Self {
            client: client(&egress, transport, TIMEOUT).map_err(MockDialsError::Client)?,
            url: parsed,
            egress,
        })
    }

    async fn get(&self) -> Result<Dials, PortError> {
        let mut url = self.url.clone();
        // A mock of ours shows every dial then; others do not mind.
        url.query_pairs_mut().append_pair("include", "all");
        let body = self.ask(self.client.get(url)).await?;
        let object: Map<String, Value> = serde_json::from_slice(&body).map_err(|error| {
            PortError::permanent(format!(
                "the answer of {} is no settings: {error}",
                self.url
            ))
        })?;
        let delay = object.get("delay_ms").and_then(Value::as_u64);
        Ok(Dials {
            failure_rate: object.get("failure_rate").and_then(Value::as_f64),
            delay: delay.map(Duration::from_millis),
            malformed: object.get("malformed").and_then(Value::as_f64),
        })
    }

    async fn post(&self, dials: Dials) -> Result<(), PortError> {
        // Without it a mock takes its default for what was meant.
        let failure_rate = match dials.failure_rate {
            Some(failure_rate) => Some(failure_rate),
            None => self.get().await?.failure_rate,
        };
        let mut body = Map::new();
        let delay = dials.delay.map(|delay| delay.as_millis());
        let delay = delay.map(|ms| u64::try_from(ms).unwrap_or(u64::MAX));
        let settings = [
            ("failure_rate", failure_rate.map(Value::from)),
            ("delay_ms", delay.map(Value::from)),
            ("malformed", dials.malformed.map(Value::from)),
        ];
        for (key, value) in settings {
            if let Some(value) = value {
                body.insert(key.to_owned(), value);
            }
        }
        let request = self.client.post(self.url.clone());
        let request = request.header("content-type", "application/json");
        self.ask(request.body(Value::from(body).to_string()))
            .await?;
        Ok(())
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Vec<u8>, PortError> {
        let refused = |error: crate::egress::EgressRefused| PortError::permanent(error.to_string());
        self.egress.check_literal().map_err(refused)?;
        tokio::time::timeout(TIMEOUT, self.answer(request))
            .await
            .map_err(|_| {
                let target = self.egress.target();
                PortError::transient(format!("no answer from {target} within {}", span(TIMEOUT)))
            })?
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Vec<u8>, PortError> {
        let failed = |error: reqwest::Error| {
            let failure = SendFailure::of(&error, &self.egress.target(), TIMEOUT);
            if failure.is_transient {
                PortError::transient(failure.message)
            } else {
                PortError::permanent(failure.message)
            }
        };
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(failed)? {
            if body.len() + piece.len() > ANSWER_BYTES_MAX {
                let text = format!("the answer of {} is too large", self.url);
                return Err(PortError::permanent(text));
            }
            body.extend_from_slice(&piece);
        }
        if status.is_success() {
            return Ok(body);
        }
        let text = format!("{} answered {status}", self.url);
        Err(PortError::permanent(text))
    }
}

impl ChaosDials for MockDials {
    fn read(&self) -> BoxFuture<'_, Result<Dials, PortError>> {
        Box::pin(self.get())
    }

    fn set(&self, dials: Dials) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(self.post(dials))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_refused() {
        let check = |url: &str, allow: Option<&str>, expected: &str| {
            let error = MockDials::new(url, allow).err().unwrap();
            assert!(error.to_string().contains(expected), "{error}");
        };
        check("mock", None, "`mock` is not an address");
        check("ftp://mock/config", None, "is not an address");
        check("http://mock/config", Some("mock"), "not a host and a port");
    }

    #[tokio::test]
    async fn a_private_address_that_was_not_named_is_never_asked() {
        let dials = MockDials::new("http://127.0.0.1:9/config", None).unwrap();
        let error = dials.read().await.unwrap_err();
        assert!(matches!(error, PortError::Permanent { .. }));
        assert!(
            error.to_string().contains("allow_private: 127.0.0.1:9"),
            "{error}"
        );
        assert_eq!(dials.set(Dials::default()).await, Err(error));
    }
}
