//! Keeps the live index in step with the commits.

use std::path::Path;

use cresset_model::ports::IndexState;
use cresset_model::query::Filter;

use super::books::Books;
use super::writer::Job;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Feed {}

impl Feed {
    pub(super) fn new(_bytes_max: usize) -> Self {
        Self {}
    }

    pub(super) fn fill(&self, _path: &Path) {}

    pub(super) fn stop(&self) {}

    pub(super) fn count(&self, _filter: &Filter) -> Option<u64> {
        None
    }

    pub(super) fn state(&self) -> IndexState {
        IndexState {
            ready: false,
            rows: 0,
            bytes: 0,
        }
    }

    /// Takes what a group has committed into the index, before its callers are answered.
    pub(super) fn committed(&self, _jobs: &[Job], _books: &Books) {}
}
