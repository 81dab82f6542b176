//! What a detection sees of an event.

use std::net::IpAddr;

use cresset_model::Severity;
use cresset_model::text::Text;

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// How bad it claims to be.
    pub severity: Severity,
    /// The severity as received.
    pub severity_text: Text,
    /// The address that acted.
    pub src_ip: Observable,
    /// The address that was acted upon.
    pub dst_ip: Option<Observable>,
}

/// An address of an event, with the text it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observable {
    /// The address.
    pub address: IpAddr,
    /// The address as received.
    pub text: Text,
}
