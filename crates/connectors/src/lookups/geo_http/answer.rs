//! Answers of the service.

use std::net::IpAddr;
use std::time::Duration;

use cresset_model::city::Location;
use cresset_model::tables::CountryCode;
use reqwest::header::HeaderMap;

use crate::lookups::place::NAME_BYTES_MAX;

/// The wait when the service names none, and the longest that it can name.
const PAUSE: Duration = Duration::from_mins(1);
const PAUSE_MAX: Duration = Duration::from_hours(1);

/// What the service says of one address.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Place {
    status: String,
    country: Option<String>,
    country_code: Option<String>,
    region_name: Option<String>,
    city: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
    query: Option<String>,
}

impl Place {
    /// The address that the answer names, if it does.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.query.as_deref()?.parse().ok()
    }

    /// Where the address lies; `None` if the service does not know.
    pub(super) fn location(self) -> Option<Location> {
        let name = |text: Option<String>| text.filter(|text| text.len() <= NAME_BYTES_MAX);
        (self.status == "success").then(|| Location {
            country_code: self.country_code.as_deref().and_then(code),
            country: name(self.country),
            region_name: name(self.region_name),
            city: name(self.city),
            lat: self.lat,
            lon: self.lon,
        })
    }
}

fn code(text: &str) -> Option<CountryCode> {
    let code: CountryCode = text.as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_uppercase).then_some(code)
}

/// How long the service wants to be left alone: when nothing remains of its limit.
pub(super) fn pause_of(headers: &HeaderMap, is_refusal: bool) -> Option<Duration> {
    let number =
        |name: &str| -> Option<u64> { headers.get(name)?.to_str().ok()?.trim().parse().ok() };
    if !is_refusal && number("x-rl") != Some(0) {
        return None;
    }
    let wait = number("x-ttl").or_else(|| number("retry-after"));
    let wait = wait.map_or(PAUSE, Duration::from_secs);
    Some(wait.min(PAUSE_MAX))
}
