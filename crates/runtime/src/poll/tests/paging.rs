//! Pages that name the next one, by `Link` or by a cursor in the body.

use cresset_model::Timestamp;
use cresset_model::ports::{Ask, PLACE_BYTES_MAX};
use cresset_model::source::{Checkpoint, PagePlace, Round, SyncStatus};

use super::world::{gone, with_cursor};
use crate::fakes::{Answer, Record, Rig, ago, array, permanent, seconds, transient};
use crate::poll::Paging;
use crate::poll::memory::EMPTY_PAGES_MAX;

fn by_link(respond: impl FnMut(&Ask) -> Answer + Send + 'static) -> Rig {
    let mut rig = Rig::asked(respond);
    rig.config.paging = Paging::Link;
    rig.remember(Checkpoint::at(ago(100)));
    rig
}

fn by_cursor(respond: impl FnMut(&Ask) -> Answer + Send + 'static) -> Rig {
    let mut rig = by_link(respond);
    rig.config.records = Some("alerts".to_owned());
    rig.config.paging = Paging::Cursor {
        field: vec!["next_cursor".to_owned()],
    };
    rig
}

fn record(number: u64, seconds_ago: u64) -> String {
    Record::new(number, ago(seconds_ago)).json()
}

fn named(ask: &Ask) -> &str {
    ask.place.as_ref().map_or("", |place| place.as_str())
}

/// The places a rig's upstream was asked for, the first page as an empty one.
fn places(rig: &Rig) -> Vec<String> {
    let name = |place: Option<PagePlace>| place.map_or(String::new(), |it| it.as_str().to_owned());
    rig.journal.places().into_iter().map(name).collect()
}

#[tokio::test(start_paused = true)]
async fn links_are_followed_to_the_last_page_and_the_bookmark_moves_only_then() {
    let rig = by_link(|ask| match named(ask) {
        "" => Answer::whole(array(&[record(1, 10), record(2, 20)])).with_next("b"),
        "b" => Answer::whole(array(&[record(3, 30)])).with_next("c"),
        _ => Answer::whole(array(&[record(4, 90)])),
    });
    rig.first_turn().await;
    assert_eq!(places(&rig), ["", "b", "c"]);
    assert_eq!(rig.store.alerts().len(), 4);
    let since: Vec<Timestamp> = rig.journal.gets().iter().map(|(_, since)| *since).collect();
    assert_eq!(since, [ago(400); 3]);
    let checkpoints = rig.journal.checkpoints();
    let (ended, before) = checkpoints.split_last().unwrap();
    assert!(before.iter().all(|stored| stored.bookmark == ago(100)));
    assert_eq!((ended.bookmark, &ended.round), (ago(10), &None));
}

#[tokio::test(start_paused = true)]
async fn a_cursor_in_the_body_is_followed_and_null_ends_the_round() {
    let rig = by_cursor(|ask| {
        Answer::whole(match named(ask) {
            "" => with_cursor(&[record(1, 10)], Some("a")),
            _ => with_cursor(&[record(2, 20)], None),
        })
    });
    rig.first_turn().await;
    assert_eq!(places(&rig), ["", "a"]);
    assert_eq!(rig.checkpoint().bookmark, ago(10));
    assert_eq!(rig.checkpoint().round, None);
}

#[tokio::test(start_paused = true)]
async fn more_pages_than_a_turn_takes_go_on_at_once_at_their_place() {
    let mut rig = by_link(|ask| {
        let page: u64 = named(ask).parse().unwrap_or(0);
        let answer = Answer::whole(array(&[record(page, 10 + page)]));
        if page < 9 {
            answer.with_next(&(page + 1).to_string())
        } else {
            answer
        }
    });
    rig.config.rule.pages_max = 4;
    let running = rig.start();
    running.turns(3).await;
    assert_eq!(rig.store.alerts().len(), 10);
    assert_eq!(rig.journal.gets().len(), 10, "no page was asked for twice");
    assert_eq!(rig.checkpoint().bookmark, ago(10));
}

fn round_at(name: &str) -> Checkpoint {
    Checkpoint {
        round: Some(Round {
            since: ago(400),
            place: Some(PagePlace::new(name)),
            seen: ago(50),
            begun: ago(5),
        }),
        ..Checkpoint::at(ago(100))
    }
}

#[tokio::test(start_paused = true)]
async fn a_killed_round_goes_on_at_the_page_it_was_to_ask_for() {
    let rig = by_link(|_| Answer::whole(array(&[record(1, 70)])));
    rig.remember(round_at("c"));
    rig.first_turn().await;
    assert_eq!(places(&rig), ["c"]);
    assert_eq!(
        rig.checkpoint().bookmark,
        ago(50),
        "what was seen before counts"
    );
}

/// To break it: ask for the place of a stored round whatever the upstream answers.
#[tokio::test(start_paused = true)]
async fn a_place_that_the_upstream_forgot_begins_the_round_anew() {
    for status in [400, 404, 410] {
        let rig = by_cursor(move |ask| match named(ask) {
            "old" => Answer::fails(gone(status)),
            "" => Answer::whole(with_cursor(&[record(1, 10)], Some("b"))),
            _ => Answer::whole(with_cursor(&[record(2, 20)], None)),
        });
        rig.remember(round_at("old"));
        let running = rig.first_turn().await;
        assert_eq!(places(&rig), ["old", "", "b"]);
        assert_eq!(running.state().status, SyncStatus::Idle);
        assert_eq!(rig.store.alerts().len(), 2);
        assert_eq!(rig.checkpoint().bookmark, ago(10));
    }
}

#[tokio::test(start_paused = true)]
async fn a_round_begins_anew_once_a_turn() {
    let rig = by_cursor(|ask| match named(ask) {
        "" => Answer::whole(with_cursor(&[record(1, 10)], Some("b"))),
        _ => Answer::fails(gone(410)),
    });
    let running = rig.first_turn().await;
    assert_eq!(places(&rig), ["", "b", "", "b"]);
    assert_eq!(running.state().status, SyncStatus::Failed);
    assert_eq!(rig.checkpoint().bookmark, ago(100));
}

#[tokio::test(start_paused = true)]
async fn a_place_that_fails_for_three_turns_is_given_up() {
    let mut rig = by_link(|ask| match named(ask) {
        "old" => Answer::fails(transient(None)),
        _ => Answer::whole(array(&[record(1, 10)])),
    });
    rig.interval_minutes = 1;
    rig.remember(round_at("old"));
    let running = rig.start();
    running.turns(4).await;
    assert_eq!(rig.checkpoint().bookmark, ago(10));
    let mut expected = vec!["old"; 9];
    expected.push("");
    assert_eq!(
        places(&rig),
        expected,
        "three attempts in each of three turns"
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_no_lost_place_leaves_the_round_at_its_place() {
    let rig = by_link(|ask| match named(ask) {
        "" => Answer::whole(array(&[record(1, 10)])).with_next("b"),
        _ => Answer::fails(gone(401)),
    });
    let running = rig.first_turn().await;
    assert_eq!(places(&rig), ["", "b"]);
    assert_eq!(running.state().status, SyncStatus::Failed);
    let round = rig.checkpoint().round.unwrap();
    assert_eq!(round.place, Some(PagePlace::new("b")));
}

#[tokio::test(start_paused = true)]
async fn pages_in_a_circle_end_the_turn_with_an_error() {
    let rig = by_link(|ask| {
        let next = match named(ask) {
            "a" => "b",
            _ => "a",
        };
        Answer::whole(array(&[record(1, 10)])).with_next(next)
    });
    let running = rig.first_turn().await;
    assert_eq!(places(&rig), ["", "a", "b"]);
    assert_eq!(
        running.state().last_error.as_deref(),
        Some(
            "the upstream names a next page for the second time: its pages go in a circle, and the last \
             page must name none"
        )
    );
    let stored = rig.checkpoint();
    assert_eq!(stored.bookmark, ago(100));
    assert_eq!(
        stored.round.unwrap().place,
        None,
        "the next turn begins anew"
    );
    assert_eq!(
        rig.store.alerts().len(),
        1,
        "what the pages brought is kept"
    );
}

#[tokio::test(start_paused = true)]
async fn empty_pages_without_end_end_the_turn_with_an_error() {
    let mut rig = by_link(|ask| {
        let page: u64 = named(ask).parse().unwrap_or(0);
        Answer::whole("[]").with_next(&(page + 1).to_string())
    });
    rig.config.rule.pages_max = 10_000;
    let running = rig.first_turn().await;
    assert_eq!(places(&rig).len(), EMPTY_PAGES_MAX as usize + 1);
    let error = running.state().last_error.unwrap();
    assert!(
        error.contains("after 100 pages without a record"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_next_page_that_may_not_be_followed_ends_the_turn_after_its_page() {
    let rig = by_link(|_| {
        let mut answer = Answer::whole(array(&[record(1, 10)]));
        if let Answer::Body { head, .. } = &mut answer {
            head.next = Err(permanent());
        }
        answer
    });
    let running = rig.first_turn().await;
    assert_eq!(places(&rig), [""]);
    assert_eq!(running.state().status, SyncStatus::Failed);
    assert_eq!(running.state().last_error, Some(permanent().message));
    assert_eq!(rig.store.alerts().len(), 1);
    assert_eq!(rig.checkpoint().bookmark, ago(100));
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_is_none_ends_the_turn_after_its_page() {
    let check = async |cursor: &str, expected: &str| {
        let body = format!(r#"{{"next_cursor":{cursor},"alerts":[{}]}}"#, record(1, 10));
        let rig = by_cursor(move |_| Answer::whole(body.clone()));
        let running = rig.first_turn().await;
        let error = running.state().last_error.unwrap();
        assert_eq!(
            error,
            format!("the cursor `next_cursor` of the answer {expected}")
        );
        assert_eq!(rig.store.alerts().len(), 1);
        assert_eq!(rig.checkpoint().bookmark, ago(100));
    };
    let usable = "it must be a text or a number, or null or absent on the last page";
    check("{}", &format!("is an object: {usable}")).await;
    check("[1]", &format!("is an array: {usable}")).await;
    check("true", &format!("is a boolean: {usable}")).await;
    let long = format!("\"{}\"", "x".repeat(PLACE_BYTES_MAX + 1));
    check(&long, "is longer than 8192 bytes").await;
}

#[tokio::test(start_paused = true)]
async fn requests_are_at_most_ten_a_second_pages_and_attempts_together() {
    let mut failing = 0;
    let mut rig = by_link(move |ask| {
        let page: u64 = named(ask).parse().unwrap_or(0);
        failing += 1;
        match page {
            _ if failing % 7 == 3 => Answer::fails(transient(None)),
            40 => Answer::whole(array(&[record(page, 10)])),
            _ => Answer::whole(array(&[record(page, 10)])).with_next(&(page + 1).to_string()),
        }
    });
    rig.config.rule.pages_max = 7;
    let running = rig.start();
    running.turns(6).await;
    let times: Vec<_> = rig.journal.gets().iter().map(|(at, _)| *at).collect();
    assert!(times.len() > 40, "{}", times.len());
    for window in times.windows(11) {
        assert!(window[10] > window[0] + seconds(1), "{window:?}");
    }
    assert_eq!(rig.checkpoint().round, None, "it came to its end");
}
