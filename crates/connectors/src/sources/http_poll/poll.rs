//! The request.

use std::sync::Arc;

use cresset_model::Timestamp;
use cresset_model::ports::{Answer, Ask, BoxFuture, Clock, FetchError, Upstream};
use cresset_model::source::PagePlace;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, TRANSFER_ENCODING, USER_AGENT,
};
use reqwest::{StatusCode, Url};
use tokio::time::{Instant, timeout};

use super::body::{AnswerBody, BodyLimits, Encoding};
use super::condition::{condition, validator_of};
use super::config::{Auth, HttpPollConfig, Paging, SinceFormat, Timeouts};
use super::deadline::Deadline;
use super::failure::{of_send, of_status, permanent, span, transient};
use super::link;
use crate::egress::{Egress, is_host_and_port};
use crate::http::{Transport, client};

/// What a query value may hold as it is (RFC 3986, unreserved).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Settings that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum HttpPollError {
    /// `url` cannot be read.
    #[error("`url` is not valid: {0}")]
    UrlInvalid(String),
    /// `url` has another scheme.
    #[error("`url` must begin with http:// or https://, not {0}://")]
    UrlScheme(String),
    /// `url` has a user or a password in it.
    #[error("`url` must not hold a user or password: use `auth`")]
    UrlCredentials,
    /// The parameter for the instant is there already.
    #[error("`url` already has the parameter `{0}`: remove it, it is set for each request")]
    SinceInUrl(String),
    /// The parameter for the instant has no name.
    #[error("`since_parameter` must not be empty")]
    SinceEmpty,
    /// The parameter for the cursor has no name, or another's.
    #[error("the parameter of the cursor must have a name of its own, not `{0}`")]
    CursorParameter(String),
    /// `allow_private` is not a host and a port.
    #[error("`allow_private` must be host:port, such as 127.0.0.1:8001, not `{0}`")]
    AllowPrivate(String),
    /// The header cannot be set.
    #[error("`auth` cannot use the header `{0}`")]
    AuthHeader(String),
    /// The secret cannot be sent.
    #[error("the secret of `auth` holds characters that no header can carry, such as a line end")]
    AuthSecret,
    /// The user of basic authentication has a colon.
    #[error("the user of `auth` must not hold a colon")]
    AuthUser,
    /// The HTTP client cannot be built.
    #[error("cannot prepare the HTTP client")]
    Client(#[source] reqwest::Error),
}

/// Polls one upstream over HTTP.
pub struct HttpPoll {
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    url: Url,
    /// The address with the values of its query hidden: they may be keys.
    shown: Url,
    since_parameter: String,
    since_format: SinceFormat,
    paging: Paging,
    auth: Option<Auth>,
    egress: Arc<Egress>,
    timeouts: Timeouts,
    limits: BodyLimits,
}

impl HttpPoll {
    /// Checks the settings and prepares the client. The clock is asked when `Retry-After` is a date.
    pub fn new(config: HttpPollConfig, clock: Arc<dyn Clock>) -> Result<Self, HttpPollError> {
        let url = checked_url(&config)?;
        if let Some(allowed) = &config.allow_private
            && !is_host_and_port(allowed)
        {
            return Err(HttpPollError::AllowPrivate(allowed.clone()));
        }
        if let Some(auth) = &config.auth {
            check_auth(auth)?;
        }
        let egress = Egress::of(&url, config.allow_private.as_deref())
            .ok_or_else(|| HttpPollError::UrlInvalid("it has no host".to_owned()))?;
        let egress = Arc::new(egress);
        let transport = if url.scheme() == "https" {
            Transport::Tls
        } else {
            Transport::Plain
        };
        Ok(Self {
            client: client(&egress, transport, config.timeouts.connect)
                .map_err(HttpPollError::Client)?,
            clock,
            shown: without_values(&url),
            url,
            since_parameter: config.since_parameter,
            since_format: config.since_format,
            paging: config.paging,
            auth: config.auth,
            egress,
            limits: BodyLimits {
                idle: config.timeouts.idle,
                answer_bytes_max: config.answer_bytes_max,
                ratio_max: config.ratio_max,
                undecoded_bytes_max: config.undecoded_bytes_max,
            },
            timeouts: config.timeouts,
        })
    }

    async fn ask(&self, ask: Ask) -> Result<Answer, FetchError> {
        self.egress
            .check_literal()
            .map_err(|refused| permanent(refused.to_string()))?;
        let (url, shown) = self.page_url(&ask)?;
        let begun = Instant::now();
        let response = self.head(&ask, url.clone(), shown.as_str()).await?;
        let waited = begun.elapsed();
        let next = match self.paging {
            Paging::Link => self.next(response.headers(), &url, shown.as_str()),
            Paging::Since | Paging::Cursor { .. } => Ok(None),
        };
        if response.status() == StatusCode::NOT_MODIFIED && ask.known.is_some() {
            return Ok(Answer {
                next,
                validator: ask.known,
                body: None,
            });
        }
        if !response.status().is_success() {
            let (status, headers) = (response.status(), response.headers());
            return Err(of_status(status, headers, shown.as_str(), self.clock.now()));
        }
        let encoding = Encoding::of(response.headers()).map_err(|name| {
            permanent(format!(
                "refused content encoding '{name}' for url '{shown}': only gzip is unpacked"
            ))
        })?;
        let validator = validator_of(response.headers());
        let deadline = Deadline::new(&self.timeouts, waited);
        let address = self.shown.to_string();
        let body = AnswerBody::new(response, address, self.limits, deadline, encoding);
        Ok(Answer {
            next,
            validator,
            body: Some(Box::new(body)),
        })
    }

    /// The address of a page, and the same without the values that may be keys.
    fn page_url(&self, ask: &Ask) -> Result<(Url, Url), FetchError> {
        let first = |url: &Url| self.with_since(url, ask.since);
        let Some(place) = &ask.place else {
            return Ok((first(&self.url), first(&self.shown)));
        };
        match &self.paging {
            Paging::Cursor { parameter } => {
                let url = with_pair(&first(&self.url), parameter, place.as_str());
                let shown = with_query(&first(&self.shown), &format!("{parameter}=***"));
                Ok((url, shown))
            }
            Paging::Link => {
                let url = Url::parse(place.as_str()).ok();
                let url = url.filter(|url| link::is_same_origin(url, &self.url));
                let url = url.ok_or_else(|| self.place_foreign())?;
                let shown = without_values(&url);
                Ok((url, shown))
            }
            Paging::Since => Err(self.place_foreign()),
        }
    }

    /// A stored page that the present settings do not lead to.
    fn place_foreign(&self) -> FetchError {
        permanent(format!(
            "the next page that was stored is none of {}",
            self.shown
        ))
    }

    /// The page that the head names as the next one, if it may be followed.
    fn next(
        &self,
        headers: &HeaderMap,
        asked: &Url,
        shown: &str,
    ) -> Result<Option<PagePlace>, FetchError> {
        let refused = |what: String| {
            permanent(format!(
                "the `Link` to the next page of '{shown}' {what}: nothing was followed"
            ))
        };
        let Some(url) = link::next(headers, asked).map_err(refused)? else {
            return Ok(None);
        };
        if !link::is_same_origin(&url, &self.url) {
            let origin = url.origin().ascii_serialization();
            return Err(refused(format!(
                "leads to {origin}, which has not the scheme, host and port of `url`"
            )));
        }
        Ok(Some(PagePlace::new(url.as_str())))
    }

    async fn head(
        &self,
        ask: &Ask,
        url: Url,
        shown: &str,
    ) -> Result<reqwest::Response, FetchError> {
        let mut request = self
            .client
            .get(url)
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "gzip");
        if let Some((name, value)) = ask.known.as_ref().and_then(condition) {
            request = request.header(name, value);
        }
        request = match &self.auth {
            None => request,
            Some(Auth::Bearer(token)) => request.bearer_auth(token.reveal()),
            Some(Auth::Basic { user, password }) => {
                request.basic_auth(user, Some(password.reveal()))
            }
            Some(Auth::Header { name, value }) => {
                let value = sensitive(value.reveal());
                request.header(name, value.expect("the constructor has checked the value"))
            }
        };
        let allowed = self.timeouts.first_byte.min(self.timeouts.total);
        match timeout(allowed, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(of_send(
                &error,
                &self.egress.target(),
                self.timeouts.connect,
            )),
            Err(_) => Err(transient(format!(
                "no answer within {} from {shown}",
                span(allowed)
            ))),
        }
    }

    fn with_since(&self, url: &Url, since: Timestamp) -> Url {
        with_pair(url, &self.since_parameter, &self.since_format.write(since))
    }
}

impl Upstream for HttpPoll {
    fn get(&self, ask: Ask) -> BoxFuture<'_, Result<Answer, FetchError>> {
        Box::pin(self.ask(ask))
    }

    fn address(&self) -> String {
        self.shown.to_string()
    }
}

fn checked_url(config: &HttpPollConfig) -> Result<Url, HttpPollError> {
    let mut url = Url::parse(config.url.trim())
        .map_err(|error| HttpPollError::UrlInvalid(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(HttpPollError::UrlScheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(HttpPollError::UrlCredentials);
    }
    if config.since_parameter.is_empty() {
        return Err(HttpPollError::SinceEmpty);
    }
    if url
        .query_pairs()
        .any(|(key, _)| key == config.since_parameter.as_str())
    {
        return Err(HttpPollError::SinceInUrl(config.since_parameter.clone()));
    }
    if let Paging::Cursor { parameter } = &config.paging
        && (parameter.is_empty()
            || *parameter == config.since_parameter
            || url.query_pairs().any(|(key, _)| key == parameter.as_str()))
    {
        return Err(HttpPollError::CursorParameter(parameter.clone()));
    }
    url.set_fragment(None);
    Ok(url)
}

fn check_auth(auth: &Auth) -> Result<(), HttpPollError> {
    match auth {
        Auth::Bearer(token) => sensitive(token.reveal()).map(drop),
        Auth::Basic { user, .. } if user.contains(':') => Err(HttpPollError::AuthUser),
        Auth::Basic { .. } => Ok(()),
        Auth::Header { name, value } => {
            let parsed = HeaderName::try_from(name.as_str()).ok();
            let ours = [
                ACCEPT,
                ACCEPT_ENCODING,
                CONNECTION,
                CONTENT_LENGTH,
                HOST,
                IF_MODIFIED_SINCE,
                IF_NONE_MATCH,
                TRANSFER_ENCODING,
                USER_AGENT,
            ];
            if parsed.is_none_or(|name| ours.contains(&name)) {
                return Err(HttpPollError::AuthHeader(name.clone()));
            }
            sensitive(value.reveal()).map(drop)
        }
    }
}

fn sensitive(value: &str) -> Result<HeaderValue, HttpPollError> {
    let mut value = HeaderValue::from_str(value).map_err(|_| HttpPollError::AuthSecret)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The address with one more parameter.
fn with_pair(url: &Url, name: &str, value: &str) -> Url {
    let pair = format!(
        "{}={}",
        utf8_percent_encode(name, UNRESERVED),
        utf8_percent_encode(value, UNRESERVED)
    );
    with_query(url, &pair)
}

/// The address with more at the end of its query, as it is.
fn with_query(url: &Url, pair: &str) -> Url {
    let query = match url.query() {
        None | Some("") => pair.to_owned(),
        Some(kept) => format!("{kept}&{pair}"),
    };
    let mut url = url.clone();
    url.set_query(Some(&query));
    url
}

/// The address with `***` for every value of its query.
fn without_values(url: &Url) -> Url {
    let mut shown = url.clone();
    let query = url.query().map(|query| {
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((key, _)) => format!("{key}=***"),
            None => "***".to_owned(),
        });
        pairs.collect::<Vec<_>>().join("&")
    });
    shown.set_query(query.as_deref());
    shown
}
