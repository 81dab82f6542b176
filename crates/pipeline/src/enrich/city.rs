//! Place names and coordinates of an address, as members to splice into a record.

use std::net::IpAddr;

use cresset_model::ip;
use cresset_model::outcome::AlertDraft;
use cresset_model::ports::{Answers, GeoAnswer};
use cresset_model::provenance::Marks;
use cresset_model::tables::{GeoFragment, Tables};

/// Where an address lies: what the remote service answered, else what the table in memory says.
pub(crate) fn fragment<'a>(
    tables: &'a Tables,
    answers: &'a Answers,
    address: IpAddr,
) -> Option<&'a GeoFragment> {
    if let Some(GeoAnswer::Known(fragment)) = answers.geo.get(&address) {
        return Some(fragment);
    }
    tables.city.as_ref()?.fragment(address)
}

/// Notes the country and how it was found, for pipelines without a table of countries.
pub(crate) fn add_country(alert: &mut AlertDraft, address: IpAddr, found: Option<&GeoFragment>) {
    alert.country = found.and_then(|fragment| fragment.country_code);
    alert.marks.add(match found {
        Some(_) => Marks::GEO_FOUND,
        None if ip::is_public(address) => Marks::GEO_MISS,
        None => Marks::GEO_NOT_PUBLIC,
    });
}
