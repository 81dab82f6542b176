//! Enrichment by a remote service.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::BoxFuture;
use crate::tables::GeoFragment;

/// Answers look-ups that no table in memory can. Caches; never fails: what it cannot answer in time is
/// [`GeoAnswer::Unknown`] and the table in memory, if there is one, stands in.
pub trait Lookup: Send + Sync {
    /// Answers for each distinct address. Private and reserved addresses are not sent anywhere.
    fn answer(&self, addresses: Vec<IpAddr>) -> BoxFuture<'_, Answers>;
}

/// The answers to the look-ups of one batch.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// By address; only ever looked up, never walked.
    pub geo: HashMap<IpAddr, GeoAnswer>,
}

/// What a remote geography says of an address.
#[derive(Debug, Clone)]
pub enum GeoAnswer {
    /// It knows the address.
    Known(Arc<GeoFragment>),
    /// It does not, or did not answer.
    Unknown,
}
