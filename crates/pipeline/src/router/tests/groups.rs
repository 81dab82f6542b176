use std::collections::BTreeMap;

use cresset_model::notification::{GroupRow, NOTIFICATION_ALERTS_MAX};
use proptest::prelude::*;

use super::*;
use crate::router::{FLUSHES_MAX, GROUPS_MAX, RouterLimits};

fn by_country() -> Router {
    router(grouped("night", &[Label::Country]))
}

#[test]
fn a_group_waits_and_then_tells_of_all_at_once() {
    let router = by_country();
    let mut state = memory();
    let all: Vec<_> = (1..=3).map(|n| row(n, Severity::High)).collect();
    let step = advance(&router, &mut state, &all[..2], at(0));
    assert!(step.intents.is_empty());
    assert_eq!(step.next_wake, Some(at(30)));
    let step = advance(&router, &mut state, &all, at(20));
    assert_eq!(
        step.next_wake,
        Some(at(30)),
        "a later alert does not put it off"
    );
    assert!(
        advance(&router, &mut state, &all, at(29))
            .intents
            .is_empty()
    );

    let step = advance(&router, &mut state, &all, at(30));
    assert_eq!(told(&step.intents), [("night/0".to_owned(), vec![1, 2, 3])]);
    let intent = &step.intents[0];
    assert_eq!(intent.group, r#"night@0{country="DE"}"#);
    assert_eq!((intent.episode, intent.ordinal), (1, 1));
    assert_eq!(intent.subject, "3 alerts: country=DE");
}

#[test]
fn further_alerts_wait_for_the_interval() {
    let router = by_country();
    let mut state = memory();
    let all: Vec<_> = (1..=3).map(|n| row(n, Severity::High)).collect();
    advance(&router, &mut state, &all[..1], at(0));
    advance(&router, &mut state, &all[..1], at(30));
    let step = advance(&router, &mut state, &all[..2], at(40));
    assert_eq!(step.next_wake, Some(at(330)));
    let step = advance(&router, &mut state, &all, at(330));
    assert_eq!(
        told(&step.intents),
        [("night/0".to_owned(), vec![2])],
        "3 came with the step"
    );
    assert_eq!((step.intents[0].episode, step.intents[0].ordinal), (1, 2));
    // Long after the last one, an alert waits for company again.
    assert_eq!(step.next_wake, Some(at(630)));
    advance(&router, &mut state, &all, at(630));
    let late = [row(4, Severity::High)];
    let step = advance(&router, &mut state, &late, at(5_000));
    assert_eq!(step.next_wake, Some(at(5_030)));
}

#[test]
fn a_group_that_was_silent_for_a_day_begins_a_new_life() {
    let router = by_country();
    let mut state = memory();
    let all = [row(1, Severity::High), row(2, Severity::High)];
    advance(&router, &mut state, &all[..1], at(0));
    advance(&router, &mut state, &all[..1], at(30));
    let day = 30 + 86_400;
    let step = advance(&router, &mut state, &all[..1], at(day - 1));
    assert_eq!((step.ended.len(), step.next_wake), (0, Some(at(day))));

    let mut asleep = state.clone();
    let step = advance(&router, &mut state, &all[..1], at(day));
    assert_eq!(step.ended, [r#"night@0{country="DE"}"#]);
    assert_eq!((state.groups().count(), step.next_wake), (0, None));

    // The alert may come with the very step that ends it, or after.
    for state in [&mut state, &mut asleep] {
        advance(&router, state, &all, at(day));
        let step = advance(&router, state, &all, at(day + 30));
        let intent = &step.intents[0];
        assert_eq!(
            (intent.episode, intent.ordinal),
            (2, 1),
            "the position of its first alert"
        );
    }
    assert_eq!(state, asleep);
}

#[test]
fn alerts_with_other_labels_are_in_another_group() {
    let router = router(grouped(
        "night",
        &[Label::Country, Label::Severity, Label::Rule],
    ));
    let mut state = memory();
    let all = [
        row(1, Severity::High),
        row(2, Severity::Low),
        with(row(3, Severity::High), |alert| alert.country = None),
    ];
    advance(&router, &mut state, &all, at(0));
    let step = advance(&router, &mut state, &all, at(30));
    let groups: Vec<&str> = step
        .intents
        .iter()
        .map(|intent| intent.group.as_str())
        .collect();
    assert_eq!(
        groups,
        [
            r#"night@0{country="",severity="high",rule="threat.severity"}"#,
            r#"night@0{country="DE",severity="high",rule="threat.severity"}"#,
            r#"night@0{country="DE",severity="low",rule="threat.severity"}"#,
        ]
    );
}

#[test]
fn without_labels_all_alerts_of_the_route_are_one_group() {
    let router = router(grouped("night", &[]));
    let mut state = memory();
    let all = [row(1, Severity::High), row(2, Severity::Low)];
    advance(&router, &mut state, &all, at(0));
    let step = advance(&router, &mut state, &all, at(30));
    assert_eq!(told(&step.intents), [("night/0".to_owned(), vec![1, 2])]);
    assert_eq!(step.intents[0].subject, "2 alerts");
}

#[test]
fn alerts_that_were_only_counted_are_told_of_when_all_others_are_gone() {
    let router = by_country();
    let limit = NOTIFICATION_ALERTS_MAX as u64;
    for (count, told) in [(limit, None), (limit + 2, Some("2 alerts"))] {
        let mut state = memory();
        let all: Vec<_> = (1..=count).map(|n| row(n, Severity::High)).collect();
        advance(&router, &mut state, &all, at(0));
        // Retention has deleted them all meanwhile.
        let step = router.step(&state, &all, &[], at(30));
        let subjects = step.intents.iter().map(|intent| intent.subject.as_str());
        assert_eq!(subjects.collect::<Vec<_>>(), Vec::from_iter(told));
    }
}

#[test]
fn of_many_alerts_only_the_number_is_told() {
    for limit in [1, NOTIFICATION_ALERTS_MAX, 250] {
        let router = by_country().with_limits(RouterLimits {
            alerts_max: limit,
            ..RouterLimits::default()
        });
        let most = limit as u64;
        for (count, more) in [(most, 0), (most + 1, 1), (most * 10, most * 9)] {
            let mut state = memory();
            let all: Vec<_> = (1..=count).map(|n| row(n, Severity::High)).collect();
            advance(&router, &mut state, &all, at(0));
            assert_eq!(router.needs(&state, at(30)).len(), limit);
            let step = advance(&router, &mut state, &all, at(30));
            let intent = &step.intents[0];
            assert_eq!(intent.alerts.len(), limit);
            if count > 1 {
                assert_eq!(intent.subject, format!("{count} alerts: country=DE"));
            }
            let body: serde_json::Value = serde_json::from_slice(&intent.body).unwrap();
            assert_eq!(body["more"], more);
        }
    }
}

#[test]
fn what_retention_took_meanwhile_is_left_out() {
    let router = by_country();
    let mut state = memory();
    let all = [row(1, Severity::High), row(2, Severity::High)];
    advance(&router, &mut state, &all, at(0));
    let mut gone = state.clone();
    let step = router.step(&state, &[], &all[1..], at(30));
    assert_eq!(told(&step.intents), [("night/0".to_owned(), vec![2])]);
    state.apply(&step);

    let step = router.step(&gone, &[], &[], at(30));
    assert!(step.intents.is_empty(), "there is nothing to tell");
    gone.apply(&step);
    assert_eq!(gone.groups().next().unwrap().ordinal, 0);
}

#[test]
fn many_groups_that_are_due_together_are_told_in_several_steps() {
    let router = router(grouped("night", &[Label::SrcIp]));
    let mut state = memory();
    let all: Vec<_> = (1..=10)
        .map(|n| {
            with(row(n, Severity::High), |alert| {
                alert.src_ip = format!("203.0.113.{n}").parse().unwrap();
            })
        })
        .collect();
    advance(&router, &mut state, &all, at(0));
    let mut steps = Vec::new();
    loop {
        let step = advance(&router, &mut state, &all, at(60));
        if step.intents.is_empty() {
            break;
        }
        assert!(
            steps.len() >= 2 || step.next_wake <= Some(at(60)),
            "the rest is due at once"
        );
        steps.push(step.intents.len());
    }
    assert_eq!(steps, [FLUSHES_MAX, FLUSHES_MAX, 2]);
}

#[test]
fn as_many_groups_as_the_limit_are_alone_and_further_alerts_share_one() {
    let most = 10;
    let router = router(grouped("night", &[Label::SrcIp])).with_limits(RouterLimits {
        groups_max: most,
        ..RouterLimits::default()
    });
    for (senders, groups) in [(most, most), (most + 1, most + 1), (most * 10, most + 1)] {
        let mut state = memory();
        let all: Vec<_> = (1..=senders)
            .map(|n| {
                with(row(n as u64, Severity::High), |alert| {
                    alert.src_ip = format!("203.0.113.{n}").parse().unwrap();
                })
            })
            .collect();
        advance(&router, &mut state, &all, at(10));
        assert_eq!(state.groups().count(), groups, "{senders} senders");
    }
}

#[test]
fn beyond_the_limit_of_groups_alerts_share_one() {
    let groups = (0..GROUPS_MAX - 1).map(|n| GroupRow {
        key: format!("night@0{{src_ip=\"{n}\"}}"),
        episode: 1,
        ordinal: 1,
        waiting: Vec::new(),
        more: 0,
        due: None,
        notified: Some(at(0)),
    });
    let mut state = State::new(RouterMemory {
        fence: 1,
        cursor: 0,
        groups: groups.collect(),
    });
    let router = router(grouped("night", &[Label::SrcIp]));
    let all: Vec<_> = (1..=3)
        .map(|n| {
            with(row(n, Severity::High), |alert| {
                alert.src_ip = format!("203.0.113.{n}").parse().unwrap();
            })
        })
        .collect();
    advance(&router, &mut state, &all, at(10));
    assert_eq!(
        state.groups().count(),
        GROUPS_MAX + 1,
        "the last own one and the shared one"
    );
    let step = advance(&router, &mut state, &all, at(40));
    let told: BTreeMap<&str, usize> = step
        .intents
        .iter()
        .map(|intent| (intent.group.as_str(), intent.alerts.len()))
        .collect();
    let expected = [(r#"night@0{src_ip="203.0.113.1"}"#, 1), ("night@0{*}", 2)];
    assert_eq!(told, expected.into());
}

#[test]
fn a_group_of_a_receiver_that_is_gone_is_told_to_the_root() {
    let mut state = memory();
    let all = [row(1, Severity::High)];
    let mut tree = RouteTree::to("mail");
    tree.routes = vec![grouped("night", &[Label::Country])];
    advance(&router(tree), &mut state, &all, at(0));
    let only_mail = [("mail".to_owned(), 1)].into();
    let changed = Router::new(RouteTree::to("mail"), only_mail).unwrap();
    let step = advance(&changed, &mut state, &all, at(30));
    assert_eq!(told(&step.intents), [("mail/0".to_owned(), vec![1])]);
}

#[test]
fn the_state_reads_back_from_what_was_stored() {
    let router = by_country();
    let mut state = memory();
    let mut stored: BTreeMap<String, GroupRow> = BTreeMap::new();
    let all: Vec<_> = (1..=4).map(|n| row(n, Severity::High)).collect();
    for (count, now) in [(1, 0), (2, 40), (3, 400), (4, 90_000), (4, 200_000)] {
        let step = advance(&router, &mut state, &all[..count], at(now));
        stored.retain(|key, _| !step.ended.contains(key));
        stored.extend(
            step.groups
                .iter()
                .map(|group| (group.key.clone(), group.clone())),
        );
        let read = State::new(RouterMemory {
            fence: 1,
            cursor: step.cursor,
            groups: stored.values().cloned().collect(),
        });
        assert_eq!(read, state);
    }
}

proptest! {
    #[test]
    fn every_alert_of_a_group_is_told_exactly_once_and_in_order(
        moments in prop::collection::vec((0..200_u64, 0..4_u64, 0..3_usize), 1..30),
    ) {
        let router = router(grouped("night", &[Label::Country]));
        let countries = [Some("DE".to_owned()), Some("FR".to_owned()), None];
        let (mut state, mut all, mut now) = (memory(), Vec::new(), 0);
        let mut seen: BTreeMap<String, Vec<(u64, u64, Vec<u128>)>> = BTreeMap::new();
        let mut note = |step: &Step| {
            for intent in &step.intents {
                let alerts = intent.alerts.iter().map(|alert| alert.0).collect();
                let told = (intent.episode, intent.ordinal, alerts);
                seen.entry(intent.group.clone()).or_default().push(told);
            }
        };
        for (wait, count, country) in moments {
            now += wait;
            for _ in 0..count {
                let position = all.len() as u64 + 1;
                let country = countries[country].clone();
                all.push(with(row(position, Severity::High), |alert| alert.country = country));
            }
            note(&advance(&router, &mut state, &all, at(now)));
        }
        for _ in 0..5 {
            now += 400;
            note(&advance(&router, &mut state, &all, at(now)));
        }
        let mut told: Vec<u128> = Vec::new();
        for notifications in seen.into_values() {
            let ordinals: Vec<u64> = notifications.iter().map(|told| told.1).collect();
            prop_assert_eq!(ordinals, (1..=notifications.len() as u64).collect::<Vec<_>>());
            let alerts: Vec<u128> = notifications.into_iter().flat_map(|told| told.2).collect();
            prop_assert!(alerts.is_sorted());
            told.extend(alerts);
        }
        told.sort_unstable();
        prop_assert_eq!(told, (1..=all.len() as u128).collect::<Vec<_>>());
    }
}
