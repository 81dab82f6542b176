//! Place names and coordinates of an address, as members to splice into a record.

use std::net::IpAddr;

use cresset_model::city::PlacesScratch;
use cresset_model::ip;
use cresset_model::outcome::AlertDraft;
use cresset_model::ports::{Answers, GeoAnswer};
use cresset_model::provenance::Marks;
use cresset_model::tables::{Place, Tables};

/// Where addresses lie, in their order: what the remote service answered, else what the table in memory
/// says.
pub(crate) fn places<'a>(
    (tables, answers): (&'a Tables, &'a Answers),
    addresses: impl Iterator<Item = Option<IpAddr>> + Clone,
    scratch: &mut PlacesScratch,
) -> Vec<Option<Place<'a>>> {
    let mut places = match &tables.city {
        Some(table) => table.places(addresses.clone(), scratch),
        None => addresses.clone().map(|_| None).collect(),
    };
    if !answers.geo.is_empty() {
        for (place, address) in places.iter_mut().zip(addresses) {
            let answer = address.and_then(|address| answers.geo.get(&address));
            if let Some(GeoAnswer::Known(fragment)) = answer {
                *place = Some(fragment.place());
            }
        }
    }
    places
}

/// Notes the country and how it was found, for pipelines without a table of countries.
pub(crate) fn add_country(alert: &mut AlertDraft, address: IpAddr, found: Option<Place<'_>>) {
    alert.country = found.and_then(|place| place.country_code);
    alert.marks.add(match found {
        Some(_) => Marks::GEO_FOUND,
        None if ip::is_public(address) => Marks::GEO_MISS,
        None => Marks::GEO_NOT_PUBLIC,
    });
}
