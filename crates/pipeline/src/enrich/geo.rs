//! The country of an address, by default of the one acted upon.

use cresset_model::outcome::AlertDraft;
use cresset_model::query::AddressField;
use cresset_model::tables::GeoTable;

/// Looks the country of an address up. Private and reserved addresses have none.
pub(crate) fn add_country(table: &GeoTable, of: AddressField, alert: &mut AlertDraft) {
    let (country, mark) = table.country(super::address(alert, of));
    alert.country = country;
    alert.marks.add(mark);
}
