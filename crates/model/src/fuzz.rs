//! Fuzz targets: properties that hold for any bytes. `fuzz/` runs them, and the inputs that it keeps are
//! replayed as tests.

use crate::ip::Network;
use crate::query::{
    ALTERNATIVES_MAX, Completing, Field, Filter, QUERY_BYTES_MAX, TERMS_MAX, Term, Test,
};
use crate::time::parse_duration;
use crate::{AlertId, Timestamp};

/// 2026-11-23T09:00:00Z.
const NOW: Timestamp = Timestamp::from_nanos(1_795_424_400_000_000_000);
/// The longest duration that can be written, in days.
const DURATION_DAYS_MAX: u64 = 10_000;

/// The query language: what is read keeps its bounds and is written as a query that reads back as the
/// same filter; what is refused is told with a place that lies in it; a completion begins in it.
///
/// # Panics
/// When the property does not hold.
pub fn query(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match Filter::parse(text, NOW) {
        Ok(filter) => reads_back(&filter),
        Err(error) => {
            assert!(error.offset <= text.len().max(QUERY_BYTES_MAX));
            assert!(!error.message.is_empty());
        }
    }
    let completing = Completing::of(text);
    assert!(text.is_char_boundary(completing.from()));
    completing.fixed();
    completing.values();
    for (name, _) in Field::NAMES {
        parameter(name, text);
    }
    parameter("from", text);
    parameter("to", text);
}

fn parameter(name: &str, value: &str) {
    match Filter::parse_parameter(name, value, NOW) {
        Ok(term) => reads_back(&Filter { terms: vec![term] }),
        Err(error) => assert!(error.offset <= value.len().max(QUERY_BYTES_MAX)),
    }
}

fn reads_back(filter: &Filter) {
    assert!(filter.terms.len() <= TERMS_MAX);
    assert!(
        filter
            .terms
            .iter()
            .all(|term| alternatives(term) <= ALTERNATIVES_MAX)
    );
    let written = filter.to_string();
    // Quotes and relative times take more bytes written out than they took in the query.
    if written.len() <= QUERY_BYTES_MAX {
        assert_eq!(
            Filter::parse(&written, NOW).as_ref(),
            Ok(filter),
            "{written}"
        );
    }
}

fn alternatives(term: &Term) -> usize {
    match &term.test {
        Test::Severity(ranges) => ranges.len(),
        Test::Text(_, patterns) => patterns.len(),
        Test::Address(_, networks) => networks.len(),
        Test::Time(_, ranges) => ranges.len(),
        Test::Present(_) | Test::Word(_) => 1,
    }
}

/// Instants, durations, networks and identities: what is read is written so that it reads back as the
/// same, and every instant that there is can be written and read.
///
/// # Panics
/// When the property does not hold.
pub fn words(data: &[u8]) {
    if let Some(bytes) = data.first_chunk() {
        let at = Timestamp::from_nanos(i64::from_le_bytes(*bytes));
        // The first second of all begins before it can be named, so that its parts cannot be read.
        if at > Timestamp::from_nanos(i64::MIN + 1_000_000_000) {
            assert_eq!(Timestamp::parse(&at.to_exact()), Some(at));
        }
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(at) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&at.to_exact()), Some(at), "{text}");
        let micros = at.nanos().div_euclid(1_000) * 1_000;
        let cut = Some(Timestamp::from_nanos(micros));
        assert_eq!(Timestamp::parse(&at.to_z()), cut, "{text}");
        assert_eq!(Timestamp::parse(&at.to_offset()), cut, "{text}");
    }
    if let Some(duration) = parse_duration(text) {
        assert!(duration.as_secs() <= DURATION_DAYS_MAX * 86_400);
        assert!(NOW.minus(duration) <= NOW);
    }
    if let Some(network) = Network::parse(text) {
        assert!(network.contains(network.base), "{text}");
        assert_eq!(
            Network::parse(&network.to_string()),
            Some(network),
            "{text}"
        );
    }
    if let Ok(id) = text.parse::<AlertId>() {
        assert_eq!(id.to_string().parse(), Ok(id), "{text}");
    }
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;

    #[test]
    fn the_corpus_of_queries_holds() {
        replay("query", super::query);
    }

    #[test]
    fn the_corpus_of_words_holds() {
        replay("words", super::words);
    }
}
