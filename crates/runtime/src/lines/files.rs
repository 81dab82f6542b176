//! The files under way: each with its slicer and how far it has been cut.

use std::collections::BTreeMap;

use cresset_model::limits::RecordLimits;
use cresset_model::ports::{FilePosition, LINE_FILES_MAX, LineChunk, PortError};
use cresset_pipeline::decode::{LineSlicer, SlicedLines};

/// Lines of one file on their way to a batch, or only the place after lines without records.
pub(super) struct Cut {
    pub(super) lines: Option<SlicedLines>,
    pub(super) position: FilePosition,
}

struct File {
    slicer: LineSlicer,
    /// The offset that the next chunk begins at.
    next: u64,
    /// The offset of the latest cut.
    cut: u64,
}

/// All files that have begun and not ended.
pub(super) struct Files {
    limits: RecordLimits,
    files: BTreeMap<u128, File>,
}

impl Files {
    pub(super) fn new(limits: RecordLimits) -> Self {
        Self {
            limits,
            files: BTreeMap::new(),
        }
    }

    /// Feeds a chunk. Full batches go into `cuts`, in their order; a file that has ended goes there whole.
    pub(super) fn feed(&mut self, chunk: &LineChunk, cuts: &mut Vec<Cut>) -> Result<(), PortError> {
        let fingerprint = chunk.fingerprint;
        let known = self.files.get(&fingerprint);
        // A gap: the source has begun the file anew, what was open there is gone.
        if known.is_none_or(|file| file.next != chunk.offset) {
            self.begin(fingerprint, chunk.offset, cuts)?;
        }
        let Some(file) = self.files.get_mut(&fingerprint) else {
            return Ok(());
        };
        let mut rest = chunk.bytes.as_ref();
        while !rest.is_empty() {
            let taken = file.slicer.feed(rest);
            rest = rest.get(taken..).unwrap_or_default();
            while let Some(lines) = file.slicer.take_full() {
                file.add(fingerprint, Some(lines), cuts);
            }
        }
        file.next += chunk.bytes.len() as u64;
        if chunk.ends_file {
            file.slicer.finish();
            file.flush(fingerprint, cuts);
            self.files.remove(&fingerprint);
        }
        Ok(())
    }

    /// Hands over the complete lines of all files, however few.
    pub(super) fn flush(&mut self, cuts: &mut Vec<Cut>) {
        for (fingerprint, file) in &mut self.files {
            file.flush(*fingerprint, cuts);
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
        fingerprint: u128,
        offset: u64,
        cuts: &mut Vec<Cut>,
    ) -> Result<(), PortError> {
        if let Some(mut former) = self.files.remove(&fingerprint) {
            former.flush(fingerprint, cuts);
        }
        if self.files.len() >= LINE_FILES_MAX {
            let message = format!("the source has more than {LINE_FILES_MAX} files open at once");
            return Err(PortError::permanent(message));
        }
        let file = File {
            slicer: LineSlicer::new(self.limits, offset),
            next: offset,
            cut: offset,
        };
        self.files.insert(fingerprint, file);
        Ok(())
    }
}

impl File {
    fn flush(&mut self, fingerprint: u128, cuts: &mut Vec<Cut>) {
        if let Some(lines) = self.slicer.take_complete() {
            self.add(fingerprint, Some(lines), cuts);
        }
        if self.slicer.complete() > self.cut {
            self.add(fingerprint, None, cuts);
        }
    }

    fn add(&mut self, fingerprint: u128, lines: Option<SlicedLines>, cuts: &mut Vec<Cut>) {
        let complete = self.slicer.complete();
        let offset = lines.as_ref().map_or(complete, |lines| lines.end);
        self.cut = offset;
        cuts.push(Cut {
            lines,
            position: FilePosition {
                fingerprint,
                offset,
            },
        });
    }
}
