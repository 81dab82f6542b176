//! Cuts records out of a pushed body, whatever form it has.

use cresset_model::limits::RecordLimits;

use super::bounds::bounded;
use super::documents::Documents;
use super::lines::{LineSlicer, SlicedLines};
use super::slice_error::{SliceError, describe_head};
use super::slicer::{ArraySlicer, BYTE_ORDER_MARK, HEAD_BYTES_MAX, Sliced};
use super::walk::blanks;

#[cfg(test)]
mod tests;

/// What the body has turned out to be.
enum Form {
    /// Not known yet.
    Unknown,
    /// No records at all; the beginning is gathered for the message.
    Nothing,
    Array(Box<ArraySlicer>),
    Documents(Documents),
    Lines(LineSlicer),
}

/// Finds the records in a body, fed in pieces of any size: one object, an array, or documents one after
/// the other. Documents of which the first stands alone on its line are lines from there on, so that a
/// broken line spoils only itself. Holds at most one batch and one record.
pub struct AnySlicer {
    limits: RecordLimits,
    form: Form,
    /// The bytes of a byte order mark seen so far, or the beginning of what is no records.
    head: Vec<u8>,
    offset: u64,
    failed: Option<SliceError>,
}

impl AnySlicer {
    /// A slicer for one body.
    pub fn new(limits: RecordLimits) -> Self {
        Self {
            limits: bounded(limits),
            form: Form::Unknown,
            head: Vec::new(),
            offset: 0,
            failed: None,
        }
    }

    /// A slicer for one body whose records are an array in an object, at keys joined with dots such as
    /// `alerts`; without a path it is [`AnySlicer::new`].
    pub fn at_path(limits: RecordLimits, records_path: Option<&str>) -> Self {
        let mut slicer = Self::new(limits);
        if records_path.is_some() {
            let array = ArraySlicer::new(slicer.limits, records_path);
            slicer.form = Form::Array(Box::new(array));
        }
        slicer
    }

    /// Takes the next piece of the body and says how many of its bytes were consumed: all of them, or fewer
    /// when a batch is full, which [`AnySlicer::take_full`] then hands over before the rest is fed. An error
    /// stays: it is returned again by every later call.
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
        match &mut self.form {
            Form::Unknown | Form::Nothing => None,
            Form::Array(array) => array.take_full(),
            Form::Documents(documents) => documents.take_full(),
            Form::Lines(lines) => lines.take_full().map(sliced),
        }
    }

    /// The complete records that have not been taken, whether or not they fill a batch; also after an
    /// error. A record whose end has not come yet is given up.
    pub fn take_rest(&mut self) -> Option<Sliced> {
        match &mut self.form {
            Form::Unknown | Form::Nothing => None,
            Form::Array(array) => array.take_rest(),
            Form::Documents(documents) => {
                let cut = documents.finish();
                documents.give_up();
                let taken = documents.take();
                if let Err(error) = cut {
                    self.failed.get_or_insert(error);
                }
                taken
            }
            Form::Lines(lines) => lines.take_rest().map(sliced),
        }
    }

    /// Says that the body has ended: whether it is complete.
    pub fn finish(&mut self) -> Result<(), SliceError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let ended = match &mut self.form {
            Form::Unknown if self.head.is_empty() || self.head == BYTE_ORDER_MARK => {
                Err(SliceError::EmptyBody)
            }
            Form::Unknown | Form::Nothing => Err(self.not_documents(false)),
            Form::Array(array) => array.finish().map_err(of_body),
            Form::Documents(documents) => documents.finish(),
            Form::Lines(lines) => {
                lines.finish();
                Ok(())
            }
        };
        ended.map_err(|error| self.fail(error))
    }

    /// Complete records cut out so far.
    pub fn records(&self) -> u64 {
        match &self.form {
            Form::Unknown | Form::Nothing => 0,
            Form::Array(array) => array.records(),
            Form::Documents(documents) => documents.count(),
            Form::Lines(lines) => lines.records(),
        }
    }

    fn is_full(&self) -> bool {
        match &self.form {
            Form::Unknown | Form::Nothing => false,
            Form::Array(array) => array.is_full(),
            Form::Documents(documents) => documents.is_full(),
            Form::Lines(lines) => lines.is_full(),
        }
    }

    fn fail(&mut self, error: SliceError) -> SliceError {
        if let Form::Documents(documents) = &mut self.form {
            documents.give_up();
        }
        self.failed = Some(error.clone());
        error
    }

    fn not_documents(&self, cut: bool) -> SliceError {
        SliceError::NotDocuments {
            found: describe_head(&self.head, cut),
        }
    }

    /// Consumes some of `rest`, which is not empty; when it consumes nothing, the form has changed.
    fn step(&mut self, rest: &[u8]) -> Result<usize, SliceError> {
        match &mut self.form {
            Form::Unknown => Ok(self.begin(rest)),
            Form::Nothing => {
                let room = HEAD_BYTES_MAX.saturating_sub(self.head.len());
                let taken = rest.get(..room).unwrap_or(rest);
                self.head.extend_from_slice(taken);
                if taken.len() < rest.len() {
                    return Err(self.not_documents(true));
                }
                Ok(taken.len())
            }
            Form::Array(array) => array.feed(rest).map_err(of_body),
            Form::Documents(documents) => {
                let taken = documents.feed(rest)?;
                if let Some(lines) = documents.lines() {
                    self.form = Form::Lines(lines);
                }
                Ok(taken)
            }
            Form::Lines(lines) => Ok(lines.feed(rest)),
        }
    }

    fn begin(&mut self, rest: &[u8]) -> usize {
        if self.offset == self.head.len() as u64 {
            match (rest.first(), BYTE_ORDER_MARK.get(self.head.len())) {
                (Some(byte), Some(mark)) if byte == mark => {
                    self.head.push(*byte);
                    return 1;
                }
                // A mark that breaks off is no JSON.
                (_, Some(_)) if !self.head.is_empty() => {
                    self.form = Form::Nothing;
                    return 0;
                }
                _ => {}
            }
        }
        let skipped = blanks(rest);
        let at = self.offset + skipped as u64;
        match rest.get(skipped) {
            None => {}
            Some(b'[') => self.form = Form::Array(Box::new(ArraySlicer::at(self.limits, at))),
            Some(b'{') => self.form = Form::Documents(Documents::new(self.limits, at)),
            Some(_) => {
                self.head.clear();
                self.form = Form::Nothing;
            }
        }
        skipped
    }
}

fn sliced(lines: SlicedLines) -> Sliced {
    Sliced {
        bytes: lines.bytes,
        records: lines.records,
    }
}

/// The same fault, told of a body.
fn of_body(error: SliceError) -> SliceError {
    match error {
        SliceError::Truncated { records, at } => SliceError::CutOff { records, at },
        SliceError::Empty => SliceError::EmptyBody,
        other => other,
    }
}
