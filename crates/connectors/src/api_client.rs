//! A client of Cresset's own API, for the command line.

use std::time::Duration;

/// How long one request of the command line may take.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// How long an answer of any size may take.
const COPY_TIMEOUT: Duration = Duration::from_hours(1);

/// The service could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiClientError {
    /// The address is not one.
    #[error("`{0}` is not an address such as http://127.0.0.1:8000")]
    Address(String),
    /// The client could not be built.
    #[error("build a client")]
    Build(#[source] reqwest::Error),
    /// The service did not answer.
    #[error("no answer from {url}: {cause}")]
    Unreachable {
        /// The address asked.
        url: String,
        /// What happened.
        cause: String,
    },
    /// What came could not be written.
    #[error("write what came")]
    Write(#[source] std::io::Error),
}

/// An answer of any status.
#[derive(Debug, Clone)]
pub struct ApiAnswer {
    /// The HTTP status.
    pub status: u16,
    /// When to come again, if it was told in seconds.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Vec<u8>,
}

/// Asks a running service.
#[derive(Debug, Clone)]
pub struct ApiClient {
    base: String,
    client: reqwest::Client,
}

impl ApiClient {
    /// A client of the service at `base`, such as `http://127.0.0.1:8000`.
    pub fn new(base: &str) -> Result<Self, ApiClientError> {
        let parsed: reqwest::Url = base
            .parse()
            .map_err(|_| ApiClientError::Address(base.to_owned()))?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
            return Err(ApiClientError::Address(base.to_owned()));
        }
        let client = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(ApiClientError::Build)?;
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            client,
        })
    }

    /// Reads a resource.
    pub async fn get(&self, path: &str) -> Result<ApiAnswer, ApiClientError> {
        self.send(self.client.get(format!("{}{path}", self.base)))
            .await
    }

    /// Reads a resource of any size piece by piece. Anything but a 2xx answer is given back whole.
    pub async fn copy(
        &self,
        path: &str,
        mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<ApiAnswer, ApiClientError> {
        let request = self.client.get(format!("{}{path}", self.base));
        let request = request.timeout(COPY_TIMEOUT);
        let mut answer = request.send().await.map_err(|error| self.failed(&error))?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| self.failed(&error))? {
            if status.is_success() {
                take(&piece).map_err(ApiClientError::Write)?;
            } else {
                body.extend_from_slice(&piece);
            }
        }
        Ok(ApiAnswer {
            status: status.as_u16(),
            retry_after: None,
            body,
        })
    }

    fn failed(&self, error: &reqwest::Error) -> ApiClientError {
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        ApiClientError::Unreachable {
            url: self.base.clone(),
            cause: cause.to_string(),
        }
    }

    /// Acts; the body, if any, is JSON.
    pub async fn post(
        &self,
        path: &str,
        body: Option<String>,
    ) -> Result<ApiAnswer, ApiClientError> {
        let mut request = self.client.post(format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        self.send(request).await
    }

    /// Pushes events, one JSON document a line, under an idempotency key.
    pub async fn push(
        &self,
        path: &str,
        key: &str,
        events: Vec<u8>,
    ) -> Result<ApiAnswer, ApiClientError> {
        let request = self
            .client
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/x-ndjson")
            .header("idempotency-key", key)
            .body(events);
        self.send(request).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<ApiAnswer, ApiClientError> {
        let answer = request.send().await.map_err(|error| self.failed(&error))?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get(reqwest::header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let body = answer.bytes().await;
        let body = body.map_err(|error| self.failed(&error))?.to_vec();
        Ok(ApiAnswer {
            status,
            retry_after: retry_after.map(Duration::from_secs),
            body,
        })
    }
}
