//! Lines of a file that cannot be read.

use std::fmt;

/// Faults that are listed; the rest is counted.
const FAULTS_SHOWN_MAX: usize = 10;

/// What is wrong with the lines of a file: the first ones and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    shown: Vec<(usize, String)>,
    count: usize,
}

impl Faults {
    pub(super) fn add(&mut self, line: usize, what: String) {
        self.count += 1;
        if self.shown.len() < FAULTS_SHOWN_MAX {
            self.shown.push((line, what));
        }
    }

    /// How many lines are wrong.
    pub fn count(&self) -> usize {
        self.count
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = if self.count == 1 { "line" } else { "lines" };
        write!(f, "{} faulty {lines}: ", self.count)?;
        for (index, (line, what)) in self.shown.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}line {line}: {what}")?;
        }
        if self.count > self.shown.len() {
            write!(f, "; and {} more", self.count - self.shown.len())?;
        }
        Ok(())
    }
}
