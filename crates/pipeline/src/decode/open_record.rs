//! A record whose end has not come yet.

use cresset_model::batch::{RawRecord, RecordFault};
use cresset_model::limits::RecordLimits;
use cresset_model::text::Span;

use super::scan::too_large;

/// Gathers one record in the buffer of its batch; beyond the limit it is hashed and no longer kept, but
/// for what a dead letter keeps.
pub(super) struct OpenRecord {
    /// Where it begins in the buffer.
    pub(super) start: usize,
    full_bytes: u64,
    hasher: Option<Box<blake3::Hasher>>,
}

impl OpenRecord {
    /// A record that begins at the end of the buffer.
    pub(super) fn begin(buffer: &[u8]) -> Self {
        Self {
            start: buffer.len(),
            full_bytes: 0,
            hasher: None,
        }
    }

    /// Whether it has gone beyond the limit.
    pub(super) fn is_oversized(&self) -> bool {
        self.hasher.is_some()
    }

    /// Takes more of its bytes in.
    pub(super) fn take(&mut self, run: &[u8], buffer: &mut Vec<u8>, limits: &RecordLimits) {
        self.full_bytes += run.len() as u64;
        let kept_max = limits.dead_letter_raw_bytes_max;
        if self.hasher.is_none() && self.full_bytes > limits.record_bytes_max as u64 {
            let mut hasher = Box::new(blake3::Hasher::new());
            hasher.update(buffer.get(self.start..).unwrap_or_default());
            buffer.truncate(self.start + kept_max);
            self.hasher = Some(hasher);
        }
        match &mut self.hasher {
            None => buffer.extend_from_slice(run),
            Some(hasher) => {
                hasher.update(run);
                let kept = buffer.len() - self.start;
                let room = kept_max.saturating_sub(kept);
                buffer.extend_from_slice(run.get(..room).unwrap_or(run));
            }
        }
    }

    /// The record, which ends at the end of the buffer.
    pub(super) fn end(self, buffer: &[u8], bytes_max: usize) -> RawRecord {
        RawRecord {
            span: Span::between(self.start, buffer.len()),
            fault: self.hasher.map(|hasher| {
                let fault = too_large(self.full_bytes, bytes_max);
                RecordFault {
                    reason: fault.reason,
                    detail: fault.detail,
                    full_bytes: self.full_bytes,
                    full_hash: *hasher.finalize().as_bytes(),
                }
            }),
        }
    }
}
