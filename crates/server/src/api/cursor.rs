//! Opaque cursors: a place in the list, bound to the query that made it.

use cresset_model::id::hash128;

/// What a wrong cursor is answered with.
pub(super) const NO_CURSOR: &str =
    "`cursor` is none of this server's: take it from `next` of the page before";
/// What another query's cursor is answered with.
pub(super) const OTHER_QUERY: &str = "`cursor` belongs to another query: keep all other parameters, or leave `cursor` out to begin anew";

/// The fingerprint of a query: its path and all parameters that choose or order rows.
pub(super) fn fingerprint(path: &str, pairs: &[(String, String)]) -> u64 {
    let mut chosen: Vec<&(String, String)> = pairs
        .iter()
        .filter(|(name, _)| !["cursor", "limit", "include"].contains(&name.as_str()))
        .collect();
    chosen.sort();
    let parts: Vec<&[u8]> = std::iter::once(path.as_bytes())
        .chain(
            chosen
                .iter()
                .flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]),
        )
        .collect();
    (hash128(&parts) >> 64) as u64
}

/// Writes a cursor.
pub(super) fn write(seq: u64, fingerprint: u64) -> String {
    format!("{seq:016x}{fingerprint:016x}")
}

/// Reads a cursor of this query.
pub(super) fn read(text: &str, fingerprint: u64) -> Result<u64, &'static str> {
    let hex = |part: Option<&str>| {
        part.filter(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|part| u64::from_str_radix(part, 16).ok())
            .ok_or(NO_CURSOR)
    };
    if text.len() != 32 {
        return Err(NO_CURSOR);
    }
    let seq = hex(text.get(..16))?;
    if hex(text.get(16..))? == fingerprint {
        Ok(seq)
    } else {
        Err(OTHER_QUERY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_bound_to_its_query() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let one = fingerprint("/a", &[pair("user", "x"), pair("q", "y")]);
        let same = fingerprint(
            "/a",
            &[
                pair("q", "y"),
                pair("limit", "3"),
                pair("cursor", "c"),
                pair("user", "x"),
            ],
        );
        assert_eq!(one, same);
        assert_ne!(one, fingerprint("/b", &[pair("user", "x"), pair("q", "y")]));
        assert_ne!(one, fingerprint("/a", &[pair("user", "xq"), pair("", "y")]));
        assert_eq!(read(&write(u64::MAX, one), one), Ok(u64::MAX));
        assert_eq!(read(&write(7, one), one + 1), Err(OTHER_QUERY));
        for garbage in [
            "",
            "x",
            "+000000000000007000000000000000f",
            "é23456789012345678901234567890",
        ] {
            assert_eq!(read(garbage, one), Err(NO_CURSOR), "{garbage}");
        }
    }
}
