//! Numbers over alerts: what facets, charts, tiles and suggestions are made of.

use super::{BoxFuture, PortError};
use crate::AlertId;
use crate::alert::AlertRow;
use crate::query::{
    Buckets, Facet, FacetField, Filter, Histogram, Ranking, Summary, TimeField, Window,
};

/// Counts over all stored alerts. Exact while the live index answers and decides the filter; otherwise
/// counted over the newest alerts only, and then each answer says that it is a lower bound.
pub trait Explore: Send + Sync {
    /// The values of some fields with their counts, one answer for each field in their order. At most
    /// `top` values of each, and at most [`FACET_VALUES_MAX`]; named ones always.
    fn facets(
        &self,
        filter: Filter,
        fields: Vec<FacetField>,
        top: usize,
    ) -> BoxFuture<'_, Result<Vec<Facet>, PortError>>;

    /// The most frequent values of a field under all terms, split by severity.
    fn ranking(
        &self,
        filter: Filter,
        field: FacetField,
        top: usize,
    ) -> BoxFuture<'_, Result<Ranking, PortError>>;

    /// Counts by time and severity.
    fn histogram(
        &self,
        filter: Filter,
        field: TimeField,
        buckets: Buckets,
    ) -> BoxFuture<'_, Result<Histogram, PortError>>;

    /// Counts of a window in so many equal parts, and of the window before it.
    fn summary(
        &self,
        filter: Filter,
        window: Window,
        parts: usize,
    ) -> BoxFuture<'_, Result<Summary, PortError>>;

    /// Other alerts that share destination, source address or user with this one; `None` if there is no
    /// such alert. `newest` of each are shown.
    fn related(
        &self,
        id: AlertId,
        newest: usize,
    ) -> BoxFuture<'_, Result<Option<Vec<Related>>, PortError>>;

    /// The most frequent values of a field that contain a text in any case, with their counts.
    fn values(
        &self,
        field: FacetField,
        part: String,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(String, u64)>, PortError>>;
}

/// Alerts that share a value with another one, that one left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The field: [`FacetField::DstIp`], [`FacetField::SrcIp`] or [`FacetField::User`].
    pub field: FacetField,
    /// The value.
    pub value: String,
    /// How many there are.
    pub total: super::Total,
    /// The newest arrivals of them.
    pub newest: Vec<AlertRow>,
}

/// Values of one facet or ranking.
pub const FACET_VALUES_MAX: usize = 1_000;
