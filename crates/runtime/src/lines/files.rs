//! The files under way: each with its slicer and how far it has been cut.

use std::collections::BTreeMap;

use cresset_model::limits::RecordLimits;
use cresset_model::ports::{
    FilePosition, LINE_CHECK_BYTES, LINE_FILES_MAX, LineChunk, PortError, line_check,
};
use cresset_pipeline::decode::{LineSlicer, SlicedLines};

/// Lines of one file on their way to a batch, or only the place after lines without records.
pub(super) struct Cut {
    pub(super) lines: Option<SlicedLines>,
    pub(super) position: FilePosition,
}

struct File {
    limits: RecordLimits,
    slicer: LineSlicer,
    /// The offset that the next chunk begins at.
    next: u64,
    /// The offset of the latest cut.
    cut: u64,
    /// The position after the last complete line.
    complete: FilePosition,
}

/// All files that have begun and not ended.
#[derive(Default)]
pub(super) struct Files {
    files: BTreeMap<u128, File>,
}

impl Files {
    /// Feeds a chunk. Full batches go into `cuts`, in their order; a file that has ended goes there whole.
    /// Other limits than before hold from the next whole line.
    pub(super) fn feed(
        &mut self,
        chunk: &LineChunk,
        limits: RecordLimits,
        cuts: &mut Vec<Cut>,
    ) -> Result<(), PortError> {
        let fingerprint = chunk.fingerprint;
        let known = self.files.get(&fingerprint);
        let only_place = known.is_none() && chunk.bytes.is_empty();
        if only_place && chunk.ends_file {
            // Nothing is open for it: it counts for no limit.
            cuts.push(Cut {
                lines: None,
                position: position(chunk, chunk.offset),
            });
            return Ok(());
        }
        // A gap: the source has begun the file anew, what was open there is gone.
        let goes_on =
            |file: &File| file.next == chunk.offset && !file.is_stale_at(limits, chunk.offset);
        if !known.is_some_and(goes_on) {
            self.begin(chunk, limits, cuts)?;
        }
        let Some(file) = self.files.get_mut(&fingerprint) else {
            return Ok(());
        };
        let mut rest = chunk.bytes.as_ref();
        while !rest.is_empty() {
            let taken = file.slicer.feed(rest);
            rest = rest.get(taken..).unwrap_or_default();
            while let Some(lines) = file.slicer.take_full() {
                let position = position(chunk, lines.end);
                file.add(Some(lines), position, cuts);
            }
        }
        file.next += chunk.bytes.len() as u64;
        if chunk.ends_file {
            file.slicer.finish();
        }
        let complete = file.slicer.complete();
        if complete > file.complete.offset {
            file.complete = position(chunk, complete);
        }
        if only_place {
            file.add(None, file.complete, cuts);
        }
        if chunk.ends_file {
            file.flush(cuts);
            self.files.remove(&fingerprint);
        }
        Ok(())
    }

    /// Hands over the complete lines of all files, however few.
    pub(super) fn flush(&mut self, cuts: &mut Vec<Cut>) {
        for file in self.files.values_mut() {
            file.flush(cuts);
        }
    }

    /// Whether complete lines wait for a batch to fill.
    pub(super) fn has_waiting(&self) -> bool {
        self.files
            .values()
            .any(|file| file.slicer.complete() > file.cut)
    }

    fn begin(
        &mut self,
        chunk: &LineChunk,
        limits: RecordLimits,
        cuts: &mut Vec<Cut>,
    ) -> Result<(), PortError> {
        let offset = chunk.offset;
        if let Some(mut former) = self.files.remove(&chunk.fingerprint) {
            former.flush(cuts);
        }
        if self.files.len() >= LINE_FILES_MAX {
            let message = format!("the source has more than {LINE_FILES_MAX} files open at once");
            return Err(PortError::permanent(message));
        }
        let file = File {
            limits,
            slicer: LineSlicer::new(limits, offset),
            next: offset,
            cut: offset,
            complete: position(chunk, offset),
        };
        self.files.insert(chunk.fingerprint, file);
        Ok(())
    }
}

impl File {
    /// Whether it is cut by other limits and no line is half read at the offset.
    fn is_stale_at(&self, limits: RecordLimits, offset: u64) -> bool {
        self.limits != limits && self.slicer.complete() == offset
    }

    fn flush(&mut self, cuts: &mut Vec<Cut>) {
        let complete = self.complete;
        if let Some(lines) = self.slicer.take_complete() {
            self.add(Some(lines), complete, cuts);
        }
        if complete.offset > self.cut {
            self.add(None, complete, cuts);
        }
    }

    fn add(&mut self, lines: Option<SlicedLines>, position: FilePosition, cuts: &mut Vec<Cut>) {
        self.cut = position.offset;
        cuts.push(Cut { lines, position });
    }
}

/// The position at an offset that lies in a chunk or at one of its ends.
fn position(chunk: &LineChunk, offset: u64) -> FilePosition {
    let end = usize::try_from(offset.saturating_sub(chunk.offset)).unwrap_or(usize::MAX);
    let read = chunk.bytes.get(..end).unwrap_or(&chunk.bytes);
    let check = if read.len() >= LINE_CHECK_BYTES {
        line_check(read)
    } else {
        line_check(&[&chunk.before, read].concat())
    };
    FilePosition {
        fingerprint: chunk.fingerprint,
        offset,
        inode: chunk.inode,
        check,
    }
}
