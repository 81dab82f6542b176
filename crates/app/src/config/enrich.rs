//! `enrich:`, what is added to each event from tables.

use std::path::{Path, PathBuf};

use cresset_model::config::{Fault, FromScalar, Misfit, Section, nearest, quote};
use cresset_model::query::AddressField;

/// One entry of `enrich:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EnrichConfig {
    /// The country of an address.
    Geo(GeoConfig),
    /// The user behind an address.
    User(UserConfig),
}

impl EnrichConfig {
    /// Whose country it adds, if it is a geography.
    pub(crate) fn geo_of(&self) -> Option<AddressField> {
        match self {
            Self::Geo(config) => Some(config.of),
            Self::User(_) => None,
        }
    }

    /// Whose user it adds, if it is a directory.
    pub(crate) fn user_of(&self) -> Option<AddressField> {
        match self {
            Self::User(config) => Some(config.of),
            Self::Geo(_) => None,
        }
    }
}

/// `geo:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GeoConfig {
    /// Whose country; by default `dst_ip`.
    pub(crate) of: AddressField,
    /// Which database; by default the built-in one.
    pub(crate) database: GeoDatabase,
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

const ADDRESS_FIELDS: [(&str, AddressField); 2] = [
    ("src_ip", AddressField::SrcIp),
    ("dst_ip", AddressField::DstIp),
];

/// Reads `enrich:` of a pipeline.
pub(super) fn read(section: &mut Section<'_>) -> Vec<EnrichConfig> {
    let mut enrich = Vec::new();
    let mut seen: Vec<(&str, u32)> = Vec::new();
    for node in section.sequence("enrich") {
        let Some(choice) = section.choose("enrichment", node.place, node, &["geo", "user"]) else {
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
        if choice.name == "geo" {
            enrich.push(EnrichConfig::Geo(read_geo(chosen)));
        } else if let Some(user) = read_user(chosen) {
            enrich.push(EnrichConfig::User(user));
        }
    }
    enrich
}

fn read_geo(mut section: Section<'_>) -> GeoConfig {
    let geo = GeoConfig {
        of: section
            .word("of", &ADDRESS_FIELDS)
            .unwrap_or(AddressField::DstIp),
        database: section.optional("database").unwrap_or_default(),
    };
    section.finish();
    geo
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
