//! What every store must do, as tests over the ports alone. A store calls [`store_contract!`] with a
//! function that opens a fresh one.

pub(crate) mod batches;
pub(crate) mod books;
pub(crate) mod counts;
pub(crate) mod dead_letters;
pub(crate) mod deliveries;
pub(crate) mod intake;
pub(crate) mod order;
pub(crate) mod queries;
pub(crate) mod retention;
pub(crate) mod routing;
pub(crate) mod state;

use std::sync::Arc;

use cresset_model::ports::{Explore, Outbox, Query, Store};

pub(crate) use batches::{Batch, T0, at, letter, record};

/// A fresh, empty store; what else it needs stays alive with it.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) query: Arc<dyn Query>,
    pub(crate) explore: Arc<dyn Explore>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) _keep: Box<dyn Send + Sync>,
}

/// Makes a test of each part of the contract for a store that the function opens.
macro_rules! store_contract {
    ($open:path) => {
        crate::stores::contract::store_contract! { $open;
            a_new_alert_can_be_read_back_whole = queries::read_back,
            pages_go_from_the_newest_to_the_oldest = queries::pages,
            what_was_detected_can_be_read_back = queries::detections,
            filters_answer_as_their_definition_says = queries::filters,
            counts_are_what_their_definition_says = counts::counts,
            related_alerts_share_a_value = counts::related,
            the_same_content_changes_nothing = order::same,
            newer_content_replaces_and_keeps_history = order::changed,
            older_content_loses = order::older,
            history_is_bounded = order::bounded_history,
            repeats_within_a_batch_follow_their_places = order::within_a_batch,
            pages_commute_and_repeat = order::commute,
            books_balance_whatever_comes = books::balance,
            a_batch_that_does_not_balance_is_refused = books::unbalanced,
            the_receipt_of_a_commit_can_be_asked_for = books::receipts,
            the_change_log_has_no_gaps_under_concurrency = books::change_log,
            a_poison_record_is_one_row_with_a_count = dead_letters::one_row,
            a_redrive_resolves_or_counts = dead_letters::redrive,
            a_redriven_event_that_is_no_alert_is_resolved = dead_letters::passed,
            dead_letters_are_filtered_and_paged = dead_letters::pages,
            dead_letters_are_chosen_by_time = dead_letters::times,
            dead_letters_are_grouped_by_reason_and_source = dead_letters::groups,
            raw_bytes_of_dead_letters_are_bounded = dead_letters::bounded_raw,
            a_checkpoint_and_state_read_back = state::read_back,
            late_rows_are_counted_once_with_their_commit = state::late,
            attempts_are_bounded = state::attempts,
            a_pause_outlives_other_changes = state::paused,
            settings_can_be_set_and_dropped = state::settings,
            retention_keeps_identities = retention::tombstones,
            retention_of_one_source_spares_the_others = retention::one_source,
            a_sequence_number_is_never_given_twice = retention::numbers,
            the_change_log_survives_retention = retention::change_log,
            the_answer_to_a_push_is_kept_with_its_last_commit = intake::pushes,
            positions_of_files_read_back_and_are_bounded = intake::positions,
            enrichment_misses_are_counted_beside_the_equation = intake::misses,
            only_new_or_changed_rows_are_routed = routing::only_news,
            each_change_is_routed_exactly_once = routing::exactly_once,
            a_step_is_taken_whole_or_not_at_all = routing::whole,
            a_step_of_an_older_router_is_refused = routing::fenced,
            a_step_of_unknown_outcome_can_be_taken_again = routing::taken_again,
            groups_are_remembered_until_they_end = routing::groups,
            retention_spares_what_the_router_has_not_read = routing::retention,
            rows_are_routed_with_their_detections = routing::rows,
            an_intent_is_told_once_under_its_key = deliveries::one_key,
            one_group_and_receiver_is_delivered_in_order = deliveries::order,
            an_expired_lease_is_given_again_under_a_new_fence = deliveries::expiry,
            leases_that_nobody_holds_are_given_back = deliveries::release,
            alarms_are_decided_with_the_end_they_tell_of = deliveries::alarms,
            concurrent_leases_give_each_row_once = deliveries::disjoint,
            a_failed_try_waits_and_a_dead_row_gives_way = deliveries::waits,
            a_retry_makes_rows_due = deliveries::retry,
            deliveries_are_filtered_and_paged = deliveries::pages,
            settled_rows_are_dropped_when_they_are_old = deliveries::swept,
        }
    };
    ($open:path; $($name:ident = $module:ident::$check:ident,)*) => {$(
        #[test]
        fn $name() {
            crate::stores::contract::$module::$check(&$open);
        }
    )*};
}
pub(crate) use store_contract;

/// Runs a future of a test to its end.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("the test runtime starts")
        .block_on(future)
}
