//! `enrich:`, what is added to each event from tables.

use std::path::{Path, PathBuf};

use cresset_model::city::CityField;
use cresset_model::config::{Fault, FromScalar, Misfit, Section, nearest, quote};
use cresset_model::query::AddressField;

use super::adapter::Adapter;
use super::geo_http::{self, GeoHttpConfig};

/// One entry of `enrich:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EnrichConfig {
    /// The place of an address, from a database in memory.
    Geo(GeoConfig),
    /// The place of an address, from a service.
    GeoHttp(Box<GeoHttpConfig>),
    /// The user behind an address.
    User(UserConfig),
}

impl EnrichConfig {
    /// Whose place it adds, if it is a geography.
    pub(crate) fn geo_of(&self) -> Option<AddressField> {
        match self {
            Self::Geo(config) => Some(config.of),
            Self::GeoHttp(config) => Some(config.of),
            Self::User(_) => None,
        }
    }

    /// The members that it splices into each record, if it is a geography that does.
    pub(crate) fn city_fields(&self) -> Option<&[CityField]> {
        match self {
            Self::Geo(config) => config.fields.as_deref(),
            Self::GeoHttp(_) => Some(&CityField::ALL),
            Self::User(_) => None,
        }
    }

    /// Whose user it adds, if it is a directory.
    pub(crate) fn user_of(&self) -> Option<AddressField> {
        match self {
            Self::User(config) => Some(config.of),
            Self::Geo(_) | Self::GeoHttp(_) => None,
        }
    }
}

/// `geo:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GeoConfig {
    /// Whose place; by default `dst_ip`, with adapter nullify `src_ip`.
    pub(crate) of: AddressField,
    /// Which database; by default the built-in one.
    pub(crate) database: GeoDatabase,
    /// The members that are spliced into each record, in this order; at least one, none twice. `None`
    /// adds the country code as a column and leaves the record alone. By default `None`, with adapter
    /// nullify all of them.
    pub(crate) fields: Option<Vec<CityField>>,
}

/// `geo.database`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum GeoDatabase {
    /// The one in the binary.
    #[default]
    Builtin,
    /// A `MaxMind` database file, relative to the working directory.
    Mmdb(PathBuf),
}

/// `user:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserConfig {
    /// Who sits behind which address; by default `src_ip`.
    pub(crate) of: AddressField,
    /// Which directory.
    pub(crate) table: UserDirectory,
}

/// `user.table`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UserDirectory {
    /// Invented users, stable for each private address.
    Demo,
    /// A CSV file of addresses or networks and users, relative to the working directory.
    Csv(PathBuf),
}

pub(super) const ADDRESS_FIELDS: [(&str, AddressField); 2] = [
    ("src_ip", AddressField::SrcIp),
    ("dst_ip", AddressField::DstIp),
];

const CITY_FIELDS: [(&str, CityField); 5] = [
    ("country", CityField::Country),
    ("regionName", CityField::RegionName),
    ("city", CityField::City),
    ("lat", CityField::Lat),
    ("lon", CityField::Lon),
];

/// Reads `enrich:` of a pipeline.
pub(super) fn read(section: &mut Section<'_>, adapter: Option<Adapter>) -> Vec<EnrichConfig> {
    let mut enrich: Vec<EnrichConfig> = Vec::new();
    let mut seen: Vec<(&str, u32)> = Vec::new();
    for node in section.sequence("enrich") {
        let known = ["geo", "geo_http", "user"];
        let Some(choice) = section.choose("enrichment", node.place, node, &known) else {
            continue;
        };
        if let Some((_, line)) = seen.iter().find(|(name, _)| *name == choice.name) {
            let message = format!("enrichment {} is given twice", quote(choice.name));
            let hint = format!("first at line {line}");
            section.report(Fault::at(choice.place, message).hint(hint));
            continue;
        }
        seen.push((choice.name, choice.place.line));
        let Some(chosen) = section.chosen(&choice) else {
            continue;
        };
        let read = match choice.name {
            "geo" => Some(EnrichConfig::Geo(read_geo(chosen, adapter))),
            "geo_http" => geo_http::read(chosen, geo_of_default(adapter))
                .map(|config| EnrichConfig::GeoHttp(Box::new(config))),
            _ => read_user(chosen).map(EnrichConfig::User),
        };
        let other = enrich.iter().find_map(EnrichConfig::geo_of);
        if let (Some(other), Some(of)) = (other, read.as_ref().and_then(EnrichConfig::geo_of))
            && other != of
        {
            let message = format!(
                "\"geo\" and \"geo_http\" look up two addresses: {} and {}",
                other.as_str(),
                of.as_str()
            );
            let hint = "give both the same of: the one stands in for the other";
            section.report(Fault::at(choice.place, message).hint(hint));
        }
        enrich.extend(read);
    }
    enrich
}

fn geo_of_default(adapter: Option<Adapter>) -> AddressField {
    match adapter {
        Some(Adapter::Nullify) => AddressField::SrcIp,
        Some(Adapter::SeedA) | None => AddressField::DstIp,
    }
}

fn read_geo(mut section: Section<'_>, adapter: Option<Adapter>) -> GeoConfig {
    let of = section.word("of", &ADDRESS_FIELDS);
    let database = section.optional("database").unwrap_or_default();
    let default = (adapter == Some(Adapter::Nullify)).then(|| CityField::ALL.to_vec());
    let fields = read_fields(&mut section).or(default);
    section.finish();
    GeoConfig {
        of: of.unwrap_or_else(|| geo_of_default(adapter)),
        database,
        fields,
    }
}

fn read_fields(section: &mut Section<'_>) -> Option<Vec<CityField>> {
    let nodes = section.sequence("fields");
    if !section.has("fields") {
        return None;
    }
    if section.is_empty_list("fields") {
        let fault = Fault::at(section.place_of("fields"), "\"fields\" names none");
        section.report(fault.hint("name at least one, or remove the key"));
    }
    let mut fields = Vec::new();
    for node in nodes {
        let Some(field) = section.word_item("fields", node, &CITY_FIELDS) else {
            continue;
        };
        if fields.contains(&field) {
            let message = format!("field {} is named twice", quote(field.as_str()));
            section.report(Fault::at(node.place, message).hint("remove one of them"));
            continue;
        }
        fields.push(field);
    }
    Some(fields)
}

fn read_user(mut section: Section<'_>) -> Option<UserConfig> {
    let of = section
        .word("of", &ADDRESS_FIELDS)
        .unwrap_or(AddressField::SrcIp);
    let table = section.required("table", UserDirectory::HINT);
    section.finish();
    table.map(|table| UserConfig { of, table })
}

impl FromScalar for GeoDatabase {
    const KIND: &'static str = "a geo database";
    const HINT: &'static str = "write builtin or the path of a file that ends in .mmdb";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        match file_or_word::<Self>(text, "builtin", "mmdb")? {
            Some(path) => Ok(Self::Mmdb(path)),
            None => Ok(Self::Builtin),
        }
    }
}

impl FromScalar for UserDirectory {
    const KIND: &'static str = "a directory of users";
    const HINT: &'static str = "write demo or the path of a file that ends in .csv";

    fn from_scalar(text: &str) -> Result<Self, Misfit> {
        match file_or_word::<Self>(text, "demo", "csv")? {
            Some(path) => Ok(Self::Csv(path)),
            None => Ok(Self::Demo),
        }
    }
}

/// `None` for the word, else the path of a file with this extension.
fn file_or_word<T: FromScalar>(
    text: &str,
    word: &str,
    extension: &str,
) -> Result<Option<PathBuf>, Misfit> {
    if text == word {
        return Ok(None);
    }
    let fits = Path::new(text)
        .extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(extension));
    if fits {
        return PathBuf::from_scalar(text).map(Some);
    }
    match nearest(text, &[word]) {
        Some(meant) => Err(Misfit::because(
            format!(
                "is not {}: {}: did you mean {}?",
                T::KIND,
                quote(text),
                quote(meant)
            ),
            T::HINT,
        )),
        None => Err(Misfit::kind()),
    }
}

#[cfg(test)]
mod tests;
