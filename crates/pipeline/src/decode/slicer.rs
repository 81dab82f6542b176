//! Cuts the array of records out of an answer while the answer arrives.

use bytes::Bytes;
use cresset_model::batch::RawRecord;
use cresset_model::limits::RecordLimits;

use super::bounds::bounded;
use super::open_record::OpenRecord;
use super::seek::{Event, Seek};
use super::slice_error::{SliceError, describe_head};
use super::walk::{Walk, blanks};

#[cfg(test)]
mod tests;

pub(super) const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
/// Bytes of an answer that is not JSON that are looked at to say what it is.
pub(super) const HEAD_BYTES_MAX: usize = 256;

/// Records with the bytes that their spans lie in: the makings of one batch.
#[derive(Debug, Clone)]
pub struct Sliced {
    /// The bytes of the records, one after the other.
    pub bytes: Bytes,
    /// The records, in the order they came.
    pub records: Vec<RawRecord>,
}

/// Where in the answer the slicer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte that is no blank.
    Start,
    /// In something that is no array and no object.
    Head,
    /// In the object around the array.
    Around,
    /// After `[`.
    First,
    /// After `,`.
    Next,
    /// In a record.
    Inside,
    /// After a record.
    After,
    /// After the end of the document.
    Ended,
}

/// Finds the records in a JSON answer, fed in pieces of any size. Holds at most one batch and one
/// record; of a record beyond the limit only what a dead letter keeps.
///
/// The array is the answer itself or lies at a configured path of keys. Its records are cut at their
/// outermost brackets without being understood: one that is not valid JSON within itself is cut out
/// like any other, and refused alone later.
pub struct ArraySlicer {
    limits: RecordLimits,
    seek: Seek,
    state: State,
    byte_order_mark: usize,
    head: Vec<u8>,
    offset: u64,
    buffer: Vec<u8>,
    records: Vec<RawRecord>,
    open: Option<(OpenRecord, Walk)>,
    count: u64,
    failed: Option<SliceError>,
}

impl ArraySlicer {
    /// A slicer for one answer. `records_path` names the array by keys joined with dots, such as
    /// `data.items`; without it the answer itself is the array.
    pub fn new(limits: RecordLimits, records_path: Option<&str>) -> Self {
        Self {
            limits: bounded(limits),
            seek: Seek::new(records_path),
            state: State::Start,
            byte_order_mark: 0,
            head: Vec::new(),
            offset: 0,
            buffer: Vec::new(),
            records: Vec::new(),
            open: None,
            count: 0,
            failed: None,
        }
    }

    /// A slicer for an array that begins at `offset` of a longer input; messages count from its start.
    pub(super) fn at(limits: RecordLimits, offset: u64) -> Self {
        Self {
            offset,
            ..Self::new(limits, None)
        }
    }

    /// Takes the next piece of the answer and says how many of its bytes were consumed: all of them, or
    /// fewer when a batch is full, which [`ArraySlicer::take_full`] then hands over before the rest is
    /// fed. An error stays: it is returned again by every later call.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<usize, SliceError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let mut at = 0;
        while !self.is_full()
            && let Some(rest) = chunk.get(at..).filter(|rest| !rest.is_empty())
        {
            match self.step(rest) {
                Ok(taken) => {
                    at += taken;
                    self.offset += taken as u64;
                }
                Err(error) => return Err(self.fail(error)),
            }
        }
        Ok(at)
    }

    /// A batch, if one is full.
    pub fn take_full(&mut self) -> Option<Sliced> {
        if self.is_full() { self.take() } else { None }
    }

    /// The complete records that have not been taken, whether or not they fill a batch; also after an
    /// error. A record whose end has not come yet is not among them and is given up.
    pub fn take_rest(&mut self) -> Option<Sliced> {
        if let Some((open, _)) = self.open.take() {
            self.buffer.truncate(open.start);
            let cut = SliceError::Truncated {
                records: self.count,
                at: self.offset,
            };
            self.failed.get_or_insert(cut);
        }
        self.take()
    }

    /// Says that the answer has ended: whether the document is complete.
    pub fn finish(&mut self) -> Result<(), SliceError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let cut = SliceError::Truncated {
            records: self.count,
            at: self.offset,
        };
        let error = match self.state {
            State::Ended => return Ok(()),
            State::Start if [0, BYTE_ORDER_MARK.len()].contains(&self.byte_order_mark) => {
                SliceError::Empty
            }
            State::Start => {
                let mark = BYTE_ORDER_MARK.get(..self.byte_order_mark);
                self.seek
                    .not_the_records(describe_head(mark.unwrap_or_default(), false))
            }
            State::Head => self.seek.not_the_records(describe_head(&self.head, false)),
            State::Around => self.seek.ended_early().unwrap_or(cut),
            State::First | State::Next | State::Inside | State::After => cut,
        };
        Err(self.fail(error))
    }

    /// Complete records cut out so far.
    pub fn records(&self) -> u64 {
        self.count
    }

    pub(super) fn is_full(&self) -> bool {
        self.open.is_none()
            && (self.records.len() >= self.limits.batch_records_max
                || self.buffer.len() >= self.limits.batch_bytes_max)
    }

    fn take(&mut self) -> Option<Sliced> {
        if self.records.is_empty() {
            return None;
        }
        // The next batch of an answer is about as large as the last: no growing, no copying.
        let (bytes_hint, records_hint) = (self.buffer.len(), self.records.len());
        let next = if self.is_full() {
            (
                Vec::with_capacity(bytes_hint),
                Vec::with_capacity(records_hint),
            )
        } else {
            (Vec::new(), Vec::new())
        };
        Some(Sliced {
            bytes: Bytes::from(std::mem::replace(&mut self.buffer, next.0)),
            records: std::mem::replace(&mut self.records, next.1),
        })
    }

    fn fail(&mut self, error: SliceError) -> SliceError {
        if let Some((open, _)) = self.open.take() {
            self.buffer.truncate(open.start);
        }
        self.failed = Some(error.clone());
        error
    }

    /// Consumes some of `rest`, which is not empty; when it consumes nothing, the state has moved.
    fn step(&mut self, rest: &[u8]) -> Result<usize, SliceError> {
        match self.state {
            State::Inside => Ok(self.inside(rest)),
            State::Head => self.head(rest),
            State::Around => self.around(rest),
            State::Start => self.start(rest),
            State::First | State::Next | State::After | State::Ended => self.between(rest),
        }
    }

    fn start(&mut self, rest: &[u8]) -> Result<usize, SliceError> {
        if self.offset == self.byte_order_mark as u64 {
            if rest.first() == BYTE_ORDER_MARK.get(self.byte_order_mark) {
                self.byte_order_mark += 1;
                return Ok(1);
            }
            if let Some(partial @ [_, ..]) = BYTE_ORDER_MARK.get(..self.byte_order_mark)
                && partial.len() < BYTE_ORDER_MARK.len()
            {
                self.head.extend_from_slice(partial);
                self.state = State::Head;
                return Ok(0);
            }
        }
        let skipped = blanks(rest);
        match rest.get(skipped) {
            None => Ok(skipped),
            Some(b'[') if self.seek.has_path() => {
                Err(self.seek.not_the_records("an array".to_owned()))
            }
            Some(b'[') => {
                self.state = State::First;
                Ok(skipped + 1)
            }
            Some(b'{') => {
                self.state = State::Around;
                Ok(skipped + 1)
            }
            Some(_) => {
                self.state = State::Head;
                Ok(skipped)
            }
        }
    }

    fn head(&mut self, rest: &[u8]) -> Result<usize, SliceError> {
        let room = HEAD_BYTES_MAX.saturating_sub(self.head.len());
        let taken = rest.get(..room).unwrap_or(rest);
        self.head.extend_from_slice(taken);
        if taken.len() < rest.len() {
            return Err(self.seek.not_the_records(describe_head(&self.head, true)));
        }
        Ok(taken.len())
    }

    fn around(&mut self, rest: &[u8]) -> Result<usize, SliceError> {
        let (taken, event) = self
            .seek
            .step(rest, self.offset)
            .map_err(|error| match error {
                SliceError::MismatchedBracket { bracket, at, .. } => {
                    SliceError::MismatchedBracket {
                        bracket,
                        records: self.count,
                        at,
                    }
                }
                other => other,
            })?;
        match event {
            Event::None => {}
            Event::ArrayBegins => self.state = State::First,
            Event::Ended => self.state = State::Ended,
        }
        Ok(taken)
    }

    /// Between records and after the array: blanks, commas and the end.
    fn between(&mut self, rest: &[u8]) -> Result<usize, SliceError> {
        let skipped = blanks(rest);
        let Some(&byte) = rest.get(skipped) else {
            return Ok(skipped);
        };
        let records = self.count;
        let at = self.offset + skipped as u64;
        match (self.state, byte) {
            (State::Ended, _) => return Err(SliceError::TrailingData { records, at }),
            (State::First | State::After, b']') => self.array_ended(),
            (State::Next, b']') => return Err(SliceError::TrailingComma { records, at }),
            (State::After, b',') => self.state = State::Next,
            (_, b',') => return Err(SliceError::MissingRecord { records, at }),
            (_, b'}') => {
                return Err(SliceError::MismatchedBracket {
                    bracket: '}',
                    records,
                    at,
                });
            }
            (State::After, _) => return Err(SliceError::MissingComma { records, at }),
            _ => {
                self.open = Some((OpenRecord::begin(&self.buffer), Walk::begin(byte)));
                self.state = State::Inside;
                return Ok(skipped);
            }
        }
        Ok(skipped + 1)
    }

    fn array_ended(&mut self) {
        if self.seek.has_path() {
            self.seek.array_ended();
            self.state = State::Around;
        } else {
            self.state = State::Ended;
        }
    }

    fn inside(&mut self, rest: &[u8]) -> usize {
        let Some((open, walk)) = &mut self.open else {
            self.state = State::After;
            return 0;
        };
        let walked = walk.advance(rest);
        let run = rest.get(..walked.taken).unwrap_or(rest);
        open.take(run, &mut self.buffer, &self.limits);
        if walked.done {
            self.record_ended();
        }
        walked.taken
    }

    fn record_ended(&mut self) {
        self.state = State::After;
        if let Some((open, _)) = self.open.take() {
            let record = open.end(&self.buffer, self.limits.record_bytes_max);
            self.records.push(record);
            self.count += 1;
        }
    }
}
