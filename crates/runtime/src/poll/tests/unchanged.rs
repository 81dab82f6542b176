//! Pages that do not come again because they have not changed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cresset_model::Timestamp;
use cresset_model::ports::{Clock, Validator};
use cresset_model::source::Checkpoint;

use crate::fakes::{Answer, Record, Rig, Running, ago, array, seconds};
use crate::poll::memory::PAGE_KNOWN_FOR;
use crate::poll::{Paging, SweepRule};

/// An upstream that marks what it says by a number and gives nothing again that is known.
#[derive(Clone, Default)]
struct Marked(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    records: Vec<(u64, Timestamp)>,
    /// What each request named as known, and whether the answer had a body.
    asked: Vec<(Option<String>, bool)>,
}

impl Marked {
    fn rig(&self) -> Rig {
        let said = Arc::clone(&self.0);
        let mut rig = Rig::asked(move |ask| {
            let mut said = said.lock().unwrap();
            let due = said.records.iter().filter(|(_, at)| *at >= ask.since);
            let records: Vec<String> = due.map(|(id, at)| Record::new(*id, *at).json()).collect();
            let mark = format!("\"{}\"", records.len());
            let is_known = ask.known == Some(Validator(mark.clone()));
            said.asked
                .push((ask.known.clone().map(|it| it.0), !is_known));
            if is_known {
                return Answer::Unchanged;
            }
            Answer::whole(array(&records)).marked(&mark)
        });
        rig.interval_minutes = 10;
        rig.remember(Checkpoint::at(ago(100)));
        rig
    }

    fn say(&self, id: u64, at: Timestamp) {
        self.0.lock().unwrap().records.push((id, at));
    }

    fn bodies(&self) -> Vec<bool> {
        self.0
            .lock()
            .unwrap()
            .asked
            .iter()
            .map(|(_, body)| *body)
            .collect()
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_upstream_is_asked_by_mark_and_a_change_comes_at_once() {
    let upstream = Marked::default();
    upstream.say(1, ago(50));
    let rig = upstream.rig();
    let running = rig.first_turn().await;
    // The bookmark has moved, so the next poll asks from elsewhere; from then on all is as it was.
    running.turns(2).await;
    let before = upstream.bodies().len();
    running.turns(4).await;
    let idle = &upstream.bodies()[before..];
    assert!(
        !idle.is_empty() && idle.iter().all(|body| !body),
        "{idle:?}"
    );
    let state = running.state();
    assert_eq!(state.bookmark, Some(ago(50)));
    assert_eq!(running.cell.attempts()[0].http_status, Some(304));
    assert_eq!(running.cell.attempts()[0].error, None);
    assert_eq!(
        (state.counters.new, state.counters.read),
        (1, rig.stored().counters.read)
    );

    upstream.say(2, running.clock.now());
    running.turns(5).await;
    assert_eq!(rig.store.alerts().len(), 2);
    assert_eq!(
        running.state().bookmark,
        Some(upstream.0.lock().unwrap().records[1].1)
    );
}

/// To break it: take an unchanged page for an empty one.
#[tokio::test(start_paused = true)]
async fn an_unchanged_page_leads_on_as_it_did() {
    let pages = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&pages);
    let mut rig = Rig::asked(move |ask| {
        let name = ask.place.as_ref().map_or("", |place| place.as_str());
        seen.lock()
            .unwrap()
            .push((name.to_owned(), ask.known.is_some()));
        match (name, &ask.known) {
            ("", Some(_)) => Answer::Unchanged,
            ("", None) => Answer::whole(array(&[Record::new(1, ago(300)).json()]))
                .with_next("b")
                .marked("\"a\""),
            _ => Answer::whole(array(&[Record::new(2, ago(200)).json()])),
        }
    });
    rig.config.paging = Paging::Link;
    rig.interval_minutes = 10;
    rig.remember(Checkpoint::at(ago(100)));
    let running = rig.first_turn().await;
    running.turns(2).await;
    let page = |name: &str, known| (name.to_owned(), known);
    let expected = [
        page("", false),
        page("b", false),
        page("", true),
        page("b", false),
    ];
    assert_eq!(*pages.lock().unwrap(), expected);
    assert_eq!(running.state().bookmark, Some(ago(100)));
}

/// An identity must be seen again within the life of its tombstone, so no page stays unread for long.
#[tokio::test(start_paused = true)]
async fn a_page_is_read_again_once_an_hour() {
    let upstream = Marked::default();
    upstream.say(1, ago(150));
    let mut rig = upstream.rig();
    rig.interval_minutes = 5;
    let running = rig.first_turn().await;
    running.turns(20).await;
    let bodies = upstream.bodies();
    let read: Vec<usize> = (0..bodies.len()).filter(|at| bodies[*at]).collect();
    let polls = usize::try_from(PAGE_KNOWN_FOR.as_secs() / 300).unwrap();
    let gaps: Vec<usize> = read.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().any(|gap| *gap > 1), "{read:?}");
    assert!(gaps.iter().all(|gap| *gap <= 3 * polls), "{read:?}");
    assert!(
        read.iter().filter(|at| **at > polls).count() >= 1,
        "{read:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_sweep_and_a_rewound_source_read_everything() {
    let upstream = Marked::default();
    upstream.say(1, ago(150));
    let mut rig = upstream.rig();
    rig.interval_minutes = 1;
    rig.config.rule.sweep = Some(SweepRule {
        every: Duration::from_mins(2),
        back: seconds(400),
    });
    let running = rig.start();
    running.turns(12).await;
    sweeps_have_bodies(&upstream, &running);
}

fn sweeps_have_bodies(upstream: &Marked, running: &Running) {
    use cresset_model::source::Trigger;
    let attempts = running.cell.attempts();
    let sweeps: Vec<_> = attempts
        .iter()
        .filter(|it| it.trigger == Trigger::Sweep)
        .collect();
    assert!(sweeps.len() > 1);
    assert!(sweeps.iter().all(|it| it.http_status == Some(200)));
    assert!(upstream.bodies().iter().any(|body| !body));
}
