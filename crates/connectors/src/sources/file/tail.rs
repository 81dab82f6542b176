//! Looks at the folder, decides what each file is, and reads. Blocks: it runs off the async threads.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use cresset_model::ports::{FilePosition, LINE_FILES_MAX, LineChunk};
use tracing::{debug, warn};

use super::candidate::{Candidate, Stamp, list};
use super::config::{FileSourceConfig, FileSourceError, FileStart};
use super::content::{Content, Fit};
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
    /// Where files begin that are new at the next look.
    start: FileStart,
    known: Known,
    files: Vec<Followed>,
    /// What was decided about the files that are not followed.
    looked: BTreeMap<PathBuf, Looked>,
    endings: VecDeque<LineChunk>,
    /// Whose turn it is.
    turn: usize,
}

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
    /// A copy of what was cut.
    Adopt(usize, Content),
    /// Known, and to be read on.
    Resume(u128, Content),
    /// Never seen.
    New(Keys, Content),
}

impl Tail {
    pub(super) fn new(
        config: &FileSourceConfig,
        positions: &[FilePosition],
    ) -> Result<Self, FileSourceError> {
        Ok(Self {
            pattern: Pattern::new(&config.path)?,
            start: config.start,
            known: Known::new(positions),
            files: Vec::new(),
            looked: BTreeMap::new(),
            endings: VecDeque::new(),
            turn: 0,
        })
    }

    /// Whether the next [`Tail::read`] may give something without a look.
    pub(super) fn is_ready(&self) -> bool {
        !self.endings.is_empty() || self.files.iter().any(|file| file.ready)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.pattern.folder
    }

    /// The next chunk; the files take turns.
    pub(super) fn read(&mut self) -> Option<LineChunk> {
        loop {
            if let Some(ending) = self.endings.pop_front() {
                return Some(ending);
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
                    self.looked.remove(&file.path);
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
        let candidates = list(&self.pattern, CANDIDATES_MAX)?;
        self.meet_followed(&candidates);
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
            // A second name of a file, such as a link, is nothing new either.
            if !self.is_followed(candidate) {
                self.begin(candidate, keys, content);
            }
        }
        // Only now: what was read to its end before the look can be compared and can make room.
        for file in &mut self.files {
            file.ready = !file.is_cut();
        }
        self.start = FileStart::Beginning;
        Ok(())
    }

    fn is_followed(&self, candidate: &Candidate) -> bool {
        let mut open = self.files.iter().filter(|file| !file.is_cut());
        open.any(|file| file.inode == candidate.stamp.inode)
    }

    /// Finds the followed files again, under whatever name, and ends those that are gone for good.
    fn meet_followed(&mut self, candidates: &[Candidate]) {
        let paths: BTreeSet<&PathBuf> = candidates.iter().map(|found| &found.path).collect();
        self.looked.retain(|path, _| paths.contains(path));
        let by_inode: BTreeMap<_, _> = candidates
            .iter()
            .map(|found| (found.stamp.inode, found))
            .collect();
        for index in (0..self.files.len()).rev() {
            let file = &mut self.files[index];
            file.idle_looks = file.idle_looks.saturating_add(1);
            let found = by_inode.get(&file.inode).filter(|_| !file.is_cut());
            if let Some(found) = found {
                file.path.clone_from(&found.path);
                file.gone_looks = 0;
                let packed = file.content.as_ref().is_some_and(Content::is_packed);
                file.at_end = !packed && found.stamp.size == file.offset;
                if packed || file.at_end {
                    let looked = Looked {
                        stamp: found.stamp,
                        copy_of: None,
                    };
                    self.looked.insert(found.path.clone(), looked);
                } else {
                    self.looked.remove(&found.path);
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
        let Some(looked) = self.looked.get(&candidate.path) else {
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
            Ok(Verdict::Resume(fingerprint, content)) => {
                if !self.make_room() {
                    return None;
                }
                self.known
                    .take(fingerprint)
                    .is_some_and(|mark| self.follow(candidate, content, (fingerprint, mark)))
            }
            Err(error) => {
                warn!(path = %candidate.path.display(), error = %error, "cannot read a file, trying again when it changes");
                true
            }
        };
        if done {
            let looked = Looked {
                stamp: candidate.stamp,
                copy_of,
            };
            self.looked.insert(candidate.path.clone(), looked);
        }
        None
    }

    fn examine(&self, candidate: &Candidate) -> io::Result<Verdict> {
        let mut content = Content::open(&candidate.path)?;
        let keys = Keys::of(&content.head()?);
        if keys == Keys::default() {
            return Ok(Verdict::Rest);
        }
        let alike = self.files.iter().enumerate();
        for (index, file) in alike.filter(|(_, file)| keys.include(file.fingerprint)) {
            match compare(file, candidate, &mut content)? {
                Twin::Later => return Ok(Verdict::Later),
                Twin::Copy => return Ok(Verdict::CopyOf(file.fingerprint, None)),
                Twin::LongerCopy => {
                    return Ok(Verdict::CopyOf(file.fingerprint, Some(file.offset)));
                }
                Twin::Successor => return Ok(Verdict::Adopt(index, content)),
                Twin::Other => {}
            }
        }
        for fingerprint in self.known.with_keys(keys) {
            let Some(mark) = self.known.get(fingerprint) else {
                continue;
            };
            let size = content.size()?;
            // After a restart not every packed file is unpacked to find that it was read to its end.
            let at_end = mark.offset & u64::from(u32::MAX) == size;
            if content.is_packed() && mark.last.is_none() && at_end {
                return Ok(Verdict::Rest);
            }
            match content.fit(mark.offset, mark.last.as_deref())? {
                Fit::Fits if candidate.named == Named::Rotated && size == mark.offset => {
                    return Ok(Verdict::Rest);
                }
                Fit::Fits => return Ok(Verdict::Resume(fingerprint, content)),
                Fit::Unfinished => return Ok(Verdict::Rest),
                Fit::Short(..) | Fit::Other => {}
            }
        }
        Ok(match candidate.named {
            Named::Matching => Verdict::New(keys, content),
            Named::Rotated => Verdict::Rest,
        })
    }

    /// Begins a file that was never seen.
    fn begin(&mut self, candidate: &Candidate, keys: Keys, content: Content) {
        let Some(key) = keys.iter().next() else {
            return;
        };
        let offset = match self.start {
            FileStart::Beginning => Ok(0),
            FileStart::End if content.is_packed() => {
                let looked = Looked {
                    stamp: candidate.stamp,
                    copy_of: None,
                };
                self.looked.insert(candidate.path.clone(), looked);
                return;
            }
            FileStart::End => content.end_of_lines(),
        };
        // Two new files of one look may begin alike: the second one is decided about when the first is
        // read.
        if self
            .files
            .iter()
            .any(|file| !file.caught_up && !file.is_cut() && keys.include(file.fingerprint))
        {
            return;
        }
        if !self.make_room() {
            return;
        }
        let followed = self.files.iter().map(|file| file.fingerprint);
        let fingerprint = self.known.next_generation(key, followed);
        // Without a byte before it nothing is known of them; the next reading learns them.
        if let Ok(offset) = offset {
            self.follow(candidate, content, (fingerprint, Mark::at(offset)));
        }
    }

    fn follow(&mut self, candidate: &Candidate, content: Content, from: (u128, Mark)) -> bool {
        match Followed::new(candidate.path.clone(), content, from) {
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
        self.endings.extend(file.ending());
        let fingerprint = file.fingerprint;
        let (offset, last) = file.mark();
        self.known.set(fingerprint, offset, Some(last));
    }
}

/// How a file relates to a followed one that begins alike.
enum Twin {
    /// It cannot be told before the followed one is read to its end or has ended.
    Later,
    /// It has nothing that the followed one has not.
    Copy,
    /// It has all that was read of the followed one, and more.
    LongerCopy,
    /// It goes on where the followed one was cut or has stopped.
    Successor,
    /// It is another.
    Other,
}

fn compare(file: &Followed, candidate: &Candidate, content: &mut Content) -> io::Result<Twin> {
    let Some(followed) = &file.content else {
        if file.inode == candidate.stamp.inode {
            // What was written after the cut.
            return Ok(Twin::Other);
        }
        return Ok(match content.fit(file.offset, Some(&file.last))? {
            Fit::Fits => Twin::Successor,
            Fit::Short(..) | Fit::Unfinished => Twin::Later,
            Fit::Other => Twin::Other,
        });
    };
    if !file.caught_up {
        return Ok(Twin::Later);
    }
    Ok(match content.fit(file.offset, Some(&file.last))? {
        Fit::Fits if content.size()? == file.offset => Twin::Copy,
        // The followed one has stopped where it is: the longer one goes on for it.
        Fit::Fits if file.idle_looks >= GONE_LOOKS_MAX => Twin::Successor,
        Fit::Fits => Twin::LongerCopy,
        Fit::Unfinished => Twin::Copy,
        Fit::Short(end, last) if followed.has_before(end, &last)? => Twin::Copy,
        Fit::Short(..) | Fit::Other => Twin::Other,
    })
}
