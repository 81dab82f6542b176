//! Cuts records out of lines, one JSON document each, while they arrive.

use bytes::Bytes;
use cresset_model::batch::RawRecord;
use cresset_model::limits::RecordLimits;
use cresset_model::text::Span;

use super::bounds::bounded;
use super::open_record::OpenRecord;
use super::slicer::BYTE_ORDER_MARK;
use super::walk::blanks;

#[cfg(test)]
mod tests;

/// Records of lines with the bytes that their spans lie in: the makings of one batch.
#[derive(Debug, Clone)]
pub struct SlicedLines {
    /// The input from `base` on, as it came: the offset of a record is `base` plus the start of its span.
    /// Only an oversized record is cut short; it is always the last.
    pub bytes: Bytes,
    /// The records, in the order they came.
    pub records: Vec<RawRecord>,
    /// The offset of the first byte in the input.
    pub base: u64,
    /// The offset after the last complete line: where reading begins again.
    pub end: u64,
}

/// Finds the records in lines, fed in pieces of any size. Blank lines are skipped, a carriage return
/// before the line feed and blanks at either end belong to no record. Holds at most one batch and one
/// record; of a line beyond the record limit only what a dead letter keeps.
pub struct LineSlicer {
    limits: RecordLimits,
    /// The offset of the buffer's first byte.
    base: u64,
    /// The offset of the next byte to be fed.
    offset: u64,
    buffer: Vec<u8>,
    records: Vec<RawRecord>,
    open: Option<OpenRecord>,
    /// A carriage return that ends the line if a line feed follows.
    carriage_return: bool,
    /// An oversized record has ended: what follows it lies no longer at `base` plus its place.
    torn: bool,
    count: u64,
}

impl LineSlicer {
    /// A slicer for input whose first byte lies at `offset`, the beginning of a line.
    pub fn new(limits: RecordLimits, offset: u64) -> Self {
        Self {
            limits: bounded(limits),
            base: offset,
            offset,
            buffer: Vec::new(),
            records: Vec::new(),
            open: None,
            carriage_return: false,
            torn: false,
            count: 0,
        }
    }

    /// Goes on in lines after a record whose line has just ended; unless it was taken already, it lies alone
    /// in `buffer`.
    pub(super) fn after(
        record: Option<RawRecord>,
        buffer: Vec<u8>,
        limits: RecordLimits,
        offset: u64,
    ) -> Self {
        Self {
            count: 1,
            buffer,
            records: record.into_iter().collect(),
            ..Self::new(limits, offset)
        }
    }

    /// Takes the next piece of the input and says how many of its bytes were consumed: all of them, or
    /// fewer when a batch is full, which [`LineSlicer::take_full`] then hands over before the rest is
    /// fed.
    pub fn feed(&mut self, chunk: &[u8]) -> usize {
        let mut at = 0;
        while !self.is_full()
            && let Some(rest) = chunk.get(at..).filter(|rest| !rest.is_empty())
        {
            let taken = if self.open.is_some() {
                self.inside(rest)
            } else {
                self.between(rest)
            };
            at += taken;
            self.offset += taken as u64;
        }
        at
    }

    /// A batch, if one is full.
    pub fn take_full(&mut self) -> Option<SlicedLines> {
        if self.is_full() { self.take() } else { None }
    }

    /// The complete lines that have not been taken, whether or not they fill a batch. A line whose end has
    /// not come yet stays and may go on.
    pub fn take_complete(&mut self) -> Option<SlicedLines> {
        self.take()
    }

    /// The same; a line whose end has not come yet is given up. After [`LineSlicer::finish`] there is none.
    pub fn take_rest(&mut self) -> Option<SlicedLines> {
        let taken = self.take();
        self.open = None;
        self.carriage_return = false;
        self.buffer.clear();
        self.base = self.offset;
        taken
    }

    /// Says that the input has ended: a last line without its line feed is complete.
    pub fn finish(&mut self) {
        if self.open.is_some() {
            self.line_ended();
        }
    }

    /// Complete records cut out so far.
    pub fn records(&self) -> u64 {
        self.count
    }

    /// The offset after the last complete line: where reading begins again if everything is taken.
    pub fn complete(&self) -> u64 {
        match &self.open {
            Some(open) => self.base + open.start as u64,
            None => self.offset,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.open.is_none()
            && !self.records.is_empty()
            && (self.torn
                || self.records.len() >= self.limits.batch_records_max
                || self.buffer.len() >= self.limits.batch_bytes_max)
    }

    fn take(&mut self) -> Option<SlicedLines> {
        if self.records.is_empty() {
            return None;
        }
        let end = self.complete();
        let full = self.is_full();
        let split = self
            .open
            .as_ref()
            .map_or(self.buffer.len(), |open| open.start);
        // The next batch is about as large as the last: no growing, no copying.
        let (bytes_hint, records_hint) = if full {
            (split, self.records.len())
        } else {
            (0, 0)
        };
        let mut rest = Vec::with_capacity(bytes_hint);
        rest.extend_from_slice(self.buffer.get(split..).unwrap_or_default());
        let mut bytes = std::mem::replace(&mut self.buffer, rest);
        bytes.truncate(split);
        let base = std::mem::replace(&mut self.base, end);
        if let Some(open) = &mut self.open {
            open.start = 0;
        }
        self.torn = false;
        Some(SlicedLines {
            bytes: Bytes::from(bytes),
            records: std::mem::replace(&mut self.records, Vec::with_capacity(records_hint)),
            base,
            end,
        })
    }

    /// Between lines: blanks and line ends.
    fn between(&mut self, rest: &[u8]) -> usize {
        let skipped = blanks(rest);
        self.buffer
            .extend_from_slice(rest.get(..skipped).unwrap_or_default());
        self.drop_blanks();
        if skipped < rest.len() {
            self.open = Some(OpenRecord::begin(&self.buffer));
        }
        skipped
    }

    /// What lies before the first record of a batch need not be kept.
    fn drop_blanks(&mut self) {
        if self.records.is_empty() {
            self.base += self.buffer.len() as u64;
            self.buffer.clear();
        }
    }

    fn inside(&mut self, rest: &[u8]) -> usize {
        let found = memchr::memchr(b'\n', rest);
        let line = rest.get(..found.unwrap_or(rest.len())).unwrap_or(rest);
        self.content(line);
        if found.is_none() {
            return line.len();
        }
        let carriage_return = std::mem::take(&mut self.carriage_return);
        self.line_ended();
        if !self.torn {
            let ending: &[u8] = if carriage_return { b"\r\n" } else { b"\n" };
            self.buffer.extend_from_slice(ending);
            self.drop_blanks();
        }
        line.len() + 1
    }

    /// Takes content of the open line, but for a carriage return at its end, which waits for what follows.
    fn content(&mut self, line: &[u8]) {
        let Some(open) = &mut self.open else {
            return;
        };
        let Some((last, before)) = line.split_last() else {
            return;
        };
        if self.carriage_return {
            open.take(b"\r", &mut self.buffer, &self.limits);
        }
        self.carriage_return = *last == b'\r';
        let content = if self.carriage_return { before } else { line };
        open.take(content, &mut self.buffer, &self.limits);
    }

    fn line_ended(&mut self) {
        self.carriage_return = false;
        let Some(open) = self.open.take() else {
            return;
        };
        let (start, torn) = (open.start, open.is_oversized());
        let mut record = open.end(&self.buffer, self.limits.record_bytes_max);
        if !torn {
            record.span = trimmed(&self.buffer, record.span, self.base + start as u64 == 0);
            if record.span.len == 0 {
                return;
            }
        }
        self.torn = torn;
        self.records.push(record);
        self.count += 1;
    }
}

/// The span without blanks at either end, and without the mark at the beginning of the input.
fn trimmed(buffer: &[u8], span: Span, first: bool) -> Span {
    let mut start = span.range().start;
    let mut text = span.of(buffer);
    if first && let Some(after) = text.strip_prefix(&BYTE_ORDER_MARK) {
        start += BYTE_ORDER_MARK.len();
        text = after;
    }
    start += blanks(text);
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let text = text.get(blanks(text)..).unwrap_or_default();
    let after = text
        .iter()
        .rposition(|byte| !is_blank(byte))
        .map_or(0, |last| last + 1);
    Span::between(start, start + after)
}
