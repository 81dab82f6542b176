use proptest::prelude::*;

use super::*;
use crate::router::RouteError;

fn receivers_of(tree: RouteTree, row: RoutedRow) -> Vec<String> {
    let router = router(tree);
    let step = router.step(&memory(), &[row], &[], at(0));
    let receivers = step.intents.iter().map(|intent| intent.receiver.clone());
    receivers.collect()
}

fn tree(routes: Vec<RouteTree>) -> RouteTree {
    RouteTree {
        routes,
        ..RouteTree::to("mail")
    }
}

#[test]
fn the_first_route_that_takes_an_alert_wins() {
    let routes = || {
        tree(vec![
            route("soc", &[r#"severity=~"high|critical""#]),
            route("night", &[r#"country="DE""#]),
        ])
    };
    let high = row(1, Severity::High);
    assert_eq!(receivers_of(routes(), high), ["soc/0", "soc/1"]);
    assert_eq!(receivers_of(routes(), row(1, Severity::Low)), ["night/0"]);
    let abroad = with(row(1, Severity::Low), |alert| alert.country = None);
    assert_eq!(
        receivers_of(routes(), abroad),
        ["mail/0"],
        "it stays in the root"
    );
}

#[test]
fn all_matchers_of_a_route_must_hold() {
    let routes = tree(vec![route(
        "night",
        &[r#"severity="high""#, r#"country="FR""#],
    )]);
    assert_eq!(receivers_of(routes, row(1, Severity::High)), ["mail/0"]);
}

#[test]
fn a_route_that_continues_lets_the_next_ones_have_it_too() {
    let mut first = route("night", &[r#"severity="high""#]);
    first.continues = true;
    let routes = tree(vec![first, route("soc", &[]), route("mail", &[])]);
    let told = receivers_of(routes, row(1, Severity::High));
    assert_eq!(told, ["night/0", "soc/0", "soc/1"]);
}

#[test]
fn routes_below_a_route_come_before_it() {
    let mut above = route("night", &[r#"severity="high""#]);
    above.routes = vec![route("soc", &[r#"country="FR""#])];
    let routes = || tree(vec![above.clone()]);
    assert_eq!(receivers_of(routes(), row(1, Severity::High)), ["night/0"]);
    let french = with(row(1, Severity::High), |a| {
        a.country = Some("FR".to_owned());
    });
    assert_eq!(receivers_of(routes(), french), ["soc/0", "soc/1"]);
}

#[test]
fn nobody_is_told_twice_of_an_alert() {
    let mut first = route("night", &[]);
    first.continues = true;
    let routes = tree(vec![first, route("night", &[])]);
    assert_eq!(receivers_of(routes, row(1, Severity::High)), ["night/0"]);
}

#[test]
fn a_receiver_without_notifiers_keeps_silent() {
    let routes = tree(vec![route("nobody", &[])]);
    assert!(receivers_of(routes, row(1, Severity::High)).is_empty());
}

#[test]
fn changed_and_deleted_rows_tell_nobody_and_move_the_cursor() {
    let router = router(RouteTree::to("soc"));
    let mut state = memory();
    let mut changed = row(1, Severity::High);
    changed.is_new = false;
    let mut deleted = row(2, Severity::High);
    deleted.row = None;
    let step = router.step(&state, &[changed, deleted], &[], at(0));
    assert!(step.intents.is_empty() && step.groups.is_empty());
    assert!(step.changes(&state));
    state.apply(&step);
    assert_eq!(state.cursor(), 2);
    assert!(!router.step(&state, &[], &[], at(0)).changes(&state));
}

#[test]
fn rows_that_were_read_before_are_passed_over() {
    let router = router(RouteTree::to("night"));
    let mut state = memory();
    let rows = [row(1, Severity::High), row(2, Severity::High)];
    advance(&router, &mut state, &rows[..1], at(0));
    let step = advance(&router, &mut state, &rows, at(0));
    assert_eq!(told(&step.intents), [("night/0".to_owned(), vec![2])]);
}

#[test]
fn an_alert_that_came_again_after_it_was_forgotten_is_told_again() {
    let router = router(RouteTree::to("night"));
    let again = with(row(9, Severity::High), |alert| alert.id = AlertId(1));
    let step = router.step(&memory(), &[row(1, Severity::High), again], &[], at(0));
    assert_eq!(step.intents.len(), 2);
    assert_eq!(step.intents[0].group, step.intents[1].group);
    assert_ne!(step.intents[0].id, step.intents[1].id);
}

#[test]
fn a_tree_names_only_receivers_that_there_are() {
    let mut above = route("soc", &[]);
    above.routes = vec![route("night", &[]), route("nigth", &[])];
    let error = Router::new(
        tree(vec![above]),
        ["soc", "night", "mail"]
            .map(|name| (name.to_owned(), 1))
            .into(),
    );
    let error = error.unwrap_err();
    let message = "route 0.0.1 names the receiver `nigth`, which is not defined";
    assert_eq!(error.to_string(), message);
    let odd = Router::new(RouteTree::to("a@b"), [("a@b".to_owned(), 1)].into());
    assert_eq!(odd.unwrap_err(), RouteError::ReceiverName("a@b".to_owned()));
}

fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

/// Rows of the change log: some new, some changed, positions with gaps.
fn rows() -> impl Strategy<Value = Vec<RoutedRow>> {
    let one = (1..4_u64, severity(), prop::bool::weighted(0.8));
    prop::collection::vec(one, 0..30).prop_map(|rows| {
        let mut position = 0;
        let made = rows.into_iter().map(|(gap, severity, is_new)| {
            position += gap;
            RoutedRow {
                is_new,
                ..row(position, severity)
            }
        });
        made.collect()
    })
}

fn some_tree() -> impl Strategy<Value = RouteTree> {
    let matcher = prop::sample::select(vec![
        r#"severity="high""#,
        r#"severity=~"high|low""#,
        r#"severity!="medium""#,
        r#"country="DE""#,
    ]);
    let receiver = prop::sample::select(vec!["soc", "night", "mail", "nobody"]);
    let leaf = (
        receiver,
        prop::collection::vec(matcher, 0..2),
        any::<bool>(),
    )
        .prop_map(|(receiver, matchers, continues)| RouteTree {
            continues,
            ..route(receiver, &matchers)
        });
    leaf.prop_recursive(3, 12, 3, |inner| {
        (inner.clone(), prop::collection::vec(inner, 0..3))
            .prop_map(|(above, routes)| RouteTree { routes, ..above })
    })
}

/// The receivers that Alertmanager's rule names, said once more in another way.
fn expected(tree: &RouteTree, row: &RoutedRow) -> Vec<String> {
    let takes = |route: &RouteTree| {
        let alert = row.row.as_ref().unwrap();
        route.matchers.iter().all(|m| m.holds(alert, &row.matches))
    };
    let mut found = Vec::new();
    for below in tree.routes.iter().filter(|below| takes(below)) {
        found.extend(expected(below, row));
        if !below.continues {
            break;
        }
    }
    if found.is_empty() {
        found.push(tree.receiver.clone());
    }
    found
}

proptest! {
    #[test]
    fn any_split_of_the_rows_into_steps_tells_the_same(
        tree in some_tree(),
        rows in rows(),
        cuts in prop::collection::vec(0..30_usize, 0..5),
    ) {
        let router = router(tree);
        let whole = router.step(&memory(), &rows, &[], at(0));
        let mut state = memory();
        let mut intents = Vec::new();
        let mut cuts = cuts;
        cuts.push(rows.len());
        cuts.sort_unstable();
        for cut in cuts {
            // Each step is taken twice, as after a commit that failed: it is the same.
            let rows = &rows[..cut.min(rows.len())];
            let step = router.step(&state, rows, &[], at(0));
            prop_assert_eq!(&step, &router.step(&state, rows, &[], at(0)));
            state.apply(&step);
            intents.extend(step.intents);
        }
        prop_assert_eq!(intents, whole.intents);
        prop_assert_eq!(state.cursor(), whole.cursor);
    }

    #[test]
    fn every_new_row_reaches_each_matching_receiver_exactly_once(
        tree in some_tree(),
        rows in rows(),
    ) {
        let router = router(tree.clone());
        let mut left = told(&router.step(&memory(), &rows, &[], at(0)).intents);
        for row in rows.iter().filter(|row| row.is_new) {
            let mut receivers = expected(&tree, row);
            receivers.sort_unstable();
            receivers.dedup();
            for receiver in receivers {
                for notifier in 0..router.receivers[&receiver] {
                    let want = (format!("{receiver}/{notifier}"), vec![u128::from(row.position)]);
                    let found = left.iter().position(|told| *told == want);
                    prop_assert!(found.is_some(), "{want:?}");
                    left.remove(found.unwrap());
                }
            }
        }
        prop_assert!(left.is_empty(), "{left:?}");
    }
}
