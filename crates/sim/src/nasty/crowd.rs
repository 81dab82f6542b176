//! A great many alerts of one length, written only while they are sent.

use std::time::Duration;

use cresset_model::Timestamp;

use super::alert::Alert;
use crate::rng::Rng;

/// Bytes of one record, its comma included.
pub(super) const RECORD_BYTES: u64 = 256;

/// Alerts at equal distances.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crowd {
    pub(super) count: u64,
    pub(super) first: Timestamp,
    pub(super) step: Duration,
    pub(super) seed: u64,
}

impl Crowd {
    /// The alert of an index.
    pub(super) fn alert(&self, index: u64) -> Alert {
        let at = self.first.plus(Duration::from_nanos(
            u64::try_from(self.step.as_nanos())
                .unwrap_or(u64::MAX)
                .saturating_mul(index),
        ));
        let mut rng = Rng::of(self.seed ^ 0xc0de, index);
        Alert::new(format!("crowd-{index}"), at, &mut rng)
    }

    /// The index of the first alert not before an instant.
    pub(super) fn index_of(&self, since: Timestamp) -> u64 {
        let passed = since.since(self.first).as_nanos();
        let index = passed.div_ceil(self.step.as_nanos().max(1));
        u64::try_from(index).unwrap_or(u64::MAX).min(self.count)
    }

    /// Bytes of the records from an index on, with commas between them.
    pub(super) fn bytes_from(&self, index: u64) -> u64 {
        (self.count.saturating_sub(index) * RECORD_BYTES).saturating_sub(1)
    }

    /// The record of an index and what separates it from the next, always [`RECORD_BYTES`] but at the end.
    pub(super) fn write(&self, index: u64, out: &mut Vec<u8>) {
        let record = self.alert(index).json();
        out.extend_from_slice(record.as_bytes());
        if index + 1 < self.count {
            out.push(b',');
        }
        // Blanks behind the comma fill it up; before the end they would follow the last record.
        let written = record.len() as u64 + 1;
        let room = usize::try_from(RECORD_BYTES.saturating_sub(written)).unwrap_or_default();
        out.resize(out.len() + room, b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_has_the_same_length_and_is_json() {
        let crowd = Crowd {
            count: 1_000,
            first: Timestamp::parse("2026-11-23T09:00:00.000001Z").unwrap(),
            step: Duration::from_micros(7),
            seed: 3,
        };
        let mut out = vec![b'['];
        for index in 0..crowd.count {
            crowd.write(index, &mut out);
        }
        assert_eq!(out.len() as u64, 1 + crowd.bytes_from(0));
        out.push(b']');
        let records: Vec<serde_json::Value> = serde_json::from_slice(&out).unwrap();
        assert_eq!(records.len(), 1_000);
        assert_eq!(crowd.index_of(crowd.alert(17).created_at), 17);
        let between = crowd.alert(17).created_at.plus(Duration::from_nanos(1));
        assert_eq!(crowd.index_of(between), 18);
        assert_eq!(crowd.index_of(Timestamp::MIN), 0);
        assert_eq!(crowd.index_of(Timestamp::MAX), 1_000);
    }
}
