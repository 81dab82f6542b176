//! Which address of an alert an enrichment looks up.

use std::net::IpAddr;

use cresset_model::outcome::AlertDraft;
use cresset_model::query::AddressField;

/// The value of the field.
pub(super) fn address(alert: &AlertDraft, of: AddressField) -> IpAddr {
    match of {
        AddressField::SrcIp => alert.src_ip,
        AddressField::DstIp => alert.dst_ip,
    }
}
