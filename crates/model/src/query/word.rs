//! A word that is looked for in many texts.

/// A word in lower case, with what can be told from it alone.
#[derive(Debug, Clone)]
pub struct Word {
    lower: String,
}

impl Word {
    /// Makes a word ready.
    pub fn new(word: &str) -> Self {
        Self {
            lower: lower_case(word),
        }
    }

    /// Whether it occurs in the text, in any case.
    pub fn is_in(&self, text: &str) -> bool {
        if text.is_ascii() {
            return self.is_in_ascii(text.as_bytes());
        }
        lower_case(text).contains(&self.lower)
    }

    /// Nothing that is not ASCII has a place in ASCII, and its lower case is found without a copy.
    fn is_in_ascii(&self, text: &[u8]) -> bool {
        let word = self.lower.as_bytes();
        let Some((first, rest)) = word.split_first() else {
            return true;
        };
        let Some(places) = (text.len() + 1).checked_sub(word.len()) else {
            return false;
        };
        let beginnings = text.get(..places).unwrap_or_default();
        memchr::memchr2_iter(*first, first.to_ascii_uppercase(), beginnings).any(|at| {
            let found = text.get(at + 1..at + word.len());
            found.is_some_and(|found| found.eq_ignore_ascii_case(rest))
        })
    }

    /// Whether it may be a part of an alert's id.
    pub fn may_be_in_id(&self) -> bool {
        self.lower.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// Whether it may be a part of an address.
    pub fn may_be_in_address(&self) -> bool {
        let is_of_address = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
        self.lower.bytes().all(is_of_address)
    }
}

/// Each character by itself, whatever surrounds it: a word must be found as a part of a longer one, and
/// the lower case of a Greek sigma depends on its place.
fn lower_case(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// To break it: compare the case in ASCII texts.
        #[test]
        fn a_word_is_found_where_its_lower_case_is(
            text in "[aBkKſİσΣ.-]{0,12}",
            word in "[AbkKſİσΣ.-]{0,3}",
        ) {
            let expected = lower_case(&text).contains(&lower_case(&word));
            prop_assert_eq!(Word::new(&word).is_in(&text), expected);
        }
    }

    fn check(word: &str, (in_id, in_address): (bool, bool)) {
        let word = Word::new(word);
        assert_eq!(word.may_be_in_id(), in_id, "{word:?}");
        assert_eq!(word.may_be_in_address(), in_address, "{word:?}");
    }

    #[test]
    fn a_word_tells_where_it_cannot_be() {
        check("10.0", (false, true));
        check("FE80::", (false, true));
        check("7abc", (true, true));
        check("exfiltration", (true, false));
        check("a-b", (false, false));
    }
}
