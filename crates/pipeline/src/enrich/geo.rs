//! The country of an address, by default of the one acted upon.

use cresset_model::outcome::AlertDraft;
use cresset_model::query::AddressField;
use cresset_model::tables::GeoTable;

/// Looks the country of an address up. Private and reserved addresses have none; a record that names no
/// address is left as it is.
pub(crate) fn add_country(table: &GeoTable, of: AddressField, alert: &mut AlertDraft) {
    if let Some(address) = super::address(alert.src_ip, alert.dst_ip, of) {
        let (country, mark) = table.country(address);
        alert.country = country;
        alert.marks.add(mark);
    }
}
