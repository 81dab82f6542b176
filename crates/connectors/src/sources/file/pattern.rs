//! Which names are meant.

use std::path::{Path, PathBuf};

use super::config::FileSourceError;

/// A folder and the pattern of a name in it.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub(super) folder: PathBuf,
    name: Vec<u8>,
}

/// How a name belongs to a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// It matches.
    Matching,
    /// A rotation may have made it of a name that matches.
    Rotated,
}

impl Pattern {
    pub(super) fn new(path: &Path) -> Result<Self, FileSourceError> {
        let shown = || path.to_string_lossy().into_owned();
        let name = path.file_name().filter(|_| !ends_in_slash(path));
        let name = name.ok_or_else(|| FileSourceError::NoName(shown()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        if folder
            .as_os_str()
            .as_encoded_bytes()
            .iter()
            .any(|byte| b"*?".contains(byte))
        {
            return Err(FileSourceError::Folder(shown()));
        }
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        Ok(Self {
            folder: folder.to_owned(),
            name: name.as_encoded_bytes().to_vec(),
        })
    }

    /// How a name belongs to it, if it does.
    pub(super) fn named(&self, name: &[u8]) -> Option<Named> {
        // As in a shell, a hidden file is meant only by a pattern that begins with a dot.
        if name.starts_with(b".") && !self.name.starts_with(b".") {
            return None;
        }
        if matches(&self.name, name) {
            return Some(Named::Matching);
        }
        let mut ends = (1..name.len()).filter(|end| b".-_".contains(&name[*end]));
        ends.any(|end| matches(&self.name, &name[..end]))
            .then_some(Named::Rotated)
    }
}

fn ends_in_slash(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// Whether a text matches a pattern of `*` and `?`; goes back to the last `*` only, so that the time is at
/// most the product of the lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at_pattern, mut at_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at_text < text.len() {
        match pattern.get(at_pattern) {
            Some(b'*') => {
                star = Some((at_pattern, at_text));
                at_pattern += 1;
            }
            Some(wanted) if *wanted == b'?' || *wanted == text[at_text] => {
                at_pattern += 1;
                at_text += 1;
            }
            _ => {
                let Some((pattern_of_star, text_of_star)) = star else {
                    return false;
                };
                star = Some((pattern_of_star, text_of_star + 1));
                at_pattern = pattern_of_star + 1;
                at_text = text_of_star + 1;
            }
        }
    }
    pattern[at_pattern..].iter().all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests;
