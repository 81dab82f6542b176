//! How the mock behaves.

use std::time::Duration;

/// Alerts of one page in the honest mode.
pub const PAGE_SIZE: usize = 100;

/// How the mock behaves; the default is the recorded behavior of the original.
#[derive(Debug, Clone)]
pub struct MockConfig {
    /// The share of requests that fail, 0 to 1; `POST /config` changes it.
    pub failure_rate: f64,
    /// How long each answer to `/alerts` takes.
    pub delay: Duration,
    /// Keeps what it made, obeys `since`, and answers pages in the order of creation.
    pub honest: bool,
    /// In the honest mode, `since` excludes the instant it names.
    pub since_exclusive: bool,
    /// What happens to one request after the other, again and again, such as `ok,500,500,429,ok`: `ok`,
    /// `cut` for an answer that breaks off, or a status from 300 to 599. It replaces `failure_rate`.
    pub pattern: Option<String>,
    /// The share of records that no client can take.
    pub malformed: f64,
    /// The share of records that repeat an earlier one.
    pub duplicate: f64,
    /// The share of records created before records that were already given.
    pub late: f64,
    /// The share of records created hours from now.
    pub future: f64,
    /// The share of records that raise the severity of an earlier one, under its id and time.
    pub updated: f64,
    /// How many requests are answered in a while; the others get a 429.
    pub rate_limit: Option<RateLimit>,
    /// What `Retry-After` asks for in a 429 or 503 of the pattern.
    pub retry_after: Duration,
    /// Tells the same story for the same requests; without it, every run differs.
    pub seed: Option<u64>,
    /// In the honest mode, the longest page.
    pub page_size: usize,
    /// In the honest mode, alerts made each second; 0 makes 1 to 5 for each request.
    pub rate: f64,
    /// Answers the first request with this many alerts in one page, and later ones with none.
    pub bulk: Option<u64>,
    /// Names under which the mock may be asked, besides those of the loopback interface.
    pub hosts: Vec<String>,
}

impl Default for MockConfig {
    fn default() -> Self {
        Self {
            failure_rate: 0.2,
            delay: Duration::from_secs(3),
            honest: false,
            since_exclusive: false,
            pattern: None,
            malformed: 0.0,
            duplicate: 0.0,
            late: 0.0,
            future: 0.0,
            updated: 0.0,
            rate_limit: None,
            retry_after: Duration::from_secs(2),
            seed: None,
            page_size: PAGE_SIZE,
            rate: 0.0,
            bulk: None,
            hosts: Vec::new(),
        }
    }
}

/// A limit on requests to `/alerts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests that are answered in one window.
    pub requests: u32,
    /// The length of the window.
    pub window: Duration,
}

/// Settings that make no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MockConfigError {
    /// A share is outside 0 to 1.
    #[error("`{key}` must be from 0 to 1, not {value}")]
    Share {
        /// Which.
        key: &'static str,
        /// Its value.
        value: f64,
    },
    /// The shares of special records exceed the whole.
    #[error(
        "`malformed`, `duplicate`, `late`, `future` and `updated` must not add up to more than 1"
    )]
    Shares,
    /// A step of the pattern is unknown.
    #[error("`pattern` cannot contain `{0}`: use ok, cut or a status from 300 to 599")]
    Pattern(String),
    /// The page is empty.
    #[error("`page_size` must be at least 1")]
    PageSize,
    /// The rate is no number of alerts.
    #[error("`rate` must be from 0 to 100000 alerts a second, not {0}")]
    Rate(f64),
    /// The limit lets nothing through.
    #[error("`rate_limit` must allow at least one request in at least one second")]
    RateLimit,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Ok,
    Cut,
    Status(u16),
}

impl MockConfig {
    /// The steps of the pattern, none if there is no pattern.
    pub(super) fn steps(&self) -> Result<Vec<Step>, MockConfigError> {
        let Some(pattern) = &self.pattern else {
            return Ok(Vec::new());
        };
        pattern
            .split(',')
            .map(|step| read_step(step.trim()))
            .collect()
    }

    /// Checks everything that a caller can get wrong.
    pub(super) fn check(&self) -> Result<(), MockConfigError> {
        let special = [
            ("malformed", self.malformed),
            ("duplicate", self.duplicate),
            ("late", self.late),
            ("future", self.future),
            ("updated", self.updated),
        ];
        for (key, value) in special
            .into_iter()
            .chain([("failure_rate", self.failure_rate)])
        {
            if !(0.0..=1.0).contains(&value) {
                return Err(MockConfigError::Share { key, value });
            }
        }
        // The sum of decimal fractions may miss 1 by a rounding error.
        if special.iter().map(|(_, share)| share).sum::<f64>() > 1.0 + 1e-9 {
            return Err(MockConfigError::Shares);
        }
        if self.page_size == 0 {
            return Err(MockConfigError::PageSize);
        }
        if !(0.0..=100_000.0).contains(&self.rate) {
            return Err(MockConfigError::Rate(self.rate));
        }
        if let Some(limit) = self.rate_limit
            && (limit.requests == 0 || limit.window < Duration::from_secs(1))
        {
            return Err(MockConfigError::RateLimit);
        }
        self.steps().map(drop)
    }
}

fn read_step(text: &str) -> Result<Step, MockConfigError> {
    match text {
        "ok" => Ok(Step::Ok),
        "cut" => Ok(Step::Cut),
        _ => text
            .parse()
            .ok()
            .filter(|status| (300..=599).contains(status))
            .map(Step::Status)
            .ok_or_else(|| MockConfigError::Pattern(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_is_read_and_its_mistakes_are_named() {
        let steps = |pattern: &str| {
            MockConfig {
                pattern: Some(pattern.to_owned()),
                ..MockConfig::default()
            }
            .steps()
        };
        assert_eq!(
            steps("ok, 500,429,cut"),
            Ok(vec![
                Step::Ok,
                Step::Status(500),
                Step::Status(429),
                Step::Cut
            ])
        );
        assert_eq!(MockConfig::default().steps(), Ok(Vec::new()));
        for wrong in ["", "200", "600", "fail"] {
            let error = steps(wrong).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "`pattern` cannot contain `{wrong}`: use ok, cut or a status from 300 to 599"
                )
            );
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let check = |change: fn(&mut MockConfig), expected: &str| {
            let mut config = MockConfig::default();
            assert_eq!(config.check(), Ok(()));
            change(&mut config);
            assert_eq!(config.check().unwrap_err().to_string(), expected);
        };
        check(
            |c| c.failure_rate = 1.1,
            "`failure_rate` must be from 0 to 1, not 1.1",
        );
        check(|c| c.late = -0.5, "`late` must be from 0 to 1, not -0.5");
        check(
            |c| (c.late, c.future) = (0.6, 0.6),
            "`malformed`, `duplicate`, `late`, `future` and `updated` must not add up to more than 1",
        );
        check(|c| c.page_size = 0, "`page_size` must be at least 1");
        check(
            |c| c.rate = f64::NAN,
            "`rate` must be from 0 to 100000 alerts a second, not NaN",
        );
        check(
            |c| {
                c.rate_limit = Some(RateLimit {
                    requests: 0,
                    window: Duration::from_secs(1),
                });
            },
            "`rate_limit` must allow at least one request in at least one second",
        );
    }
}
