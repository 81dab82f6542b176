//! The project's files, read once.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;

use super::finding::Finding;
use super::ignored::Ignored;
use super::manifest::Manifest;
use super::token::{Token, starts_with, tokens};

/// One file that is committed, or would be.
pub(crate) struct File {
    /// From the root, with `/`.
    pub(crate) path: String,
    /// Its text; empty if it is no UTF-8.
    pub(crate) text: String,
    /// Its tokens, if it is Rust.
    pub(crate) tokens: Vec<Token>,
    /// Whether all of it is tests or benches.
    pub(crate) is_test: bool,
}

impl File {
    pub(crate) fn is_rust(&self) -> bool {
        ending(&self.path) == Some("rs")
    }

    /// A finding in this file.
    pub(crate) fn finding(&self, line: usize, what: String) -> Finding {
        Finding {
            path: self.path.clone(),
            line,
            what,
        }
    }

    /// The tokens that are no tests.
    pub(crate) fn shipped(&self) -> impl Iterator<Item = (usize, &Token)> {
        let tokens = if self.is_test { &[] } else { &self.tokens[..] };
        tokens.iter().enumerate().filter(|(_, token)| !token.test)
    }

    /// The file's name without its ending.
    pub(crate) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.split('.').next().unwrap_or(name)
    }
}

/// What stands behind the last dot of a file's name.
fn ending(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(_, ending)| ending)
}

/// A crate of the workspace.
pub(crate) struct Crate {
    /// The last part of its folder: the name that the arrows use.
    pub(crate) name: String,
    /// Its folder, from the root.
    pub(crate) folder: String,
    pub(crate) manifest: Manifest,
}

impl Crate {
    /// The path of a file within the crate's `src`.
    pub(crate) fn source_path<'a>(&self, file: &'a File) -> Option<&'a str> {
        file.path
            .strip_prefix(&self.folder)?
            .strip_prefix("/src/")
            .filter(|path| ending(path) == Some("rs"))
    }
}

/// All files and crates.
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
    pub(crate) crates: Vec<Crate>,
}

impl Tree {
    /// Reads every file below the root that git would not ignore.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let rules = std::fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
        let mut texts = BTreeMap::new();
        read_folder(root, "", &Ignored::new(&rules), &mut texts)?;
        Ok(Self::new(texts))
    }

    fn new(texts: BTreeMap<String, String>) -> Self {
        let mut files: Vec<File> = texts
            .into_iter()
            .map(|(path, text)| File {
                tokens: if ending(&path) == Some("rs") {
                    tokens(&text)
                } else {
                    Vec::new()
                },
                is_test: path.contains("/tests/") || path.contains("/benches/"),
                path,
                text,
            })
            .collect();
        mark_test_modules(&mut files);
        let crates = files.iter().filter_map(crate_of).collect();
        Self { files, crates }
    }

    /// The files that are written for people.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &File> {
        let files = self.files.iter();
        files.filter(|file| ending(&file.path) == Some("md"))
    }

    /// The file of a path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

fn read_folder(
    root: &Path,
    folder: &str,
    ignored: &Ignored,
    texts: &mut BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let place = root.join(folder);
    let entries = std::fs::read_dir(&place).with_context(|| format!("read {}", place.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("read {}", place.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() {
            name
        } else {
            format!("{folder}/{name}")
        };
        let kind = entry.file_type().with_context(|| format!("read {path}"))?;
        if ignored.contains(&path, kind.is_dir()) {
            continue;
        }
        if kind.is_dir() {
            read_folder(root, &path, ignored, texts)?;
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path()).with_context(|| format!("read {path}"))?;
            texts.insert(path, String::from_utf8(bytes).unwrap_or_default());
        }
    }
    Ok(())
}

/// Marks the files of modules that are declared under `#[cfg(test)]`.
fn mark_test_modules(files: &mut [File]) {
    let mut modules = Vec::new();
    for file in files.iter().filter(|file| !file.tokens.is_empty()) {
        let (folder, _) = file.path.rsplit_once('/').unwrap_or_default();
        let folder = match file.stem() {
            "lib" | "main" | "mod" => folder.to_owned(),
            stem => format!("{folder}/{stem}"),
        };
        for (at, token) in file.tokens.iter().enumerate() {
            let name = file.tokens.get(at + 1);
            if let Some(name) = name.filter(|_| token.test && token.text == "mod")
                && starts_with(&file.tokens, at + 2, &[";"])
            {
                modules.push(format!("{folder}/{}", name.text));
            }
        }
    }
    for file in files {
        file.is_test |= modules.iter().any(|module| {
            let behind = file.path.strip_prefix(module.as_str());
            behind.is_some_and(|behind| behind == ".rs" || behind.starts_with('/'))
        });
    }
}

fn crate_of(file: &File) -> Option<Crate> {
    let folder = file.path.strip_suffix("/Cargo.toml")?;
    let name = folder.rsplit('/').next().unwrap_or(folder);
    Some(Crate {
        name: name.to_owned(),
        folder: folder.to_owned(),
        manifest: Manifest::read(&file.text),
    })
}
