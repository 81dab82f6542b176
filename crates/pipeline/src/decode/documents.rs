//! Cuts documents that follow each other, with blanks or nothing between them.

use bytes::Bytes;
use cresset_model::batch::RawRecord;
use cresset_model::limits::RecordLimits;

use super::lines::LineSlicer;
use super::open_record::OpenRecord;
use super::slice_error::SliceError;
use super::slicer::Sliced;
use super::walk::{Walk, blanks};

/// Documents one after the other. While it is still the first, and it stands on one line, the input may
/// turn out to be lines.
pub(super) struct Documents {
    limits: RecordLimits,
    offset: u64,
    buffer: Vec<u8>,
    records: Vec<RawRecord>,
    open: Option<(OpenRecord, Walk)>,
    count: u64,
    /// Whether there was no line feed yet.
    on_first_line: bool,
    is_lines: bool,
}

impl Documents {
    /// Documents of which the first begins at `offset`; the limits are held already.
    pub(super) fn new(limits: RecordLimits, offset: u64) -> Self {
        Self {
            limits,
            offset,
            buffer: Vec::new(),
            records: Vec::new(),
            open: None,
            count: 0,
            on_first_line: true,
            is_lines: false,
        }
    }

    /// Takes some of `rest`. Nothing is taken when a batch is full or when it has turned out to be lines.
    pub(super) fn feed(&mut self, rest: &[u8]) -> Result<usize, SliceError> {
        let mut at = 0;
        while !self.is_full()
            && !self.is_lines
            && let Some(rest) = rest.get(at..).filter(|rest| !rest.is_empty())
        {
            let taken = self.step(rest)?;
            at += taken;
            self.offset += taken as u64;
        }
        Ok(at)
    }

    /// The lines that it has turned out to be, after the first document with its line, which may have been
    /// taken already.
    pub(super) fn lines(&mut self) -> Option<LineSlicer> {
        if !self.is_lines {
            return None;
        }
        let first = self.records.pop();
        let buffer = std::mem::take(&mut self.buffer);
        Some(LineSlicer::after(first, buffer, self.limits, self.offset))
    }

    pub(super) fn is_full(&self) -> bool {
        self.open.is_none()
            && (self.records.len() >= self.limits.batch_records_max
                || self.buffer.len() >= self.limits.batch_bytes_max)
    }

    /// A batch, if one is full.
    pub(super) fn take_full(&mut self) -> Option<Sliced> {
        if self.is_full() { self.take() } else { None }
    }

    /// The complete documents that have not been taken.
    pub(super) fn take(&mut self) -> Option<Sliced> {
        if self.records.is_empty() {
            return None;
        }
        Some(Sliced {
            bytes: Bytes::from(std::mem::take(&mut self.buffer)),
            records: std::mem::take(&mut self.records),
        })
    }

    /// Gives up a document whose end has not come.
    pub(super) fn give_up(&mut self) {
        if let Some((open, _)) = self.open.take() {
            self.buffer.truncate(open.start);
        }
    }

    pub(super) fn finish(&self) -> Result<(), SliceError> {
        match self.open {
            None => Ok(()),
            Some(_) => Err(SliceError::CutOff {
                records: self.count,
                at: self.offset,
            }),
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    fn step(&mut self, rest: &[u8]) -> Result<usize, SliceError> {
        if let Some((open, walk)) = &mut self.open {
            let walked = walk.advance(rest);
            let run = rest.get(..walked.taken).unwrap_or(rest);
            self.on_first_line &= memchr::memchr(b'\n', run).is_none();
            open.take(run, &mut self.buffer, &self.limits);
            if walked.done {
                self.ended();
            }
            return Ok(walked.taken);
        }
        let skipped = blanks(rest);
        let line_feed = memchr::memchr(b'\n', rest.get(..skipped).unwrap_or_default());
        if self.count == 1 && self.on_first_line && line_feed.is_some() {
            self.is_lines = true;
            return Ok(line_feed.map_or(skipped, |at| at + 1));
        }
        match rest.get(skipped) {
            None => {}
            Some(found @ (b',' | b':' | b']' | b'}')) => {
                return Err(SliceError::StrayByte {
                    found: char::from(*found),
                    records: self.count,
                    at: self.offset + skipped as u64,
                });
            }
            Some(first) => {
                self.open = Some((OpenRecord::begin(&self.buffer), Walk::begin(*first)));
            }
        }
        Ok(skipped)
    }

    fn ended(&mut self) {
        if let Some((open, _)) = self.open.take() {
            let record = open.end(&self.buffer, self.limits.record_bytes_max);
            self.records.push(record);
            self.count += 1;
        }
    }
}
