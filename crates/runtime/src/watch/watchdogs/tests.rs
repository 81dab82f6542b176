use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use cresset_model::ports::{Reload, ReloadRefused, ReloadReport};

use super::super::fixture::vitals;
use super::*;
use crate::fakes::{Answer, Record, Rig, Running, T0, array, cut, seconds, transient};

/// A store that says what it is told to say.
#[derive(Default)]
struct Said(Mutex<Option<StoreVitals>>);

impl Said {
    fn set(&self, vitals: Option<StoreVitals>) {
        *self.0.lock().unwrap() = vitals;
    }
}

impl Vitals for Said {
    fn vitals(&self) -> BoxFuture<'_, Result<StoreVitals, PortError>> {
        let said = self.0.lock().unwrap().clone();
        let said = said.ok_or_else(|| PortError::transient("secret/path: disk I/O error"));
        Box::pin(std::future::ready(said))
    }
}

/// A reload that is refused while there is a reason.
#[derive(Default)]
struct Refusing(Mutex<Option<String>>);

impl Reload for Refusing {
    fn reload(&self) -> BoxFuture<'_, Result<ReloadReport, ReloadRefused>> {
        let why = self.0.lock().unwrap().clone();
        let answer = match why {
            None => Ok(ReloadReport::default()),
            Some(fault) => Err(ReloadRefused {
                faults: vec![fault],
                ..ReloadRefused::default()
            }),
        };
        Box::pin(std::future::ready(answer))
    }
}

struct Watched {
    running: Running,
    said: Arc<Said>,
    refusing: Arc<Refusing>,
    reload: Arc<WatchedReload>,
    limits: watch::Sender<WatchLimits>,
    watchdogs: Arc<Watchdogs>,
}

impl Watched {
    fn start(rig: &Rig) -> Self {
        let running = rig.start();
        let said = Arc::new(Said::default());
        said.set(Some(vitals()));
        let refusing = Arc::new(Refusing::default());
        let clock: Arc<dyn Clock> = Arc::clone(&running.clock) as _;
        let reload = Arc::new(WatchedReload::new(
            Arc::clone(&refusing) as _,
            Arc::clone(&clock),
        ));
        // The sender may go: the value stays.
        let (_, router) = watch::channel(None);
        let ports = WatchPorts {
            control: Arc::clone(&running.control) as _,
            vitals: Arc::clone(&said) as _,
            router,
            reload: Arc::clone(&reload),
            clock,
        };
        let (limits, limits_now) = watch::channel(WatchLimits::default());
        let watchdogs = Arc::new(Watchdogs::new(ports, limits_now));
        Self {
            running,
            said,
            refusing,
            reload,
            limits,
            watchdogs,
        }
    }

    /// What is found now, and the level of it.
    async fn found(&self) -> Vec<(Watchdog, String, Level)> {
        // What the last look has found is not fresh any more.
        tokio::time::sleep(FRESH).await;
        let report = self.watchdogs.health().await;
        report
            .findings
            .into_iter()
            .map(|it| (it.watchdog, it.about, it.level))
            .collect()
    }

    async fn until(&self, at: u64) {
        let left = seconds(at).saturating_sub(self.running.clock.elapsed());
        tokio::time::sleep(left).await;
    }
}

fn source(level: Level) -> Vec<(Watchdog, String, Level)> {
    vec![(Watchdog::Source, "upstream".to_owned(), level)]
}

/// The liveness watchdog: an agent that runs and collects nothing must not look well. To break it: take
/// attempts, or what was read, for progress.
#[tokio::test(start_paused = true)]
async fn a_source_that_runs_and_gets_nowhere_turns_yellow_then_red_and_green_again() {
    let down = Arc::new(AtomicBool::new(true));
    let is_down = Arc::clone(&down);
    let mut rig = Rig::answering(move |_| {
        if is_down.load(Ordering::Relaxed) {
            // What it says before it breaks off is kept once, and comes again each time.
            Answer::broken(cut(
                &[Record::new(1, T0).json(), Record::new(2, T0).json()],
                1,
            ))
        } else {
            Answer::whole(array(&[Record::new(1, T0).json()]))
        }
    });
    rig.interval_minutes = 5;
    let watched = Watched::start(&rig);
    for (at, expected) in [
        (5, vec![]),
        (14 * 60, vec![]),
        (16 * 60, source(Level::Yellow)),
        (29 * 60, source(Level::Yellow)),
        (31 * 60, source(Level::Red)),
        (69 * 60, source(Level::Red)),
    ] {
        watched.until(at).await;
        assert_eq!(watched.found().await, expected, "after {at} s");
    }
    down.store(false, Ordering::Relaxed);
    watched.until(77 * 60).await;
    assert_eq!(watched.found().await, []);
    watched.running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_silent_is_red_and_shows_no_internals() {
    let rig = Rig::answering(|_| Answer::whole("[]"));
    let watched = Watched::start(&rig);
    assert_eq!(watched.found().await, []);
    watched.said.set(None);
    let silent = vec![(Watchdog::Store, "store".to_owned(), Level::Red)];
    assert_eq!(watched.found().await, silent);
    let report = watched.watchdogs.health().await;
    assert_eq!(report.vitals, None);
    assert_eq!(report.findings[0].what, "the store does not answer");
    watched.said.set(Some(vitals()));
    assert_eq!(watched.found().await, []);
    watched.running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_reload_is_told_until_one_is_taken_over() {
    let rig = Rig::answering(|_| Answer::whole("[]"));
    let watched = Watched::start(&rig);
    *watched.refusing.0.lock().unwrap() = Some("cresset.yaml:3: a fault".to_owned());
    watched.reload.reload().await.unwrap_err();
    let refused = vec![(Watchdog::Configuration, "file".to_owned(), Level::Yellow)];
    assert_eq!(watched.found().await, refused);
    *watched.refusing.0.lock().unwrap() = None;
    watched.reload.reload().await.unwrap();
    assert_eq!(watched.found().await, []);
    watched.running.stop().await;
}

/// To break it: keep the limits that the watchdogs began with.
#[tokio::test(start_paused = true)]
async fn limits_can_change_while_they_look() {
    let rig = Rig::answering(|_| Answer::fails(transient(None)));
    let watched = Watched::start(&rig);
    watched.until(20).await;
    assert_eq!(watched.found().await, []);
    watched.until(60).await;
    watched.limits.send_replace(WatchLimits {
        source_intervals: 0,
        source: seconds(30),
        ..WatchLimits::default()
    });
    assert_eq!(watched.found().await, source(Level::Yellow));
    watched.running.stop().await;
}

/// To break it: ask the ports for each who asks.
#[tokio::test(start_paused = true)]
async fn who_asks_at_the_same_time_gets_the_same_look() {
    let rig = Rig::answering(|_| Answer::whole("[]"));
    let watched = Watched::start(&rig);
    let first = watched.watchdogs.health().await;
    watched.said.set(None);
    assert_eq!(watched.watchdogs.health().await, first);
    tokio::time::sleep(FRESH).await;
    assert_ne!(watched.watchdogs.health().await, first);
    watched.running.stop().await;
}
