//! The account of one push: every record, by what became of it.

use cresset_model::batch::Reason;
use cresset_model::outcome::Outcome;
use cresset_model::ports::{PushReceipt, Receipt, RecordFaultAt, Upsert};

/// Records that an answer names; of further ones only the number is told.
pub(super) const FAULTS_LISTED_MAX: usize = 100;

/// What a batch leaves behind for the account while its outcome is on its way.
pub(super) struct Named {
    /// The dead letters, by their index in the push.
    faults: Vec<RecordFaultAt>,
    /// The index in the push of each alert.
    alerts: Vec<u64>,
}

impl Named {
    /// Of an outcome whose first record has this index in the push.
    pub(super) fn of(outcome: &Outcome, base: u64) -> Self {
        let index = |record: u32| base + u64::from(record);
        let fault = |rejected: &cresset_model::outcome::Rejected| RecordFaultAt {
            index: index(rejected.record),
            reason: rejected.reason,
            detail: rejected.detail.clone(),
        };
        let rejected = outcome.rejected.iter().take(FAULTS_LISTED_MAX);
        Self {
            faults: rejected.map(fault).collect(),
            alerts: outcome
                .alerts
                .iter()
                .map(|alert| index(alert.record))
                .collect(),
        }
    }

    /// Adds the batch to the account.
    pub(super) fn enter(self, receipt: &Receipt, account: &mut PushReceipt) {
        account.counts.add(&receipt.counts);
        let mut faults = self.faults;
        for (index, upsert) in self.alerts.iter().zip(&receipt.upserts) {
            if *upsert == Upsert::Dead {
                faults.push(RecordFaultAt {
                    index: *index,
                    reason: Reason::StoreRefused,
                    detail: "the store refuses the row".to_owned(),
                });
            }
        }
        faults.sort_by_key(|fault| fault.index);
        let room = FAULTS_LISTED_MAX.saturating_sub(account.faults.len());
        account.faults.extend(faults.into_iter().take(room));
    }
}
