use cresset_model::SourceId;
use cresset_model::ports::Waiting;

use super::super::fixture::{NOW, polled, seconds, vitals};
use super::*;

const ALL_WELL: Option<Level> = None;
const YELLOW: Option<Level> = Some(Level::Yellow);
const RED: Option<Level> = Some(Level::Red);

fn limits() -> WatchLimits {
    WatchLimits::default()
}

fn well() -> Facts {
    Facts {
        sources: vec![(polled("a"), Duration::ZERO)],
        store: Ok(vitals()),
        cursors: Vec::new(),
        refused: None,
    }
}

/// Checks that exactly one watchdog says exactly this, or none.
fn check(facts: &Facts, limits: &WatchLimits, expected: Option<(Watchdog, &str, Level)>) {
    let findings = judge(facts, NOW, limits);
    let found: Vec<_> = findings
        .iter()
        .map(|it| (it.watchdog, it.about.as_str(), it.level))
        .collect();
    assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
    for finding in findings {
        assert_eq!(finding.remedy, finding.watchdog.remedy());
        assert!(!finding.what.is_empty());
    }
}

#[test]
fn nothing_is_found_where_all_is_well() {
    check(&well(), &limits(), None);
}

/// To break it: compare with `>` instead of `>=`, or forget one of the two bounds.
#[test]
fn a_source_without_progress_is_yellow_at_its_limit_and_red_at_twice() {
    // A minute between polls: five minutes are the limit. Thirty: three intervals are.
    for (interval, quiet, expected) in [
        (1, 299, ALL_WELL),
        (1, 300, YELLOW),
        (1, 599, YELLOW),
        (1, 600, RED),
        (30, 5_399, ALL_WELL),
        (30, 5_400, YELLOW),
        (30, 10_799, YELLOW),
        (30, 10_800, RED),
        (0, 300, YELLOW),
        (10_080, 3 * 604_800 - 1, ALL_WELL),
        (10_080, 6 * 604_800, RED),
    ] {
        let mut source = polled("a");
        source.interval_minutes = interval;
        let mut facts = well();
        facts.sources = vec![(polled("well"), seconds(299)), (source, seconds(quiet))];
        check(
            &facts,
            &limits(),
            expected.map(|level| (Watchdog::Source, "a", level)),
        );
    }
}

#[test]
fn what_a_source_says_of_its_failure_is_told_with_its_begin() {
    let mut facts = well();
    facts.sources[0].1 = seconds(700);
    facts.sources[0].0.last_error = Some("HTTP 503".to_owned());
    let findings = judge(&facts, NOW, &limits());
    assert_eq!(findings[0].what, "nothing was read with success: HTTP 503");
    assert_eq!(findings[0].since, Some(NOW.minus(seconds(700))));
    facts.sources[0].0.paused = true;
    check(&facts, &limits(), None);
}

#[test]
fn a_source_whose_records_cannot_be_stored_is_red_at_once() {
    let mut facts = well();
    facts.sources[0].0.status = SyncStatus::SystemFailure;
    check(&facts, &limits(), Some((Watchdog::Store, "a", Level::Red)));
}

#[test]
fn a_store_that_does_not_answer_is_red_at_once() {
    let mut facts = well();
    facts.store = Err(seconds(0));
    check(
        &facts,
        &limits(),
        Some((Watchdog::Store, "store", Level::Red)),
    );
}

#[test]
fn a_cursor_that_stands_still_is_yellow_at_its_limit_and_red_at_twice() {
    for (lasts, expected) in [
        (0, ALL_WELL),
        (59, ALL_WELL),
        (60, YELLOW),
        (119, YELLOW),
        (120, RED),
    ] {
        let mut facts = well();
        let standing = Standing {
            name: "router".to_owned(),
            behind: 7,
        };
        facts.cursors = vec![(standing, seconds(lasts))];
        check(
            &facts,
            &limits(),
            expected.map(|level| (Watchdog::Cursor, "router", level)),
        );
    }
}

#[test]
fn an_outbox_that_ages_is_yellow_at_its_limit_and_red_at_twice() {
    for (age, expected) in [
        (899, ALL_WELL),
        (900, YELLOW),
        (1_799, YELLOW),
        (1_800, RED),
    ] {
        let mut vitals = vitals();
        let waiting = |receiver: &str, age| Waiting {
            receiver: receiver.to_owned(),
            rows: 2,
            oldest: NOW.minus(seconds(age)),
            error: Some("HTTP 500".to_owned()),
        };
        vitals.waiting = vec![waiting("well/0", 10), waiting("soc/0", age)];
        let facts = Facts {
            store: Ok(vitals),
            ..well()
        };
        check(
            &facts,
            &limits(),
            expected.map(|level| (Watchdog::Outbox, "soc/0", level)),
        );
    }
}

#[test]
fn a_disk_without_room_is_yellow_below_its_limit_and_red_below_half() {
    let limit = limits().disk_bytes;
    for (free, expected) in [
        (None, ALL_WELL),
        (Some(limit), ALL_WELL),
        (Some(limit - 1), YELLOW),
        (Some(limit / 2), YELLOW),
        (Some(limit / 2 - 1), RED),
        (Some(0), RED),
    ] {
        let mut vitals = vitals();
        vitals.free_bytes = free;
        let facts = Facts {
            store: Ok(vitals),
            ..well()
        };
        check(
            &facts,
            &limits(),
            expected.map(|level| (Watchdog::Disk, "store", level)),
        );
    }
}

#[test]
fn dropped_dead_letters_are_told_of_for_a_while() {
    for (ago, expected) in [(0, YELLOW), (3_599, YELLOW), (3_600, ALL_WELL)] {
        let mut vitals = vitals();
        vitals.dead_letters.dropped = vec![(SourceId::new("a"), 3), (SourceId::new("b"), 4)];
        vitals.dead_letters.dropped_at = Some(NOW.minus(seconds(ago)));
        let facts = Facts {
            store: Ok(vitals),
            ..well()
        };
        let expected = expected.map(|level| (Watchdog::DeadLetters, "store", level));
        check(&facts, &limits(), expected);
        for finding in judge(&facts, NOW, &limits()) {
            assert_eq!(
                finding.what,
                "the oldest dead letters were dropped to keep 256 MiB: 7 records are gone since the \
                 store was made"
            );
        }
    }
}

#[test]
fn a_refused_configuration_is_yellow_however_long_it_lasts() {
    let mut facts = well();
    facts.refused = Some((NOW.minus(seconds(1_000_000)), "a fault".to_owned()));
    check(
        &facts,
        &limits(),
        Some((Watchdog::Configuration, "file", Level::Yellow)),
    );
}

#[test]
fn the_worst_comes_first() {
    let mut facts = well();
    facts.sources = vec![(polled("a"), seconds(300)), (polled("b"), seconds(600))];
    facts.refused = Some((NOW, "a fault".to_owned()));
    let found: Vec<String> = judge(&facts, NOW, &limits())
        .into_iter()
        .map(|it| it.about)
        .collect();
    assert_eq!(found, ["b", "a", "file"]);
}
