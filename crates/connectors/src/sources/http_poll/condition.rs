//! Conditional requests (RFC 9110, section 13): a page that has not changed need not come again.

use std::time::{Duration, SystemTime};

use cresset_model::ports::Validator;
use reqwest::header::{
    DATE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};

/// A page that was changed less than this before it was sent may change again within the same second,
/// and its time with it stays the same.
const SETTLED: Duration = Duration::from_mins(1);
/// Bytes of a mark that is remembered.
const MARK_BYTES_MAX: usize = 1_024;

/// What marks the content of an answer: its strong entity tag, or else a time of change that lies well
/// before the answer. A weak tag may stay as it is while records come, so it marks nothing.
pub(super) fn validator_of(headers: &HeaderMap) -> Option<Validator> {
    let text = |name: HeaderName| {
        let value = headers.get(name)?.to_str().ok()?.trim();
        (value.len() <= MARK_BYTES_MAX).then_some(value)
    };
    if headers.contains_key(ETAG) {
        let tag = text(ETAG)?;
        let is_strong = tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"');
        return is_strong.then(|| Validator(tag.to_owned()));
    }
    let (changed, sent) = (text(LAST_MODIFIED)?, text(DATE)?);
    let time = |text: &str| -> Option<SystemTime> { httpdate::parse_http_date(text).ok() };
    let age = time(sent)?.duration_since(time(changed)?).ok()?;
    (age >= SETTLED).then(|| Validator(changed.to_owned()))
}

/// The header that asks for a page unless it is still so.
pub(super) fn condition(known: &Validator) -> Option<(HeaderName, HeaderValue)> {
    let name = if known.0.starts_with('"') {
        IF_NONE_MATCH
    } else {
        IF_MODIFIED_SINCE
    };
    Some((name, HeaderValue::from_str(&known.0).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[(&'static str, &str)], expected: Option<(&str, &str)>) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let known = validator_of(&headers);
        let asked = known.as_ref().and_then(condition);
        let asked = asked
            .as_ref()
            .map(|it| (it.0.as_str(), it.1.to_str().unwrap()));
        assert_eq!(asked, expected, "{lines:?}");
    }

    #[test]
    fn only_a_mark_that_changes_with_the_content_is_used() {
        let (noon, minute) = (
            "Mon, 23 Nov 2026 12:00:00 GMT",
            "Mon, 23 Nov 2026 12:01:00 GMT",
        );
        check(&[], None);
        check(&[("etag", "\"a-1\"")], Some(("if-none-match", "\"a-1\"")));
        check(
            &[("etag", "\"a\""), ("last-modified", noon), ("date", minute)],
            Some(("if-none-match", "\"a\"")),
        );
        check(&[("etag", "W/\"a\"")], None);
        check(&[("etag", "a")], None);
        check(&[("etag", "\"")], None);
        // Who sends a weak tag says that the content may differ: then the time says no more.
        check(
            &[
                ("etag", "W/\"a\""),
                ("last-modified", noon),
                ("date", minute),
            ],
            None,
        );
        let settled = [("last-modified", noon), ("date", minute)];
        check(&settled, Some(("if-modified-since", noon)));
        check(
            &[
                ("last-modified", noon),
                ("date", "Mon, 23 Nov 2026 12:00:59 GMT"),
            ],
            None,
        );
        check(&[("last-modified", minute), ("date", noon)], None);
        check(&[("last-modified", noon)], None);
        check(&[("last-modified", "noon"), ("date", minute)], None);
    }

    #[test]
    fn a_mark_at_the_limit_is_remembered_and_one_byte_more_is_not() {
        let tag = |len: usize| format!("\"{}\"", "x".repeat(len - 2));
        let at = tag(MARK_BYTES_MAX);
        check(&[("etag", &at)], Some(("if-none-match", &at)));
        check(&[("etag", &tag(MARK_BYTES_MAX + 1))], None);
        check(&[("etag", &tag(MARK_BYTES_MAX * 10))], None);
    }
}
