//! Fuzz targets: properties that hold for any bytes. `fuzz/` runs them, and the inputs that it keeps are
//! replayed as tests.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;

use cresset_model::city::CityField;
use cresset_model::indicator::{Indicator, IndicatorList, parse_entry};
use cresset_model::provenance::TableInfo;
use serde_json::{Map, Value};

use super::city::parse_city;
use super::geo::parse_mmdb;
use super::indicators::parse_indicators;
use super::users::{USER_BYTES_MAX, parse_users};

/// A geography: a file that is taken gives ascending ranges, countries of two capital letters, and members
/// that are JSON wherever it is asked; any other is refused with a reason.
///
/// # Panics
/// When the property does not hold.
pub fn mmdb(data: &[u8]) {
    let path = Path::new("place.mmdb");
    let mut asked: Vec<IpAddr> = vec![[192, 0, 2, 1].into()];
    match parse_mmdb(data.to_vec(), path, "src_ip") {
        Ok(table) => {
            assert!(table.v4.starts.is_sorted_by(|a, b| a < b));
            assert!(table.v6.starts.is_sorted_by(|a, b| a < b));
            assert_eq!(table.v4.starts.len(), table.v4.countries.len());
            assert_eq!(table.v6.starts.len(), table.v6.countries.len());
            asked.extend(
                table
                    .v4
                    .starts
                    .iter()
                    .map(|start| IpAddr::from(start.to_be_bytes())),
            );
            asked.extend(
                table
                    .v6
                    .starts
                    .iter()
                    .map(|start| IpAddr::from(start.to_be_bytes())),
            );
            for address in &asked {
                let (country, _) = table.country(*address);
                let is_code = |code: [u8; 2]| code.iter().all(u8::is_ascii_uppercase);
                assert!(country.is_none_or(is_code));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(table) = parse_city(data.to_vec(), path, "src_ip", &CityField::ALL) {
        let fragments = asked.iter().filter_map(|address| table.place(*address));
        for fragment in fragments {
            let object = format!("{{{}}}", fragment.members);
            let read = serde_json::from_str::<Map<String, Value>>(&object);
            assert!(
                read.is_ok_and(|members| members.len() <= CityField::ALL.len()),
                "{object}"
            );
        }
    }
}

/// A directory of users: one that is taken has names within their bounds, and reads back as the same when
/// it is written in quotes; any other names its lines.
///
/// # Panics
/// When the property does not hold.
pub fn users(data: &[u8]) {
    match parse_users(data) {
        Ok(entries) => {
            let mut written = String::new();
            for (network, user) in &entries {
                assert!((1..=USER_BYTES_MAX).contains(&user.len()));
                assert!(!user.chars().any(char::is_control));
                let quoted = user.replace('"', "\"\"");
                let line = writeln!(written, "{network},\"{quoted}\"");
                assert!(line.is_ok());
            }
            assert_eq!(parse_users(written.as_bytes()).as_ref(), Ok(&entries));
        }
        Err(faults) => {
            let lines = data.split(|byte| *byte == b'\n').count();
            assert!((1..=lines).contains(&faults.count()));
            assert!(faults.to_string().contains("line"));
        }
    }
}

/// A list of indicators: no more entries than lines, and each line that is an entry is found in it again,
/// also when it is written in its canonical form. The first byte chooses plain lines or a column.
///
/// # Panics
/// When the property does not hold.
pub fn indicators(data: &[u8]) {
    let Some((choice, content)) = data.split_first() else {
        return;
    };
    let column = [None, Some("1"), Some("2"), Some("ioc")][usize::from(choice % 4)];
    let builder = || IndicatorList::builder("list", TableInfo::default());
    let read = parse_indicators(content, Path::new("list.csv"), builder(), column, 1_000);
    let lines = content.split(|byte| *byte == b'\n').count();
    match read {
        Ok(read) => assert!(read.list.len() + read.skipped.count() <= lines),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    for line in content.split(|byte| *byte == b'\n') {
        let text = std::str::from_utf8(line).unwrap_or_default();
        match parse_entry(text) {
            Ok(entry) => {
                let again = parse_entry(&entry.to_string());
                assert_eq!(again.as_ref(), Ok(&entry), "written as {entry}");
                let mut alone = builder();
                assert_eq!(alone.add(entry.clone()), Ok(()));
                assert!(is_in(&alone.build(), &entry), "{entry}");
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

fn is_in(list: &IndicatorList, entry: &Indicator) -> bool {
    let found = match entry {
        Indicator::Address(address) => list.address(*address),
        Indicator::Network(network) => list.address(network.base),
        Indicator::Domain(name) => list.domain(name),
        Indicator::Url(url) => list.url(url),
        Indicator::FileHash(hash) => list.file_hash(hash),
    };
    found.is_some()
}

#[cfg(test)]
mod tests {
    use crate::replay::replay;

    #[test]
    fn the_corpus_of_geographies_holds() {
        replay("mmdb", super::mmdb);
    }

    #[test]
    fn the_corpus_of_users_holds() {
        replay("users", super::users);
    }

    #[test]
    fn the_corpus_of_indicators_holds() {
        replay("indicators", super::indicators);
    }
}
