//! Looks at the folder, decides what each file is, and reads. Blocks: it runs off the async threads.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::Path;

use bytes::Bytes;
use cresset_model::ports::{FilePosition, LINE_FILES_MAX, LineChunk, line_check};
use tracing::{debug, warn};

use super::candidate::{Candidate, Stamp, list};
use super::compare::{Relation, Twin, compare};
use super::config::{FileSourceConfig, FileSourceError, FileStart};
use super::content::{Content, Fit, Inode};
use super::follow::{Followed, Step};
use super::key::Keys;
use super::known::{Known, Mark};
use super::pattern::{Named, Pattern};

/// Bytes read at once.
pub const CHUNK_BYTES_MAX: usize = 256 << 10;
/// Files of the folder that are looked at.
pub const CANDIDATES_MAX: usize = 10_000;
/// Looks without a byte after which a file without a name ends, and one with a longer copy is given up for
/// it: about a minute.
pub const GONE_LOOKS_MAX: u32 = 240;

/// Follows files.
#[derive(Debug)]
pub(super) struct Tail {
    pattern: Pattern,
    /// Where files begin that were there at the start.
    start: FileStart,
    known: Known,
    files: Vec<Followed>,
    /// What was decided about the files that are not followed.
    looked: BTreeMap<Inode, Looked>,
    /// If nothing was ever read, until the first look: what was there at the start. What of that has been
    /// rotated is old.
    old: Option<BTreeSet<Inode>>,
    /// Chunks without bytes: ends of files, and places where files begin.
    notes: VecDeque<LineChunk>,
    /// Whose turn it is.
    turn: usize,
}

/// The fingerprint of no file: stored when a source has begun, so that it does so once only.
pub(super) const BEGUN: u128 = 0;

/// What was decided about a file.
#[derive(Debug, Clone, Copy)]
struct Looked {
    stamp: Stamp,
    /// The followed file that it is a copy of; if it is the longer one, with how far that one had been
    /// read: it may turn out to be another.
    copy_of: Option<(u128, Option<u64>)>,
}

/// What a file is.
enum Verdict {
    /// Nothing to read until it changes.
    Rest,
    /// Not to be decided now.
    Later,
    /// A copy of a followed file, as in [`Looked::copy_of`].
    CopyOf(u128, Option<u64>),
    /// A copy of what was cut, or what has taken the place of a file that is gone.
    Adopt(usize, Content),
    /// Known, and to be read on after these bytes.
    Resume(u128, Content, Vec<u8>),
    /// Never seen.
    New(Keys, Content),
}

impl Tail {
    pub(super) fn new(
        config: &FileSourceConfig,
        positions: &[FilePosition],
    ) -> Result<Self, FileSourceError> {
        let known = Known::new(positions);
        let pattern = Pattern::new(&config.path)?;
        let old = known.is_empty().then(|| {
            // A folder that is not there yet holds nothing old.
            let found = list(&pattern, CANDIDATES_MAX).unwrap_or_default();
            found.iter().map(|found| found.stamp.inode).collect()
        });
        Ok(Self {
            pattern,
            start: config.start,
            old,
            known,
            files: Vec::new(),
            looked: BTreeMap::new(),
            notes: VecDeque::new(),
            turn: 0,
        })
    }

    /// Whether the next [`Tail::read`] may give something without a look.
    pub(super) fn is_ready(&self) -> bool {
        !self.notes.is_empty() || self.files.iter().any(|file| file.ready)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.pattern.folder
    }

    /// The next chunk; the files take turns.
    pub(super) fn read(&mut self) -> Option<LineChunk> {
        loop {
            if let Some(note) = self.notes.pop_front() {
                return Some(note);
            }
            let count = self.files.len();
            let mut turns = (0..count).map(|step| (self.turn + step) % count);
            let Some(index) = turns.find(|index| self.files[*index].ready) else {
                self.turn = 0;
                return None;
            };
            self.turn = index + 1;
            let file = &mut self.files[index];
            match file.step(CHUNK_BYTES_MAX) {
                Ok(Step::Chunk(chunk)) => return Some(chunk),
                Ok(Step::Later) => {}
                Ok(Step::Cut) => {
                    debug!(path = %file.path.display(), "file was cut or written anew");
                    self.looked.remove(&file.inode);
                }
                Ok(Step::Over) => self.end(index),
                Err(error) if file.content.as_ref().is_some_and(Content::is_packed) => {
                    warn!(path = %file.path.display(), offset = file.offset, error = %error, "packed file is damaged, the rest of it is left out");
                    self.end(index);
                }
                Err(error) => {
                    warn!(path = %file.path.display(), error = %error, "cannot read a file, trying again");
                    file.ready = false;
                }
            }
        }
    }

    /// Looks which files are there, and what they are.
    pub(super) fn look(&mut self) -> io::Result<()> {
        let mut candidates = list(&self.pattern, CANDIDATES_MAX)?;
        self.meet_followed(&candidates);
        // Those that were read under their own inode first: a copy must not take their place.
        candidates.sort_by_key(|candidate| !self.known.has_inode(candidate.stamp.inode.number));
        let mut fresh = Vec::new();
        for candidate in &candidates {
            if self.is_followed(candidate) || !self.is_open(candidate) {
                continue;
            }
            if let Some((keys, content)) = self.decide(candidate) {
                fresh.push((candidate, keys, content));
            }
        }
        // The oldest first, as they were written.
        for (candidate, keys, content) in fresh.into_iter().rev() {
            if candidate.named == Named::Rotated && self.is_old(candidate) {
                self.take_as_read(candidate, keys, content);
            } else if !self.is_followed(candidate) {
                // A second name of a file, such as a link, is nothing new either.
                self.begin(candidate, keys, content);
            }
        }
        // Only now: what was read to its end before the look can be compared and can make room.
        for file in &mut self.files {
            file.ready = !file.is_cut();
        }
        if self.old.take().is_some() {
            self.note((BEGUN, 0), (Vec::new(), 0), true);
        }
        Ok(())
    }

    fn is_old(&self, candidate: &Candidate) -> bool {
        let inode = candidate.stamp.inode;
        self.old.as_ref().is_some_and(|old| old.contains(&inode))
    }

    /// Leaves out what was rotated before anything was read, for good.
    fn take_as_read(&mut self, candidate: &Candidate, keys: Keys, mut content: Content) {
        self.settle(candidate, None);
        let Some(key) = keys.iter().next().filter(|_| self.known.has_room()) else {
            return;
        };
        let whole = content.fit(u64::MAX, 0);
        let Ok(Fit::Short(offset, last)) = whole else {
            return;
        };
        let fingerprint = self.known.next_generation(key, std::iter::empty());
        let position = FilePosition {
            fingerprint,
            offset,
            inode: candidate.stamp.inode.number,
            check: line_check(&last),
        };
        self.known.set(fingerprint, Mark::of(position));
        self.note((fingerprint, offset), (last, position.inode), true);
    }

    /// Says where a file begins or ends, without bytes: the place is stored.
    fn note(
        &mut self,
        (fingerprint, offset): (u128, u64),
        (last, inode): (Vec<u8>, u64),
        ends_file: bool,
    ) {
        self.notes.push_back(LineChunk {
            fingerprint,
            offset,
            bytes: Bytes::new(),
            before: last.into(),
            inode,
            ends_file,
        });
    }

    fn settle(&mut self, candidate: &Candidate, copy_of: Option<(u128, Option<u64>)>) {
        let stamp = candidate.stamp;
        self.looked.insert(stamp.inode, Looked { stamp, copy_of });
    }

    fn is_followed(&self, candidate: &Candidate) -> bool {
        let mut open = self.files.iter().filter(|file| !file.is_cut());
        open.any(|file| file.inode == candidate.stamp.inode)
    }

    /// Finds the followed files again, under whatever name, and ends those that are gone for good.
    fn meet_followed(&mut self, candidates: &[Candidate]) {
        let by_inode: BTreeMap<_, _> = candidates
            .iter()
            .map(|found| (found.stamp.inode, found))
            .collect();
        self.looked.retain(|inode, _| by_inode.contains_key(inode));
        for index in (0..self.files.len()).rev() {
            let file = &mut self.files[index];
            file.idle_looks = file.idle_looks.saturating_add(1);
            let found = by_inode.get(&file.inode).filter(|_| !file.is_cut());
            if let Some(found) = found {
                file.found_as(&found.path);
                file.gone_looks = 0;
                let packed = file.content.as_ref().is_some_and(Content::is_packed);
                file.at_end = !packed && found.stamp.size == file.offset;
                if packed || file.at_end {
                    let looked = Looked {
                        stamp: found.stamp,
                        copy_of: None,
                    };
                    self.looked.insert(found.stamp.inode, looked);
                } else {
                    self.looked.remove(&found.stamp.inode);
                }
            } else if file.gone_looks >= GONE_LOOKS_MAX && !file.ready {
                self.end(index);
            } else {
                file.gone_looks += 1;
            }
        }
    }

    /// Whether something has to be decided about a file.
    fn is_open(&self, candidate: &Candidate) -> bool {
        let Some(looked) = self.looked.get(&candidate.stamp.inode) else {
            return true;
        };
        if looked.stamp != candidate.stamp {
            return true;
        }
        let Some((fingerprint, longer_than)) = looked.copy_of else {
            return false;
        };
        if let Some(file) = self.followed(fingerprint) {
            let grown = |offset| offset != file.offset || file.idle_looks >= GONE_LOOKS_MAX;
            return file.is_cut() || longer_than.is_some_and(grown);
        }
        let packed = candidate
            .path
            .extension()
            .is_some_and(|extension| extension == "gz");
        let mark = self.known.get(fingerprint);
        mark.is_some_and(|mark| packed || mark.offset < candidate.stamp.size)
    }

    fn followed(&self, fingerprint: u128) -> Option<&Followed> {
        self.files
            .iter()
            .find(|file| file.fingerprint == fingerprint)
    }

    /// Decides about a file. One that was never seen is handed back.
    fn decide(&mut self, candidate: &Candidate) -> Option<(Keys, Content)> {
        let mut copy_of = None;
        let done = match self.examine(candidate) {
            Ok(Verdict::Later) => return None,
            Ok(Verdict::New(keys, content)) => return Some((keys, content)),
            Ok(Verdict::Rest) => true,
            Ok(Verdict::CopyOf(fingerprint, longer_than)) => {
                copy_of = Some((fingerprint, longer_than));
                true
            }
            Ok(Verdict::Adopt(index, content)) => {
                let adopted = self.files.get_mut(index);
                adopted.is_some_and(|file| file.adopt(candidate.path.clone(), content).is_ok())
            }
            Ok(Verdict::Resume(fingerprint, content, last)) => {
                if !self.make_room() {
                    return None;
                }
                self.known.take(fingerprint).is_some_and(|mark| {
                    self.follow(candidate, content, (fingerprint, mark.offset, last))
                })
            }
            Err(error) => {
                warn!(path = %candidate.path.display(), error = %error, "cannot read a file, trying again when it changes");
                true
            }
        };
        if done {
            self.settle(candidate, copy_of);
        }
        None
    }

    /// What a file is: of all that begin like it, the one with which it has most in common decides.
    fn examine(&self, candidate: &Candidate) -> io::Result<Verdict> {
        let mut content = Content::open(&candidate.path)?;
        if content.inode()? != candidate.stamp.inode {
            // Another has taken the name since.
            return Ok(Verdict::Later);
        }
        let keys = Keys::of(&content.head()?);
        if keys == Keys::default() {
            return Ok(Verdict::Rest);
        }
        let mut nearest: Option<(u64, usize, Twin)> = None;
        let alike = self.files.iter().enumerate();
        for (index, file) in alike.filter(|(_, file)| keys.include(file.fingerprint)) {
            let relation = Relation::of(file, candidate);
            match compare(file, relation, candidate, &mut content)? {
                (_, Twin::Other) => {}
                (_, Twin::Later) => return Ok(Verdict::Later),
                (common, twin) if nearest.as_ref().is_none_or(|found| found.0 < common) => {
                    nearest = Some((common, index, twin));
                }
                _ => {}
            }
        }
        let common = nearest.as_ref().map_or(0, |found| found.0);
        for (fingerprint, mark) in self.known.with_keys(keys, candidate.stamp.inode.number) {
            if nearest.is_some() && mark.offset <= common {
                break;
            }
            match content.fit(mark.offset, mark.check)? {
                Fit::Fits(_)
                    if candidate.named == Named::Rotated && content.size()? == mark.offset =>
                {
                    return Ok(Verdict::Rest);
                }
                Fit::Fits(last) => return Ok(Verdict::Resume(fingerprint, content, last)),
                Fit::Unfinished => return Ok(Verdict::Rest),
                Fit::Short(..) | Fit::Other => {}
            }
        }
        Ok(match nearest {
            Some((_, index, twin)) => {
                let fingerprint = self.files[index].fingerprint;
                match twin {
                    Twin::Copy => Verdict::CopyOf(fingerprint, None),
                    Twin::LongerCopy => Verdict::CopyOf(fingerprint, Some(common)),
                    Twin::Successor => Verdict::Adopt(index, content),
                    Twin::Later | Twin::Other => Verdict::Later,
                }
            }
            None => Verdict::New(keys, content),
        })
    }

    /// Begins a file that was never seen.
    fn begin(&mut self, candidate: &Candidate, keys: Keys, content: Content) {
        let Some(key) = keys.iter().next() else {
            return;
        };
        let start = if self.is_old(candidate) {
            self.start
        } else {
            FileStart::Beginning
        };
        let offset = match start {
            FileStart::Beginning => Ok(0),
            FileStart::End if content.is_packed() => {
                return self.take_as_read(candidate, keys, content);
            }
            FileStart::End => content.end_of_lines(),
        };
        // Two new files of one look may begin alike, and one be the copy of the other: the second one is
        // decided about when the first is read.
        let may_be_copy = |file: &Followed| {
            !file.caught_up
                && !file.is_cut()
                && keys.include(file.fingerprint)
                && Relation::of(file, candidate) != Relation::None
        };
        if self.files.iter().any(may_be_copy) || !self.make_room() {
            return;
        }
        let followed = self.files.iter().map(|file| file.fingerprint);
        let fingerprint = self.known.next_generation(key, followed);
        let begun = offset.and_then(|offset| Ok((offset, content.last_before(offset)?)));
        if let Ok((offset, last)) = begun
            && self.follow(candidate, content, (fingerprint, offset, last.clone()))
            && offset > 0
            && let Some(file) = self.files.last_mut()
        {
            file.begun = true;
            self.note(
                (fingerprint, offset),
                (last, candidate.stamp.inode.number),
                false,
            );
        }
    }

    fn follow(
        &mut self,
        candidate: &Candidate,
        content: Content,
        (fingerprint, offset, last): (u128, u64, Vec<u8>),
    ) -> bool {
        let path = candidate.path.clone();
        match Followed::new((path, content), fingerprint, (offset, last)) {
            Ok(file) => {
                self.files.push(file);
                true
            }
            Err(error) => {
                warn!(path = %candidate.path.display(), error = %error, "cannot read a file, trying again");
                false
            }
        }
    }

    /// Whether one more file can be followed; ends the one that was idle for longest if it must.
    fn make_room(&mut self) -> bool {
        if self.files.len() < LINE_FILES_MAX {
            return true;
        }
        let resting = self
            .files
            .iter()
            .enumerate()
            .filter(|(_, file)| file.may_rest());
        let idlest = resting
            .max_by_key(|(_, file)| file.idle_looks)
            .map(|(index, _)| index);
        if let Some(index) = idlest {
            self.end(index);
        }
        idlest.is_some()
    }

    fn end(&mut self, index: usize) {
        let file = self.files.remove(index);
        self.notes.extend(file.ending());
        self.known.set(file.fingerprint, file.mark());
    }
}
