//! Which address of an event an enrichment looks up.

use std::net::IpAddr;

use cresset_model::query::AddressField;

/// The value of the field, if the record names one.
pub(crate) fn address(src_ip: IpAddr, dst_ip: Option<IpAddr>, of: AddressField) -> Option<IpAddr> {
    match of {
        AddressField::SrcIp => Some(src_ip),
        AddressField::DstIp => dst_ip,
    }
}
