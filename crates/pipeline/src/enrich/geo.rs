//! The country of the address acted upon.

use cresset_model::outcome::AlertDraft;
use cresset_model::tables::GeoTable;

/// The field that is looked up.
pub(crate) const OF: &str = "dst_ip";

/// Looks the country of `dst_ip` up. Private and reserved addresses have none.
pub(crate) fn add_country(table: &GeoTable, alert: &mut AlertDraft) {
    let (country, mark) = table.country(alert.dst_ip);
    alert.country = country;
    alert.marks.add(mark);
}
