//! The requests.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cresset_model::city::CityField;
use cresset_model::ip;
use cresset_model::ports::{Answers, BoxFuture, Clock, GeoAnswer, Lookup};
use cresset_model::secret::Secret;
use cresset_model::{Timestamp, tables::GeoFragment};
use reqwest::{Response, StatusCode, Url};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::answer::{Place, pause_of};
use super::cache::Cache;
use super::config::{ANSWER_BYTES_MAX, GEO_BATCH_MAX, GeoHttpConfig, GeoHttpError};
use crate::egress::{Egress, is_host_and_port};
use crate::http::{Transport, client};
use crate::send_failure::{SendFailure, span};

/// How long the service is left alone after a failure, so that a dead one does not slow every batch.
const FAILURE_PAUSE: Duration = Duration::from_secs(5);
/// What is asked for.
const FIELDS: &str = "status,country,countryCode,regionName,city,lat,lon,query";

/// Asks a service where addresses lie.
pub struct GeoHttp {
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    url: Url,
    key: Option<Secret>,
    batch_max: usize,
    fields: Vec<CityField>,
    egress: Arc<Egress>,
    timeout: Duration,
    state: Mutex<State>,
    /// One request at a time.
    turn: Semaphore,
}

struct State {
    cache: Cache,
    /// Nothing is asked before this.
    paused_until: Timestamp,
}

impl GeoHttp {
    /// Checks the settings and prepares the client. The clock tells when answers expire and pauses end.
    pub fn new(config: GeoHttpConfig, clock: Arc<dyn Clock>) -> Result<Self, GeoHttpError> {
        let url = checked_url(&config.url)?;
        if let Some(allowed) = &config.allow_private
            && !is_host_and_port(allowed)
        {
            return Err(GeoHttpError::AllowPrivate(allowed.clone()));
        }
        let egress = Egress::of(&url, config.allow_private.as_deref())
            .ok_or_else(|| GeoHttpError::UrlInvalid("it has no host".to_owned()))?;
        let egress = Arc::new(egress);
        let transport = if url.scheme() == "https" {
            Transport::Tls
        } else {
            Transport::Plain
        };
        Ok(Self {
            client: client(&egress, transport, config.timeout).map_err(GeoHttpError::Client)?,
            clock,
            url,
            key: config.key,
            batch_max: config.batch_max.clamp(1, GEO_BATCH_MAX),
            fields: config.fields,
            egress,
            timeout: config.timeout,
            state: Mutex::new(State {
                cache: Cache::new(config.cache_ttl, config.cache_bytes_max),
                paused_until: Timestamp::MIN,
            }),
            turn: Semaphore::new(1),
        })
    }

    async fn answers(&self, addresses: Vec<IpAddr>) -> Answers {
        let mut answers = Answers::default();
        let mut seen = HashSet::new();
        let open: Vec<IpAddr> = addresses
            .into_iter()
            .filter(|address| seen.insert(*address))
            .filter(|address| {
                let known = if ip::is_public(*address) {
                    self.remembered(*address)
                } else {
                    Some(GeoAnswer::Unknown)
                };
                let is_open = known.is_none();
                answers
                    .geo
                    .insert(*address, known.unwrap_or(GeoAnswer::Unknown));
                is_open
            })
            .collect();
        for batch in open.chunks(self.batch_max) {
            if self.is_paused() {
                break;
            }
            // Whoever waits longer than a request may take does without.
            let Ok(Ok(_turn)) = timeout(self.timeout, self.turn.acquire()).await else {
                break;
            };
            self.ask_for(batch).await;
            for address in batch {
                if let Some(known) = self.remembered(*address) {
                    answers.geo.insert(*address, known);
                }
            }
        }
        answers
    }

    /// Asks for what nobody else has asked for while this caller waited, and remembers the answers.
    async fn ask_for(&self, batch: &[IpAddr]) {
        let open: Vec<IpAddr> = batch
            .iter()
            .copied()
            .filter(|address| self.remembered(*address).is_none())
            .collect();
        if open.is_empty() || self.is_paused() {
            return;
        }
        let asked = match timeout(self.timeout, self.ask(&open)).await {
            Ok(asked) => asked,
            Err(_) => Err(format!("no answer within {}", span(self.timeout))),
        };
        match asked {
            Ok(places) => self.remember(&open, places),
            Err(error) => {
                self.pause(FAILURE_PAUSE);
                tracing::warn!(
                    geo.service = %self.egress.target(),
                    addresses = open.len(),
                    error,
                    "geography service failed"
                );
            }
        }
    }

    async fn ask(&self, open: &[IpAddr]) -> Result<Vec<Place>, String> {
        self.egress
            .check_literal()
            .map_err(|refused| refused.to_string())?;
        let request = if let [address] = open {
            let path = ["json", &address.to_string()];
            self.client.get(self.with_path(&path))
        } else {
            let body: Vec<String> = open.iter().map(ToString::to_string).collect();
            let body = serde_json::Value::from(body).to_string();
            self.client
                .post(self.with_path(&["batch"]))
                .header("content-type", "application/json")
                .body(body)
        };
        let response = request.send().await.map_err(|error| {
            SendFailure::of(&error, &self.egress.target(), self.timeout).message
        })?;
        let status = response.status();
        let is_refusal = status == StatusCode::TOO_MANY_REQUESTS;
        if let Some(pause) = pause_of(response.headers(), is_refusal) {
            self.pause(pause);
        }
        if !status.is_success() {
            return Err(format!("it answered {status}"));
        }
        let body = self.body(response).await?;
        let unreadable = |error: serde_json::Error| format!("its answer is unreadable: {error}");
        if open.len() == 1 {
            let place = serde_json::from_slice(&body).map_err(unreadable)?;
            return Ok(vec![place]);
        }
        serde_json::from_slice(&body).map_err(unreadable)
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        loop {
            let piece = response.chunk().await.map_err(|error| {
                SendFailure::of(&error, &self.egress.target(), self.timeout).message
            })?;
            let Some(piece) = piece else {
                return Ok(body);
            };
            if body.len() + piece.len() > ANSWER_BYTES_MAX {
                return Err(format!(
                    "its answer is longer than {ANSWER_BYTES_MAX} bytes"
                ));
            }
            body.extend_from_slice(&piece);
        }
    }

    fn with_path(&self, parts: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        url.query_pairs_mut().append_pair("fields", FIELDS);
        if let Some(key) = &self.key {
            url.query_pairs_mut().append_pair("key", key.reveal());
        }
        url
    }

    /// An answer belongs to the address that it names, otherwise to the one at its place.
    fn remember(&self, open: &[IpAddr], places: Vec<Place>) {
        let now = self.clock.now();
        let mut state = self.state();
        for (place, asked) in places.into_iter().zip(open) {
            let address = place.address().unwrap_or(*asked);
            if address != *asked && !open.contains(&address) {
                continue;
            }
            let fragment = place
                .location()
                .map(|location| Arc::new(location.render(&self.fields)))
                .filter(|it: &Arc<GeoFragment>| {
                    !it.members.is_empty() || it.country_code.is_some()
                });
            state.cache.insert(address, fragment, now);
        }
    }

    fn remembered(&self, address: IpAddr) -> Option<GeoAnswer> {
        let now = self.clock.now();
        self.state().cache.get(address, now)
    }

    fn pause(&self, pause: Duration) {
        let until = self.clock.now().plus(pause);
        let mut state = self.state();
        state.paused_until = state.paused_until.max(until);
    }

    fn is_paused(&self) -> bool {
        let now = self.clock.now();
        now < self.state().paused_until
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lookup for GeoHttp {
    fn answer(&self, addresses: Vec<IpAddr>) -> BoxFuture<'_, Answers> {
        Box::pin(self.answers(addresses))
    }
}

fn checked_url(text: &str) -> Result<Url, GeoHttpError> {
    let url =
        Url::parse(text.trim()).map_err(|error| GeoHttpError::UrlInvalid(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(GeoHttpError::UrlScheme(url.scheme().to_owned()));
    }
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !is_bare {
        return Err(GeoHttpError::UrlParts);
    }
    Ok(url)
}
