//! `lists:`, the named lists of indicators.

use std::path::PathBuf;

use cresset_model::config::{Diagnostics, Entry, Fault, Section, Value, quote};
use cresset_model::ip::Network;

use super::names::{NAME_HINT, Names, is_name};

/// Lists of one configuration.
const LISTS_MAX: usize = 64;
/// Addresses that stand in the configuration itself; more belong into a file.
const ADDRESSES_MAX: usize = 1_000;

/// One entry of `lists:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListConfig {
    /// The key under `lists:`.
    pub(crate) name: String,
    /// Where its indicators stand.
    pub(crate) content: ListContent,
}

/// Where the indicators of a list stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListContent {
    /// In a file, one a line or in one column, relative to the working directory.
    File {
        /// The file.
        path: PathBuf,
        /// The column of a CSV file that holds them: a name of its first line or a number from 1; `None`
        /// for whole lines.
        column: Option<String>,
    },
    /// Here; at least one.
    Addresses(Vec<Network>),
}

/// Reads `lists:` of the whole file.
pub(super) fn read(root: &mut Section<'_>, diagnostics: &Diagnostics) -> (Vec<ListConfig>, Names) {
    let mut names = Names::new("list", "write one under lists:");
    let Some(entry) = root.entry("lists") else {
        return (Vec::new(), names);
    };
    let Value::Mapping(entries) = &entry.value.value else {
        // Opening it reports what stands there instead.
        let opened = Section::open("lists", entry.place, &entry.value, diagnostics);
        debug_assert!(opened.is_none(), "only a mapping opens");
        return (Vec::new(), names);
    };
    for entry in entries {
        // No key occurs twice in a mapping.
        names.insert(&entry.key, entry.place);
    }
    if entries.len() > LISTS_MAX {
        let message = format!("\"lists\" names {} lists", entries.len());
        let hint = format!("at most {LISTS_MAX} are taken");
        root.report(Fault::at(entry.place, message).hint(hint));
        return (Vec::new(), names);
    }
    let lists = entries
        .iter()
        .filter_map(|entry| read_list(entry, diagnostics))
        .collect();
    (lists, names)
}

fn read_list(entry: &Entry, diagnostics: &Diagnostics) -> Option<ListConfig> {
    if !is_name(&entry.key) {
        let message = format!("{} is not a list name", quote(&entry.key));
        diagnostics.report(Fault::at(entry.place, message).hint(NAME_HINT));
    }
    let mut section = Section::open(&entry.key, entry.place, &entry.value, diagnostics)?;
    let content = read_content(&mut section);
    section.finish();
    content.map(|content| ListConfig {
        name: entry.key.clone(),
        content,
    })
}

fn read_content(section: &mut Section<'_>) -> Option<ListContent> {
    let path: Option<PathBuf> = section.optional("file");
    let column: Option<String> = section.optional("column");
    let addresses = read_addresses(section);
    match (section.has("file"), section.has("addresses")) {
        (true, false) => {}
        (false, true) => {
            if section.has("column") {
                let fault = Fault::at(section.place_of("column"), "\"column\" without \"file\"");
                section.report(fault.hint("remove it: it names a column of a CSV file"));
            }
            return Some(ListContent::Addresses(addresses));
        }
        (true, true) => {
            let fault = Fault::at(
                section.place_of("addresses"),
                "\"file\" and \"addresses\" are both given",
            );
            section.report(fault.hint("write one of them, or two lists"));
            return None;
        }
        (false, false) => {
            section.missing(
                "file",
                "the path of a list, one indicator a line, or addresses: [ 192.0.2.1 ]",
            );
            return None;
        }
    }
    Some(ListContent::File {
        path: path?,
        column,
    })
}

fn read_addresses(section: &mut Section<'_>) -> Vec<Network> {
    let nodes = section.sequence("addresses");
    let report = |message: String, hint: String| {
        let fault = Fault::at(section.place_of("addresses"), message);
        section.report(fault.hint(hint));
    };
    if section.is_empty_list("addresses") {
        report(
            "\"addresses\" names none".to_owned(),
            "write at least one, such as 192.0.2.1 or 203.0.113.0/24".to_owned(),
        );
    }
    if nodes.len() > ADDRESSES_MAX {
        report(
            format!("\"addresses\" has {} items", nodes.len()),
            format!("at most {ADDRESSES_MAX} are taken: put them into a file"),
        );
        return Vec::new();
    }
    nodes
        .iter()
        .filter_map(|node| section.item("addresses", node))
        .collect()
}

#[cfg(test)]
mod tests;
