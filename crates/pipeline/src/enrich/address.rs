//! Which address of an alert an enrichment looks up.

use std::net::IpAddr;

use cresset_model::outcome::AlertDraft;
use cresset_model::query::AddressField;

/// The value of the field, if the record names one.
pub(crate) fn address(alert: &AlertDraft, of: AddressField) -> Option<IpAddr> {
    match of {
        AddressField::SrcIp => Some(alert.src_ip),
        AddressField::DstIp => alert.dst_ip,
    }
}
