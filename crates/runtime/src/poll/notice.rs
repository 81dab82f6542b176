//! Notices what the rule cannot mend: pages that are full and get nowhere, or leave a gap.

use std::collections::VecDeque;

use cresset_model::Timestamp;
use cresset_model::source::{Round, Warning, WarningKind};
use tracing::{info, warn};

use super::course::Course;
use super::memory::Memory;
use super::page::{PageEnd, Paging};
use super::runner::Poll;
use super::turn::Errand;

/// Smaller pages are never called full: as many records come together by chance.
pub(super) const FULL_PAGE_MIN: u64 = 10;
/// Pages whose size is remembered.
const SIZES_KEPT: usize = 64;
/// Sizes that are a limit rather than chance, at first sight.
const CUSTOMARY: [u64; 16] = [
    50, 100, 128, 200, 250, 256, 300, 500, 512, 1_000, 1_024, 2_000, 2_048, 5_000, 10_000, 100_000,
];

/// How large the latest pages were.
#[derive(Debug, Default)]
pub(super) struct PageSizes(VecDeque<(u64, Option<Timestamp>)>);

impl PageSizes {
    /// Takes a page of so many records in, and says whether it is as large as the pages of this upstream
    /// get: none of the latest was larger, and another one, which ended elsewhere, was as large; or its
    /// size is one at which upstreams customarily cut.
    pub(super) fn is_full(&mut self, size: u64, newest: Option<Timestamp>) -> bool {
        let is_largest = self.0.iter().all(|(other, _)| *other <= size);
        let is_usual = CUSTOMARY.contains(&size)
            || self
                .0
                .iter()
                .any(|known| known.0 == size && known.1 != newest);
        if self.0.len() >= SIZES_KEPT {
            self.0.pop_front();
        }
        self.0.push_back((size, newest));
        size >= FULL_PAGE_MIN && is_largest && is_usual
    }
}

impl Poll {
    /// Notices what is wrong with a page that was taken in whole, and says so at once. Where pages name
    /// the next one nothing can be wrong with their size; and a sweep is no measure of the polls.
    pub(super) fn notice(&self, course: &Course, taken: &PageEnd, memory: &mut Memory) {
        if self.config.paging != Paging::Since
            || course.errand == Errand::Sweep
            || taken.is_unchanged
        {
            return;
        }
        let newest = taken.total.instants.newest;
        if !memory.sizes.is_full(taken.total.counts.read, newest) {
            return;
        }
        let address = self.ports.upstream.address();
        let Some(warning) = warning(&course.round, taken, &address) else {
            return;
        };
        let is_said = |warnings: &[Warning]| warnings.iter().any(|it| it.kind == warning.kind);
        if !is_said(&memory.warnings) {
            memory.warnings.push(warning.clone());
        }
        let mut live = self.cell.lock();
        if !is_said(&live.warnings) {
            warn!(source.name = %self.cell.id(), warning = warning.kind.as_str(), detail = warning.detail, "source warning");
            live.warnings.push(warning);
        }
    }

    /// A round has ended: what it did not notice any more is over.
    pub(super) fn settle_warnings(&self, memory: &mut Memory) {
        let noticed = std::mem::take(&mut memory.warnings);
        let mut live = self.cell.lock();
        for former in &live.warnings {
            if !noticed.iter().any(|warning| warning.kind == former.kind) {
                info!(source.name = %self.cell.id(), warning = former.kind.as_str(), "source warning is over");
            }
        }
        live.warnings = noticed;
    }
}

/// What is wrong with a full page, if anything.
fn warning(round: &Round, taken: &PageEnd, address: &str) -> Option<Warning> {
    let size = taken.total.counts.read;
    let order = taken.total.order?;
    if order.is_falling() && order.last > round.since {
        return Some(Warning {
            kind: WarningKind::GapSuspected,
            detail: format!(
                "a full page of {size} records from {address} begins with the newest and ends at {}, but \
                 was asked for from {}: what lies between may never come. Set `paging: link` or \
                 `paging: cursor` if the upstream names further pages, let it give the oldest first or \
                 larger pages, or shorten `interval`",
                order.last, round.since
            ),
        });
    }
    let (Some(instant), None) = (
        taken.total.instants.newest,
        taken.total.instants.second_newest,
    ) else {
        return None;
    };
    Some(Warning {
        kind: WarningKind::SaturatedInstant,
        detail: format!(
            "all records of a full page of {size} from {address} bear the instant {instant}: more that \
             share it cannot be reached by time. Set `paging: link` or `paging: cursor` if the upstream \
             names further pages, or let it give larger ones"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pages: &[(u64, i64, bool)]) {
        let mut sizes = PageSizes::default();
        for (at, (size, newest, expected)) in pages.iter().enumerate() {
            let newest = Some(Timestamp::from_nanos(*newest));
            assert_eq!(
                sizes.is_full(*size, newest),
                *expected,
                "page {at}: {pages:?}"
            );
        }
    }

    #[test]
    fn a_page_is_full_when_another_was_as_large_and_none_larger() {
        check(&[(20, 1, false), (20, 1, false), (20, 2, true)]);
        check(&[(20, 1, false), (21, 2, false), (20, 3, false)]);
        check(&[(21, 1, false), (20, 2, false), (21, 3, true)]);
    }

    #[test]
    fn small_pages_are_never_full_and_customary_sizes_at_once() {
        check(&[(9, 1, false), (9, 2, false), (9, 3, false)]);
        check(&[(10, 1, false), (10, 2, true)]);
        check(&[
            (50, 1, true),
            (49, 2, false),
            (100, 3, true),
            (50, 4, false),
        ]);
    }

    #[test]
    fn a_limit_that_was_lowered_is_found_again() {
        let mut pages = vec![(100, 0, true)];
        pages.extend((1..64).map(|at| (40, at, false)));
        pages.push((40, 64, false));
        pages.push((40, 65, true));
        check(&pages);
    }
}
