//! What somebody may have meant.

/// The shortest beginning that stands for the whole word.
const PREFIX_BYTES_MIN: usize = 3;

/// The candidate that a mistyped word most likely stands for: the nearest by edits, at most one for
/// every three letters (at least one), case and the choice between `-` and `_` not counted; else the
/// first that begins with it.
pub fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    // A longer word is no mistyped key, and the distance costs the product of both lengths.
    if word.len() > 128 {
        return None;
    }
    let plain = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let word = plain(word);
    let distance = |candidate: &str| strsim::damerau_levenshtein(&word, &plain(candidate));
    candidates
        .iter()
        .map(|candidate| (distance(candidate), *candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| {
            let longer = word.chars().count().max(candidate.chars().count());
            *distance <= (longer / 3).max(1)
        })
        .map(|(_, candidate)| candidate)
        .or_else(|| {
            let begins = |candidate: &&&str| plain(candidate).starts_with(&word);
            candidates
                .iter()
                .find(begins)
                .filter(|_| word.len() >= PREFIX_BYTES_MIN)
                .copied()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_anything_else_finds_none() {
        let keys = ["url", "interval", "overlap_short", "max_pages"];
        for (word, expected) in [
            ("intervall", Some("interval")),
            ("INTERVAL", Some("interval")),
            ("overlap-short", Some("overlap_short")),
            ("ulr", Some("url")),
            ("uri", Some("url")),
            ("maxpages", Some("max_pages")),
            ("inter", Some("interval")),
            ("in", None),
            ("password", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &keys), expected, "{word}");
        }
        assert_eq!(nearest(&"u".repeat(129), &keys), None);
        assert_eq!(nearest("url", &[]), None);
    }
}
