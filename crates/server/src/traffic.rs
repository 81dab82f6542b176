//! Counts the answered requests by route and status.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The route of requests that no route answers, so that the number of labels stays bounded.
pub(crate) const UNMATCHED: &str = "unmatched";

/// A method, a route pattern and a status.
pub(crate) type Label = (&'static str, String, u16);

/// Requests answered since the process started.
#[derive(Default)]
pub(crate) struct Traffic {
    counts: Mutex<BTreeMap<Label, u64>>,
}

impl Traffic {
    /// Counts one answer. `route` is a pattern such as `/api/v1/alerts/{id}`, never a path.
    pub(crate) fn count(&self, method: &str, route: &str, status: u16) {
        let label = (known_method(method), route.to_owned(), status);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(label).or_default() += 1;
    }

    /// All counts, in the order of their labels.
    pub(crate) fn snapshot(&self) -> Vec<(Label, u64)> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .map(|(label, count)| (label.clone(), *count))
            .collect()
    }
}

fn known_method(method: &str) -> &'static str {
    ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}
