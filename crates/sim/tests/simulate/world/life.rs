//! One life of the service: put together from its parts as the program does, to its end, violent or not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cresset_connectors::stores::sqlite::SqliteStore;
use cresset_model::SourceId;
use cresset_model::ports::{Clock, Intake, Notifier, Outbox, Store};
use cresset_model::source::SyncStatus;
use cresset_pipeline::process::Adapter;
use cresset_pipeline::router::Router;
use cresset_runtime::poll::{Paging, Poll, PollCommand, PollConfig, PollPorts, PollRule};
use cresset_runtime::push::{PushIntake, PushPorts, PushSource, UnpackLimits};
use cresset_runtime::routing::{
    Delivery, DeliveryPorts, ReceiverSet, RouterLoop, RouterPorts, Routing, WakingStore,
};
use cresset_runtime::{SourceCell, Stages, Workers};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use super::clients;
use super::disk::Disk;
use super::fate::Fate;
use super::receivers::{NOTIFIERS, SimNotifier};
use super::routes;
use super::state::World;
use super::time::WallClock;
use super::upstream::SimUpstream;

/// The receivers as the product takes them.
type Receivers = Vec<(String, Vec<Arc<dyn Notifier>>)>;

/// A loop by its name, with what stops it.
type Loop = (&'static str, watch::Sender<bool>, JoinHandle<()>);
/// What a poll is told from outside: commands, and the minutes between its turns.
type Settings = (mpsc::Sender<PollCommand>, watch::Sender<u32>);

/// A service that runs.
pub(super) struct Life {
    world: Arc<World>,
    pub(super) polled: Arc<SourceCell>,
    pub(super) pushed: Arc<SourceCell>,
    pub(super) clock: Arc<dyn Clock>,
    clients: JoinHandle<()>,
    /// The loops, each with what stops it, in the order in which they are stopped.
    loops: Vec<Loop>,
    _settings: Settings,
}

/// What its parts are made of.
struct Parts {
    world: Arc<World>,
    fate: Arc<Fate>,
    disk: Arc<Disk>,
    /// The same, waking the router.
    store: Arc<dyn Store>,
    wake: Arc<Notify>,
    clock: Arc<dyn Clock>,
    polled: Stages,
    pushed: Stages,
}

impl Life {
    /// Starts the service over what a former life left.
    pub(super) async fn start(
        world: &Arc<World>,
        fate: &Arc<Fate>,
        store: Arc<SqliteStore>,
    ) -> Self {
        let stages = |adapter| Stages::on(Workers::Here, routes::rules(&world.plan, adapter));
        let (polled, pushed) = (stages(Adapter::SeedA), stages(Adapter::Nullify));
        let of = BTreeMap::from([
            (SourceId::new("polled"), polled.clone()),
            (SourceId::new("pushed"), pushed.clone()),
        ]);
        let disk = Arc::new(Disk::new((world, fate), store, of));
        let wake = Arc::new(Notify::new());
        let parts = Parts {
            world: Arc::clone(world),
            fate: Arc::clone(fate),
            store: Arc::new(WakingStore::new(Arc::clone(&disk) as _, Arc::clone(&wake))),
            disk,
            wake,
            clock: Arc::new(WallClock(Arc::clone(world))),
            polled,
            pushed,
        };
        parts.start().await
    }

    /// Stops it in order, as a signal does.
    pub(super) async fn stop(self) {
        self.clients.abort();
        for (name, stop, task) in self.loops {
            if task.is_finished() {
                self.world.breach(format!("the {name} has ended by itself"));
            }
            stop.send_replace(true);
            if let Err(error) = task.await {
                self.world.breach(format!("the {name} broke: {error}"));
            }
        }
    }
}

impl Parts {
    async fn start(self) -> Life {
        let (poll, polled, settings) = self.poll();
        let (intake, pushed) = self.intake().await;
        let clients = clients::push_all(Arc::clone(&self.world), Arc::clone(&self.fate), intake);
        let routing = self.routing(&settings.0, &polled);
        Life {
            world: Arc::clone(&self.world),
            polled,
            pushed,
            clock: Arc::clone(&self.clock),
            clients: tokio::spawn(clients),
            loops: vec![poll, routing],
            _settings: settings,
        }
    }

    fn poll(&self) -> (Loop, Arc<SourceCell>, Settings) {
        let plan = &self.world.plan;
        let config = PollConfig {
            rule: PollRule {
                lookback: Duration::from_hours(1),
                pages_max: plan.pages_max,
                ..PollRule::default()
            },
            records: None,
            paging: Paging::Since,
            jitter_seed: plan.seed,
        };
        let ports = PollPorts {
            upstream: Arc::new(SimUpstream {
                world: Arc::clone(&self.world),
                fate: Arc::clone(&self.fate),
            }),
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            stages: self.polled.clone(),
            sinks: Vec::new(),
        };
        let cell = SourceCell::new(SourceId::new("polled"), "http_poll", String::new());
        let cell = Arc::new(cell);
        let poll = Poll::new(config, ports, Arc::clone(&cell));
        let (command, commands) = mpsc::channel(1);
        let (interval, intervals) = watch::channel(1);
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(poll.run(commands, intervals, stopped));
        (("poll", stop, task), cell, (command, interval))
    }

    async fn intake(&self) -> (Arc<dyn Intake>, Arc<SourceCell>) {
        let fresh = AtomicU64::new(self.world.time.now().nanos().unsigned_abs());
        let mut intake = PushIntake::new(PushPorts {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            fresh_key: Arc::new(move || u128::from(fresh.fetch_add(1, Ordering::Relaxed))),
        });
        let cell = SourceCell::new(SourceId::new("pushed"), "push", String::new());
        let cell = Arc::new(cell);
        intake.add(PushSource {
            cell: Arc::clone(&cell),
            stages: self.pushed.clone(),
            sinks: Vec::new(),
            records_path: None,
            unpack: UnpackLimits::default(),
        });
        // A program that cannot read its store is started again.
        while intake.recall().await.is_err() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        (Arc::new(intake), cell)
    }

    fn routing(&self, commands: &mpsc::Sender<PollCommand>, polled: &Arc<SourceCell>) -> Loop {
        let set = ReceiverSet::new(self.receivers(), Arc::clone(&self.clock));
        let set = Arc::new(set.expect("the names differ"));
        let number = self.world.routes_now();
        let (router, current) = watch::channel(Some(routes::router(number)));
        let delivery = Arc::new(Notify::new());
        let outbox = Arc::clone(&self.disk) as Arc<dyn Outbox>;
        let routing = Routing {
            router: RouterLoop::new(
                current,
                RouterPorts {
                    outbox: Arc::clone(&outbox),
                    store: Arc::clone(&self.disk) as _,
                    clock: Arc::clone(&self.clock),
                    wake: Arc::clone(&self.wake),
                    delivery: Arc::clone(&delivery),
                },
            ),
            delivery: Delivery::new(
                DeliveryPorts {
                    outbox,
                    clock: Arc::clone(&self.clock),
                    receivers: Arc::clone(&set),
                    wake: delivery,
                },
                self.world.plan.seed,
            ),
        };
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(routing.run(stopped));
        let somebody = Somebody {
            world: Arc::clone(&self.world),
            stages: [self.polled.clone(), self.pushed.clone()],
            receivers: (set, self.receivers()),
            router,
            commands: commands.clone(),
            polled: Arc::clone(polled),
        };
        tokio::spawn(somebody.commands());
        ("routing", stop, task)
    }

    fn receivers(&self) -> Receivers {
        let mut receivers: Receivers = Vec::new();
        for (name, place) in NOTIFIERS {
            let notifier: Arc<dyn Notifier> = Arc::new(SimNotifier {
                world: Arc::clone(&self.world),
                fate: Arc::clone(&self.fate),
                place,
            });
            match receivers.iter_mut().find(|(other, _)| other == name) {
                Some((_, notifiers)) => notifiers.push(notifier),
                None => receivers.push((name.to_owned(), vec![notifier])),
            }
        }
        receivers
    }
}

impl World {
    /// The routes of the configuration as it is now.
    fn routes_now(&self) -> usize {
        let now = self.time.elapsed();
        let mut past = self.plan.reloads.iter().filter(|(at, _)| *at <= now);
        past.next_back()
            .map_or(self.plan.routes, |(_, routes)| *routes)
    }
}

/// Somebody who changes the configuration and asks for syncs.
struct Somebody {
    world: Arc<World>,
    stages: [Stages; 2],
    receivers: (Arc<ReceiverSet>, Receivers),
    router: watch::Sender<Option<Arc<Router>>>,
    commands: mpsc::Sender<PollCommand>,
    polled: Arc<SourceCell>,
}

impl Somebody {
    async fn commands(self) {
        let plan = &self.world.plan;
        let reloads = plan.reloads.iter().map(|(at, routes)| (*at, Some(*routes)));
        let syncs = plan.syncs.iter().map(|at| (*at, None));
        let mut due: Vec<(Duration, Option<usize>)> = reloads.chain(syncs).collect();
        due.sort_unstable();
        let now = self.world.time.elapsed();
        for (at, routes) in due.into_iter().filter(|(at, _)| *at > now) {
            tokio::time::sleep(at.saturating_sub(self.world.time.elapsed())).await;
            match routes {
                Some(routes) => self.reload(routes),
                None => self.sync(),
            }
        }
        // What it holds ends with the life.
        std::future::pending::<()>().await;
    }

    fn reload(&self, routes: usize) {
        self.world
            .tell("somebody", || format!("reloads, routes {routes}"));
        self.world.seen().reloaded = Some(self.world.time.elapsed());
        for stages in &self.stages {
            stages.replace(stages.rules());
        }
        let (set, receivers) = &self.receivers;
        set.replace(receivers.clone()).expect("the names differ");
        self.router.send_replace(Some(routes::router(routes)));
    }

    fn sync(&self) {
        let now = WallClock(Arc::clone(&self.world)).now();
        let status = self.polled.state(now).status;
        if status != SyncStatus::Syncing && status != SyncStatus::Retrying {
            self.world.tell("somebody", || "asks for a sync".to_owned());
            // One that waits already serves this wish too.
            drop(self.commands.try_send(PollCommand::Sync));
        }
    }
}
