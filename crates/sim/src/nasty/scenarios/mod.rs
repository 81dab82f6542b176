//! The scenarios, one file for each family. Each is data; nothing here sends or waits.

pub(super) mod answers;
pub(super) mod arrivals;
pub(super) mod cuts;
pub(super) mod drift;
pub(super) mod edges;
pub(super) mod failing;
pub(super) mod gzip;
pub(super) mod hostile_json;
pub(super) mod huge;
pub(super) mod injection;
pub(super) mod paging;
pub(super) mod protocol;
pub(super) mod redirects;
pub(super) mod slow;
pub(super) mod stamps;
