//! A fuzz target: a property that holds for any bytes. `fuzz/` runs it, and the inputs that it keeps are
//! replayed as a test.

use cresset_model::AlertId;

use super::cursor;
use super::id_list;
use super::params::{LIMIT_MAX, Params};
use crate::form;

/// The query of a list and the body of a command: a cursor that is taken is the one that this very query
/// was given, a page keeps its limit, a text passes through an address unchanged, and a list of ids is
/// neither empty nor beyond its limit.
///
/// # Panics
/// When the property does not hold.
pub fn cursors(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut params = Params::read("/api/v1/alerts", Some(&text));
    params.only(&["q"]);
    let (page, fingerprint) = params.page();
    assert!((1..=LIMIT_MAX).contains(&page.limit));
    if let Some(seq) = page.before {
        let given = form::last(&params.pairs, "cursor").unwrap_or_default();
        assert!(cursor::write(seq, fingerprint).eq_ignore_ascii_case(given));
    }
    let seq = data
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let own = cursor::write(seq, fingerprint);
    assert_eq!(cursor::read(&own, fingerprint), Ok(seq));
    assert_eq!(cursor::read(&own, !fingerprint), Err(cursor::OTHER_QUERY));
    // The query with a cursor of its own is the same query.
    let next = Params::read("/api/v1/alerts", Some(&format!("{text}&cursor={own}"))).page();
    assert_eq!((next.0.before, next.1), (Some(seq), fingerprint));
    let pairs = form::pairs(&format!("v={}", form::encode(&text)));
    assert_eq!(form::last(&pairs, "v"), Some(&*text));
    if let Ok(ids) = id_list::read::<AlertId>(data) {
        assert!((1..=1_000).contains(&ids.len()));
    }
}

#[cfg(test)]
#[path = "../../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;

    #[test]
    fn the_corpus_of_cursors_holds() {
        replay("cursors", super::cursors);
    }
}
