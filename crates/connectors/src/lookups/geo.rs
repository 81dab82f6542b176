//! Geographies: the built-in one, and `.mmdb` files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use cresset_model::Timestamp;
use cresset_model::provenance::TableInfo;
use cresset_model::tables::{GeoTable, Ranges, pack_country};
use maxminddb::{MaxMindDbError, Reader, WithinOptions};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::cover::Cover;
use super::deep_stack::on_deep_stack;
use super::table_file::{TableFileError, read_whole};

/// Bytes of an `.mmdb` file.
pub const GEO_FILE_BYTES_MAX: u64 = 512 << 20;
/// Networks of an `.mmdb` file; a damaged tree can pretend to have more than fit in the world.
pub const GEO_NETWORKS_MAX: usize = 20_000_000;

/// An `.mmdb` file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GeoError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] TableFileError),
    /// It is not a whole `MaxMind` database.
    #[error("{path} is not a valid MaxMind database", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: MaxMindDbError,
    },
    /// Its networks make no sense.
    #[error("{path} is not a valid MaxMind database: {why}", path = path.display())]
    Tree {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// It is a database of something else.
    #[error(
        "{path} holds no countries (its type is {database_type}): name a country or city database",
        path = path.display()
    )]
    NoCountries {
        /// The file.
        path: PathBuf,
        /// What it says it is.
        database_type: String,
    },
}

/// The geography in the binary, for the field `of`. It costs nothing to open.
pub fn builtin(of: &str) -> GeoTable {
    GeoTable {
        info: TableInfo {
            of: of.to_owned(),
            name: "builtin".to_owned(),
            description: "IPFire location database, CC BY-SA 4.0".to_owned(),
            built: "2026-09-23".to_owned(),
        },
        v4: Ranges {
            starts: Cow::Borrowed(tor_geoip_db::ipv4s()),
            countries: Cow::Borrowed(tor_geoip_db::ipv4c()),
        },
        v6: Ranges {
            starts: Cow::Borrowed(tor_geoip_db::ipv6s()),
            countries: Cow::Borrowed(tor_geoip_db::ipv6c()),
        },
    }
}

/// Reads a country or city database (`MaxMind`, DB-IP, `IPinfo` and others), for the field `of`. The whole
/// file is decoded, so that a damaged one never replaces a good one. It blocks, for seconds if the file is
/// large.
pub fn read_mmdb(path: &Path, of: &str) -> Result<GeoTable, GeoError> {
    parse_mmdb(read_whole(path, GEO_FILE_BYTES_MAX)?, path, of)
}

/// The same of the content of a file.
pub(super) fn parse_mmdb(content: Vec<u8>, path: &Path, of: &str) -> Result<GeoTable, GeoError> {
    on_deep_stack(|| walk(content, path, of)).map_err(|source| not_read(path, source))?
}

/// The error of a file whose reader could not start.
pub(super) fn not_read(path: &Path, source: io::Error) -> GeoError {
    let path = path.to_owned();
    GeoError::File(TableFileError::Read { path, source })
}

fn walk(content: Vec<u8>, path: &Path, of: &str) -> Result<GeoTable, GeoError> {
    let damaged = |source| GeoError::Damaged {
        path: path.to_owned(),
        source,
    };
    let tree = |why| GeoError::Tree {
        path: path.to_owned(),
        why,
    };
    let reader = Reader::from_source(content).map_err(damaged)?;
    let mut v4 = Builder::new(Cover::v4());
    let mut v6 = Builder::new(Cover::v6());
    let mut known: HashMap<usize, Option<NonZeroU16>> = HashMap::new();
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
        let country = if let Some(country) = known.get(&offset) {
            *country
        } else {
            let record: Option<Record> = found.decode().map_err(damaged)?;
            let country = record.and_then(|record| record.country());
            *known.entry(offset).or_insert(country)
        };
        let network = found.network().map_err(damaged)?;
        let builder = match network.ip() {
            IpAddr::V4(_) => &mut v4,
            IpAddr::V6(_) => &mut v6,
        };
        builder
            .add(network.ip(), network.prefix(), country)
            .map_err(tree)?;
    }
    let metadata = reader.metadata();
    if known.values().all(Option::is_none) {
        return Err(GeoError::NoCountries {
            path: path.to_owned(),
            database_type: metadata.database_type.clone(),
        });
    }
    let built = i64::try_from(metadata.build_epoch)
        .ok()
        .and_then(Timestamp::from_seconds);
    let description = format!(
        "{}, {} ranges",
        metadata.database_type,
        v4.starts.len() + v6.starts.len()
    );
    Ok(GeoTable {
        info: TableInfo {
            of: of.to_owned(),
            name: path.display().to_string(),
            description,
            built: built.map_or_else(String::new, Timestamp::to_z),
        },
        v4: v4.finish(|start| u32::try_from(start).unwrap_or(u32::MAX)),
        v6: v6.finish(|start| start),
    })
}

/// Collects ascending networks into ranges; equal neighbors become one.
struct Builder {
    starts: Vec<u128>,
    countries: Vec<Option<NonZeroU16>>,
    cover: Cover,
}

impl Builder {
    fn new(cover: Cover) -> Self {
        Self {
            starts: Vec::new(),
            countries: Vec::new(),
            cover,
        }
    }

    fn add(
        &mut self,
        base: IpAddr,
        prefix: u8,
        country: Option<NonZeroU16>,
    ) -> Result<(), &'static str> {
        let (gap, start) = self.cover.add(base, prefix)?;
        if let Some(gap) = gap {
            self.push(gap, None);
        }
        self.push(start, country);
        Ok(())
    }

    fn push(&mut self, start: u128, country: Option<NonZeroU16>) {
        if self.countries.last() == Some(&country) {
            return;
        }
        self.starts.push(start);
        self.countries.push(country);
    }

    fn finish<T: Clone>(mut self, convert: impl Fn(u128) -> T) -> Ranges<T> {
        if let Some(end) = self.cover.end() {
            self.push(end, None);
        }
        self.countries.shrink_to_fit();
        Ranges {
            starts: Cow::Owned(self.starts.into_iter().map(convert).collect()),
            countries: Cow::Owned(self.countries),
        }
    }
}

/// The shapes in which databases name a country: `country.iso_code`, `country_code`, or `country` as two
/// letters; the country of registration if there is no other.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Record {
    country: Place,
    country_code: Place,
    registered_country: Place,
}

impl Record {
    fn country(&self) -> Option<NonZeroU16> {
        let places = [&self.country, &self.country_code, &self.registered_country];
        let code = places.into_iter().find_map(|place| place.0)?;
        pack_country(code)
    }
}

/// A country as a map with `iso_code` or as text; anything else names none.
#[derive(Debug, Default)]
struct Place(Option<[u8; 2]>);

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlaceVisitor)
    }
}

struct PlaceVisitor;

impl<'de> Visitor<'de> for PlaceVisitor {
    type Value = Place;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a country")
    }

    fn visit_str<E>(self, text: &str) -> Result<Place, E> {
        let code: Option<[u8; 2]> = text.trim().as_bytes().try_into().ok();
        let code = code.filter(|code| code.iter().all(u8::is_ascii_alphabetic));
        Ok(Place(
            code.map(|code| code.map(|byte| byte.to_ascii_uppercase())),
        ))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Place, A::Error> {
        let mut place = Place::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == "iso_code" {
                place = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(place)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Place, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Place::default())
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Place, E> {
        Ok(Place::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Place, E> {
        Ok(Place::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Place, E> {
        Ok(Place::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Place, E> {
        Ok(Place::default())
    }

    fn visit_u128<E>(self, _: u128) -> Result<Place, E> {
        Ok(Place::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Place, E> {
        Ok(Place::default())
    }
}

#[cfg(test)]
mod tests;
