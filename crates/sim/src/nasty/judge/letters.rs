//! The judge of dead letters.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::nasty::book::Unusable;

/// How often each must have come at least: it was polled as often.
const COUNT_MIN: u64 = 3;
/// The bytes that are kept of a record that is longer.
const KEPT_BYTES: usize = 64 << 10;

/// Judges the dead letters of a client, one at a time.
#[derive(Debug, Default)]
pub struct LetterJudge<'a> {
    /// Those that did not come yet, by reason and length.
    left: BTreeMap<(String, u64), Vec<&'a Unusable>>,
    faults: Vec<String>,
}

impl<'a> LetterJudge<'a> {
    /// A judge who expects one dead letter for each of these records.
    pub fn new(unusable: impl IntoIterator<Item = &'a Unusable>) -> Self {
        let mut judge = Self::default();
        for one in unusable {
            let place = (one.reason.to_owned(), one.bytes);
            judge.left.entry(place).or_default().push(one);
        }
        judge
    }

    /// Takes a dead letter with the bytes that were kept of its record.
    pub fn take(&mut self, letter: &Value, raw: &[u8]) {
        let number = |key: &str| letter[key].as_u64().unwrap_or_default();
        let reason = letter["reason"].as_str().unwrap_or_default().to_owned();
        let candidates = self.left.get_mut(&(reason, number("full_bytes")));
        let Some(candidates) = candidates.filter(|left| !left.is_empty()) else {
            let fault = format!("a dead letter for nothing: {letter}");
            self.faults.push(fault);
            return;
        };
        if number("count") < COUNT_MIN {
            let fault = format!("a dead letter that came too seldom: {letter}");
            self.faults.push(fault);
        }
        let is_whole = letter["whole"] == true;
        let same = |one: &&Unusable| match &one.raw {
            Some(bytes) if is_whole => *bytes == raw,
            // Of what is too long the beginning is kept.
            Some(bytes) => raw.len() == KEPT_BYTES && bytes.starts_with(raw),
            None => raw.len() == KEPT_BYTES && !is_whole,
        };
        if let Some(at) = candidates.iter().position(same) {
            candidates.swap_remove(at);
        } else {
            let fault = format!("a dead letter with other bytes: {letter}");
            self.faults.push(fault);
        }
    }

    /// Everything that is wrong once every dead letter was taken, a sentence each.
    pub fn faults(self) -> Vec<String> {
        let mut faults = self.faults;
        let missing = self.left.into_iter().filter(|(_, left)| !left.is_empty());
        faults.extend(missing.map(|((reason, bytes), left)| {
            let missing = left.len();
            format!("{missing} unusable records of {bytes} bytes are no dead letters: {reason}")
        }));
        faults
    }
}
