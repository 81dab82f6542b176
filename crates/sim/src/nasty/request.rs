//! A request as far as the upstream cares.

use cresset_model::Timestamp;

/// The head of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// Path and query, as they came.
    pub(super) target: String,
    pub(super) host: String,
    pub(super) closes: bool,
    headers: Vec<(String, String)>,
}

impl Request {
    /// Reads a head; `None` if it is none.
    pub(super) fn parse(head: &str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut request = Self {
            method,
            target,
            host: String::new(),
            closes: false,
            headers,
        };
        request.host = request.header("host").unwrap_or_default().to_owned();
        let connection = request.header("connection").unwrap_or_default();
        request.closes = connection.eq_ignore_ascii_case("close");
        Some(request)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A parameter of the query, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(key, _)| *key == name);
        let (_, value) = values.next()?;
        let value = value.replace('+', " ");
        let value = percent_encoding::percent_decode_str(&value).decode_utf8_lossy();
        Some(value.into_owned())
    }

    /// The instant from which on it asks; without one, everything.
    pub(super) fn since(&self) -> Result<Timestamp, String> {
        let Some(since) = self.parameter("since") else {
            return Ok(Timestamp::MIN);
        };
        Timestamp::parse(&since).ok_or_else(|| format!("`since` is no instant: {since:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_taken_apart() {
        let head = "GET /alerts?since=2026-11-22T00%3A00%3A00%2B00%3A00&cursor=a+b%20%C3%A9 HTTP/1.1\r\n\
                    Host: 127.0.0.1:1\r\nConnection: Close\r\n";
        let request = Request::parse(head).unwrap();
        assert_eq!(request.path(), "/alerts");
        assert_eq!(request.host, "127.0.0.1:1");
        assert!(request.closes);
        assert_eq!(request.parameter("cursor").as_deref(), Some("a b \u{e9}"));
        assert_eq!(request.since(), Ok(Timestamp::parse("2026-11-22").unwrap()));
        assert_eq!(Request::parse("GET"), None);
    }
}
