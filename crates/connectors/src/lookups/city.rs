//! Geographies with regions, cities and coordinates: the built-in one, which knows countries only, and
//! `.mmdb` files.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;

use cresset_model::Timestamp;
use cresset_model::city::{CityField, CityTable, CityTableBuilder, FragmentNumber, Location};
use cresset_model::country::english_name;
use cresset_model::provenance::TableInfo;
use cresset_model::tables::GeoTable;
use maxminddb::{Reader, WithinOptions};

use super::cover::Cover;
use super::deep_stack::on_deep_stack;
use super::geo::{GEO_FILE_BYTES_MAX, GEO_NETWORKS_MAX, GeoError, builtin, not_read};
use super::place::PlaceRecord;
use super::table_file::read_whole;

/// Bytes of all distinct places of a database, rendered.
pub const CITY_TEXT_BYTES_MAX: usize = 512 << 20;
/// Distinct records of a database.
pub const CITY_RECORDS_MAX: usize = 8_000_000;

/// The geography in the binary as a table of places: of the fields it knows only the country, by its
/// English name.
pub fn builtin_city(of: &str, fields: &[CityField]) -> CityTable {
    let table: GeoTable = builtin(of);
    let mut builder = CityTable::builder();
    let mut numbers: HashMap<u16, FragmentNumber> = HashMap::new();
    let mut number = |builder: &mut CityTableBuilder, packed: Option<std::num::NonZeroU16>| {
        let Some(packed) = packed else {
            return FragmentNumber::NOWHERE;
        };
        *numbers.entry(packed.get()).or_insert_with(|| {
            let code = packed.get().to_le_bytes();
            // `??` marks ranges that belong to no country.
            if !code.iter().all(u8::is_ascii_uppercase) {
                return FragmentNumber::NOWHERE;
            }
            let location = Location {
                country_code: Some(code),
                country: english_name(code).map(str::to_owned),
                ..Location::default()
            };
            builder.fragment(&location.render(fields))
        })
    };
    for (start, packed) in table.v4.starts.iter().zip(table.v4.countries.iter()) {
        let fragment = number(&mut builder, *packed);
        let ascends = builder.v4(*start, fragment);
        debug_assert!(ascends, "the built-in ranges are sorted");
    }
    for (start, packed) in table.v6.starts.iter().zip(table.v6.countries.iter()) {
        let fragment = number(&mut builder, *packed);
        let ascends = builder.v6(*start, fragment);
        debug_assert!(ascends, "the built-in ranges are sorted");
    }
    builder.finish(table.info)
}

/// Reads a city or country database (`MaxMind`, DB-IP, `IPinfo` and others) for the field `of`: one
/// fragment with the members `fields` for each distinct record. Each distinct record is decoded once and
/// the whole file is walked, so that a damaged one never replaces a good one. It blocks, for seconds if
/// the file is large, and takes at most the file, [`CITY_TEXT_BYTES_MAX`] and 28 bytes for each network.
pub fn read_city(path: &Path, of: &str, fields: &[CityField]) -> Result<CityTable, GeoError> {
    parse_city(read_whole(path, GEO_FILE_BYTES_MAX)?, path, of, fields)
}

/// The same of the content of a file.
pub(super) fn parse_city(
    content: Vec<u8>,
    path: &Path,
    of: &str,
    fields: &[CityField],
) -> Result<CityTable, GeoError> {
    on_deep_stack(|| walk(content, path, of, fields)).map_err(|source| not_read(path, source))?
}

fn walk(
    content: Vec<u8>,
    path: &Path,
    of: &str,
    fields: &[CityField],
) -> Result<CityTable, GeoError> {
    let damaged = |source| GeoError::Damaged {
        path: path.to_owned(),
        source,
    };
    let tree = |why| GeoError::Tree {
        path: path.to_owned(),
        why,
    };
    let reader = Reader::from_source(content).map_err(damaged)?;
    let mut walk = Walk::new(fields);
    // Networks without data are walked too, so that the count bounds the walk itself.
    let options = WithinOptions::default().include_networks_without_data();
    for (count, network) in reader.networks(options).map_err(damaged)?.enumerate() {
        if count >= GEO_NETWORKS_MAX {
            return Err(tree("it has too many networks"));
        }
        let found = network.map_err(damaged)?;
        let Some(offset) = found.offset() else {
            continue;
        };
        // Many networks share one record.
        let fragment = if let Some(fragment) = walk.known.get(&offset) {
            *fragment
        } else {
            let record: Option<PlaceRecord<'_>> = found.decode().map_err(damaged)?;
            walk.record(offset, record).map_err(tree)?
        };
        let network = found.network().map_err(damaged)?;
        walk.range(network.ip(), network.prefix(), fragment)
            .map_err(tree)?;
    }
    let metadata = reader.metadata();
    if walk.countries == 0 {
        return Err(GeoError::NoCountries {
            path: path.to_owned(),
            database_type: metadata.database_type.clone(),
        });
    }
    let built = i64::try_from(metadata.build_epoch)
        .ok()
        .and_then(Timestamp::from_seconds);
    let info = TableInfo {
        of: of.to_owned(),
        name: path.display().to_string(),
        description: metadata.database_type.clone(),
        built: built.map_or_else(String::new, Timestamp::to_z),
    };
    Ok(walk.finish(info))
}

/// What a walk over a database has found.
struct Walk<'a> {
    fields: &'a [CityField],
    builder: CityTableBuilder,
    /// The fragment of each record by its place in the file.
    known: HashMap<usize, FragmentNumber>,
    /// Records that name a country.
    countries: usize,
    v4: Cover,
    v6: Cover,
}

impl<'a> Walk<'a> {
    fn new(fields: &'a [CityField]) -> Self {
        Self {
            fields,
            builder: CityTable::builder(),
            known: HashMap::new(),
            countries: 0,
            v4: Cover::v4(),
            v6: Cover::v6(),
        }
    }

    fn record(
        &mut self,
        offset: usize,
        record: Option<PlaceRecord<'_>>,
    ) -> Result<FragmentNumber, &'static str> {
        if self.known.len() >= CITY_RECORDS_MAX {
            return Err("it has too many distinct records");
        }
        let location = record.map(|record| record.location()).unwrap_or_default();
        self.countries +=
            usize::from(location.country_code.is_some() || location.country.is_some());
        let fragment = self.builder.fragment(&location.render(self.fields));
        if self.builder.text_bytes() > CITY_TEXT_BYTES_MAX {
            return Err("its places take too much text");
        }
        self.known.insert(offset, fragment);
        Ok(fragment)
    }

    fn range(
        &mut self,
        base: IpAddr,
        prefix: u8,
        fragment: FragmentNumber,
    ) -> Result<(), &'static str> {
        let cover = match base {
            IpAddr::V4(_) => &mut self.v4,
            IpAddr::V6(_) => &mut self.v6,
        };
        let (gap, start) = cover.add(base, prefix)?;
        if let Some(gap) = gap {
            self.push(base.is_ipv4(), gap, FragmentNumber::NOWHERE);
        }
        self.push(base.is_ipv4(), start, fragment);
        Ok(())
    }

    /// The cover has made sure that starts ascend.
    fn push(&mut self, is_ipv4: bool, start: u128, fragment: FragmentNumber) {
        let ascends = match u32::try_from(start) {
            Ok(start) if is_ipv4 => self.builder.v4(start, fragment),
            _ => self.builder.v6(start, fragment),
        };
        debug_assert!(ascends, "the cover lets no network overlap");
    }

    fn finish(mut self, info: TableInfo) -> CityTable {
        if let Some(end) = self.v4.end() {
            self.push(true, end, FragmentNumber::NOWHERE);
        }
        if let Some(end) = self.v6.end() {
            self.push(false, end, FragmentNumber::NOWHERE);
        }
        // The walk's memory goes before the table is packed.
        self.known = HashMap::new();
        let mut table = self.builder.finish(info);
        table.info.description = format!(
            "{}, {} ranges, {} places",
            table.info.description,
            table.ranges(),
            table.fragments()
        );
        table
    }
}

#[cfg(test)]
mod tests;
