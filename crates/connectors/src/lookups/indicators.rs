//! Files of indicators: one entry a line, or one column of a CSV file.

use std::path::{Path, PathBuf};

use cresset_model::indicator::{IndicatorList, IndicatorListBuilder, ListFull, parse_entry};
use cresset_model::provenance::TableInfo;

use super::csv_line::fields;
use super::faults::Faults;
use super::table_file::{TableFileError, changed_at, read_whole};

/// Bytes of a file of indicators.
pub const INDICATOR_FILE_BYTES_MAX: u64 = 256 << 20;
/// Entries of a file of indicators.
pub const INDICATOR_ENTRIES_MAX: usize = 5_000_000;

/// A file of indicators that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndicatorsError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] TableFileError),
    /// Most of its lines are no entries: it is another kind of file.
    #[error("{path} is no list of indicators: {faults}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        faults: Faults,
    },
    /// It has more entries than a list may have.
    #[error("{path} has more than {entries_max} entries", path = path.display())]
    TooMany {
        /// The file.
        path: PathBuf,
        /// The limit.
        entries_max: usize,
    },
    /// Its entries do not fit into one list.
    #[error("{path} does not fit into one list", path = path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ListFull,
    },
    /// It has no such column.
    #[error(
        "{path} has no column `{column}`: give a name of its first line or a number from 1",
        path = path.display()
    )]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column asked for.
        column: String,
    },
}

/// A list and what of its file could not be read.
#[derive(Debug)]
pub struct IndicatorsRead {
    /// The list.
    pub list: IndicatorList,
    /// The lines that were left out.
    pub skipped: Faults,
}

/// Splits `feeds/bad.csv#ioc` into the path of a CSV file and a column; any other text is a path.
pub fn split_column(text: &str) -> (&str, Option<&str>) {
    text.rsplit_once('#')
        .filter(|(path, column)| {
            let extension = Path::new(path).extension();
            extension.is_some_and(|it| it.eq_ignore_ascii_case("csv")) && !column.is_empty()
        })
        .map_or((text, None), |(path, column)| (path, Some(column)))
}

/// Reads the list `name`. A line is an entry, defanged or not; what follows it after white space does not
/// count, nor do blank lines and lines that begin with `#` or `;`. With a `column`, a name of the first
/// line or a number from 1, the file is CSV. Lines that are no entries are left out and told; a file with
/// more such lines than entries is refused. It blocks.
pub fn read_indicators(
    path: &Path,
    name: &str,
    column: Option<&str>,
) -> Result<IndicatorsRead, IndicatorsError> {
    read_bounded(path, name, column, INDICATOR_ENTRIES_MAX)
}

fn read_bounded(
    path: &Path,
    name: &str,
    column: Option<&str>,
    entries_max: usize,
) -> Result<IndicatorsRead, IndicatorsError> {
    // Before reading, so that a change in between shows as a newer time at the next reload.
    let built = changed_at(path);
    let content = read_whole(path, INDICATOR_FILE_BYTES_MAX)?;
    let info = TableInfo {
        of: "indicators".to_owned(),
        name: path.display().to_string(),
        description: String::new(),
        built,
    };
    let builder = IndicatorList::builder(name, info);
    parse_indicators(&content, path, builder, column, entries_max)
}

/// The same of the content of a file.
pub(super) fn parse_indicators(
    content: &[u8],
    path: &Path,
    builder: IndicatorListBuilder,
    column: Option<&str>,
    entries_max: usize,
) -> Result<IndicatorsRead, IndicatorsError> {
    let mut reading = Reading {
        path,
        entries_max,
        builder,
        faults: Faults::default(),
    };
    let content = content
        .strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(content);
    match column {
        None => reading.plain(content)?,
        Some(column) => reading.csv(content, column)?,
    }
    reading.finish()
}

/// A file that is being read.
struct Reading<'a> {
    path: &'a Path,
    entries_max: usize,
    builder: IndicatorListBuilder,
    faults: Faults,
}

impl Reading<'_> {
    fn plain(&mut self, content: &[u8]) -> Result<(), IndicatorsError> {
        for (number, line) in lines(content) {
            if is_comment(line) {
                continue;
            }
            match std::str::from_utf8(line) {
                Ok(line) => self.entry(number, first_field(line))?,
                Err(_) => self.faults.add(number, "not UTF-8".to_owned()),
            }
        }
        Ok(())
    }

    fn csv(&mut self, content: &[u8], column: &str) -> Result<(), IndicatorsError> {
        let mut place: Option<usize> = column.parse().ok().filter(|number| *number > 0);
        for (number, line) in lines(content) {
            let is_comment = is_comment(line);
            if is_comment && place.is_some() {
                continue;
            }
            let read = std::str::from_utf8(line)
                .map_err(|_| "not UTF-8".to_owned())
                .and_then(|line| fields(line.trim_start_matches(['#', ' '])));
            let Some(place) = place else {
                // Some feeds put the names of their columns into a comment.
                place = read.ok().and_then(|names| place_of(&names, column));
                if place.is_none() && !is_comment {
                    return Err(self.no_column(column));
                }
                continue;
            };
            match read {
                Err(what) => self.faults.add(number, what),
                Ok(fields) => match fields.get(place - 1) {
                    Some(field) => self.entry(number, field)?,
                    None => self
                        .faults
                        .add(number, format!("it has {} columns", fields.len())),
                },
            }
        }
        if place.is_none() {
            return Err(self.no_column(column));
        }
        Ok(())
    }

    fn no_column(&self, column: &str) -> IndicatorsError {
        IndicatorsError::NoColumn {
            path: self.path.to_owned(),
            column: column.to_owned(),
        }
    }

    fn entry(&mut self, number: usize, text: &str) -> Result<(), IndicatorsError> {
        let indicator = match parse_entry(text) {
            Ok(indicator) => indicator,
            Err(invalid) => {
                self.faults.add(number, invalid.to_string());
                return Ok(());
            }
        };
        if self.builder.added() >= self.entries_max {
            return Err(IndicatorsError::TooMany {
                path: self.path.to_owned(),
                entries_max: self.entries_max,
            });
        }
        self.builder
            .add(indicator)
            .map_err(|source| IndicatorsError::Full {
                path: self.path.to_owned(),
                source,
            })
    }

    fn finish(mut self) -> Result<IndicatorsRead, IndicatorsError> {
        let (added, skipped) = (self.builder.added(), self.faults.count());
        if skipped > added {
            return Err(IndicatorsError::Unreadable {
                path: self.path.to_owned(),
                faults: self.faults,
            });
        }
        let description = &mut self.builder.info_mut().description;
        *description = match skipped {
            0 => format!("{added} entries"),
            _ => format!("{added} entries, {skipped} unreadable lines left out"),
        };
        Ok(IndicatorsRead {
            list: self.builder.build(),
            skipped: self.faults,
        })
    }
}

/// The lines that are not blank, trimmed, with their numbers from 1.
fn lines(content: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    content
        .split(|byte| *byte == b'\n')
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
}

fn is_comment(line: &[u8]) -> bool {
    line.starts_with(b"#") || line.starts_with(b";")
}

/// The text up to the first white space; in a line of a hosts file, what is pointed nowhere.
fn first_field(line: &str) -> &str {
    let mut fields = line.split_ascii_whitespace();
    let first = fields.next().unwrap_or_default();
    match fields.next() {
        Some(second) if matches!(first, "0.0.0.0" | "127.0.0.1") && !second.starts_with('#') => {
            second
        }
        _ => first,
    }
}

/// The number from 1 of the column of a name, in any case.
fn place_of(names: &[String], column: &str) -> Option<usize> {
    names
        .iter()
        .position(|name| name.eq_ignore_ascii_case(column))
        .map(|index| index + 1)
}

#[cfg(test)]
mod tests;
