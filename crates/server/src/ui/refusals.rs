//! Why commands were refused: kept for a moment, so that the page after a redirect can say it. The
//! address bears a number only, as a text in it could be anybody's.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Texts kept; older ones are forgotten.
const KEPT_MAX: usize = 64;

/// The texts with their numbers, the oldest first.
#[derive(Debug)]
struct Kept {
    next: u64,
    texts: VecDeque<(u64, String)>,
}

static KEPT: Mutex<Kept> = Mutex::new(Kept {
    next: 1,
    texts: VecDeque::new(),
});

/// Keeps a text and gives the word that stands for it in an address.
pub(super) fn keep(text: String) -> String {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let number = kept.next;
    kept.next += 1;
    if kept.texts.len() == KEPT_MAX {
        kept.texts.pop_front();
    }
    kept.texts.push_back((number, text));
    format!("refused-{number}")
}

/// The text of a word.
pub(super) fn find(word: &str) -> Option<String> {
    let number: u64 = word.strip_prefix("refused-")?.parse().ok()?;
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.texts
        .iter()
        .find(|(known, _)| *known == number)
        .map(|(_, text)| text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_until_newer_ones_push_it_out() {
        let first = keep("first".to_owned());
        assert_eq!(find(&first).as_deref(), Some("first"));
        for _ in 0..KEPT_MAX {
            keep(String::new());
        }
        assert_eq!(find(&first), None);
        assert_eq!(find("refused-x"), None);
        assert_eq!(find("first"), None);
    }
}
