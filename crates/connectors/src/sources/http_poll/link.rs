//! The `Link` header (RFC 8288): which page comes next.

use cresset_model::ports::PLACE_BYTES_MAX;
use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};

/// Links of one answer that are looked at.
const LINKS_MAX: usize = 64;

/// The target of the first link with the relation `next`, against the address that was asked; an error
/// that says what is wrong if it is no address or too long.
pub(super) fn next(headers: &HeaderMap, asked: &Url) -> Result<Option<Url>, String> {
    let mut looked_at = 0;
    for value in headers.get_all(LINK) {
        // A header is bytes; what is no UTF-8 cannot be an address.
        let value = String::from_utf8_lossy(value.as_bytes());
        let mut rest = value.as_ref();
        while let Some(link) = Link::take(&mut rest) {
            looked_at += 1;
            if looked_at > LINKS_MAX {
                return Ok(None);
            }
            if link.is_next {
                return resolve(link.target, asked).map(Some);
            }
        }
    }
    Ok(None)
}

/// Whether an address may be followed from another: same scheme, host and port, and no credentials in it.
pub(super) fn is_same_origin(url: &Url, other: &Url) -> bool {
    url.origin() == other.origin()
        && url.origin().is_tuple()
        && url.username().is_empty()
        && url.password().is_none()
}

fn resolve(target: &str, asked: &Url) -> Result<Url, String> {
    if target.len() > PLACE_BYTES_MAX {
        return Err(format!("is longer than {PLACE_BYTES_MAX} bytes"));
    }
    let mut url = asked
        .join(target)
        .map_err(|error| format!("is no address: {error}"))?;
    url.set_fragment(None);
    Ok(url)
}

/// One link of a header.
#[derive(Debug, PartialEq, Eq)]
struct Link<'a> {
    target: &'a str,
    is_next: bool,
}

impl<'a> Link<'a> {
    /// Takes the next link off the front. What is malformed is skipped up to the next `<`.
    fn take(rest: &mut &'a str) -> Option<Self> {
        let (_, after) = rest.split_once('<')?;
        let Some((target, mut after)) = after.split_once('>') else {
            *rest = "";
            return None;
        };
        // Only the first `rel` counts, and a link with another context is not about this page.
        let mut rel = None;
        let mut has_anchor = false;
        while let Some((name, value)) = parameter(&mut after) {
            if name.eq_ignore_ascii_case("rel") {
                rel.get_or_insert(value);
            } else if name.eq_ignore_ascii_case("anchor") {
                has_anchor = true;
            }
        }
        *rest = after;
        let rel = rel.unwrap_or_default();
        let is_next = rel
            .split_ascii_whitespace()
            .any(|word| word.eq_ignore_ascii_case("next"));
        Some(Self {
            target: target.trim(),
            is_next: is_next && !has_anchor,
        })
    }
}

/// Takes the next parameter off the front; `None` at the end of the link.
fn parameter<'a>(rest: &mut &'a str) -> Option<(&'a str, String)> {
    let mut after = rest.trim_start().strip_prefix(';')?.trim_start();
    let end = after.find(['=', ';', ',']).unwrap_or(after.len());
    let (name, tail) = after.split_at(end);
    after = tail;
    let mut value = String::new();
    if let Some(tail) = after.strip_prefix('=') {
        after = tail.trim_start();
        if let Some(quoted) = after.strip_prefix('"') {
            after = unquote(quoted, &mut value);
        } else {
            let end = after.find([';', ',']).unwrap_or(after.len());
            let (token, tail) = after.split_at(end);
            value.push_str(token.trim());
            after = tail;
        }
    }
    *rest = after;
    Some((name.trim(), value))
}

/// Reads a quoted string after its first quote and gives what follows it.
fn unquote<'a>(quoted: &'a str, value: &mut String) -> &'a str {
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return quoted.get(at + 1..).unwrap_or_default(),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    const ASKED: &str = "https://api.test/v1/alerts?since=1";

    fn check(values: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, HeaderValue::from_str(value).unwrap());
        }
        let asked = Url::parse(ASKED).unwrap();
        let found = next(&headers, &asked).unwrap();
        assert_eq!(found.as_ref().map(Url::as_str), expected, "{values:?}");
    }

    #[test]
    fn the_next_page_is_found_in_every_spelling() {
        let next = Some("https://api.test/v1/alerts?page=2");
        for value in [
            r#"<https://api.test/v1/alerts?page=2>; rel="next""#,
            "<https://api.test/v1/alerts?page=2>;rel=next",
            r#"</v1/alerts?page=2> ; REL = "Next""#,
            r#"<?page=2>; title="a, b; rel=\"prev\" <x>"; rel="last next""#,
            r#"<https://api.test/>; rel="prev", <alerts?page=2#x>; rel="next", </no>; rel=next"#,
            "<?page=2>; foo; rel=next; rel=prev",
        ] {
            check(&[value], next);
        }
        check(&["<?page=1>; rel=prev", "<?page=2>; rel=next"], next);
    }

    #[test]
    fn no_next_page_is_the_last() {
        check(&[], None);
        for value in [
            "",
            "<?page=2>",
            "<?page=2>; rel=prev",
            "<?page=2>; rel=nextpage",
            "<?page=2>; rel=prev; rel=next",
            r#"<?page=2>; rel=next; anchor="/other""#,
            r#"<?page=2; rel="next""#,
            r#"?page=2; rel="next""#,
        ] {
            check(&[value], None);
        }
    }

    #[test]
    fn only_the_same_scheme_host_and_port_are_the_same_origin() {
        let asked = Url::parse(ASKED).unwrap();
        for (target, expected) in [
            ("/x", true),
            ("https://API.test:443/x", true),
            ("http://api.test/x", false),
            ("https://api.test:444/x", false),
            ("https://api.test.evil/x", false),
            ("//evil.test/x", false),
            ("https://user@api.test/x", false),
            ("https://api.test@evil.test/x", false),
            ("file:///etc/passwd", false),
            ("data:text/plain,x", false),
        ] {
            let url = resolve(target, &asked).unwrap();
            assert_eq!(is_same_origin(&url, &asked), expected, "{target}");
        }
    }

    #[test]
    fn an_address_at_the_limit_passes_and_one_byte_more_does_not() {
        let asked = Url::parse(ASKED).unwrap();
        let target = |len: usize| format!("/{}", "x".repeat(len - 1));
        assert!(resolve(&target(PLACE_BYTES_MAX), &asked).is_ok());
        for len in [PLACE_BYTES_MAX + 1, PLACE_BYTES_MAX * 10] {
            let error = resolve(&target(len), &asked).unwrap_err();
            assert_eq!(error, "is longer than 8192 bytes");
        }
        let error = resolve("https://[::1", &asked).unwrap_err();
        assert!(error.starts_with("is no address: "), "{error}");
    }
}
