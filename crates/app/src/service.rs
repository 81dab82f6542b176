//! The running service: store, sources, routing, listeners, and their orderly end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use cresset_connectors::stores::sqlite::SqliteStore;
use cresset_model::Timestamp;
use cresset_model::health::WatchLimits;
use cresset_model::ports::{Announce, Clock, Health, Live, Receivers, Store};
use cresset_runtime::routing::{ReceiverSet, RouterNow, WakingStore};
use cresset_runtime::watch::{WatchPorts, Watchdogs, WatchedReload};
use cresset_runtime::{LiveHub, RuntimeControl};
use cresset_server::{Access, Connections, ServiceFacts, Services};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::clock::SystemClock;
use crate::config::{Config, Environment, StoreConfig};
use crate::exit::{Exit, Failure};
use crate::reload::FileReload;
use crate::running::Running;
use crate::signals::Hangups;
use crate::sources::Sources;
use crate::{descriptors, notify, telemetry, wiring};

/// How long the parts of the service may take to end.
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// A service that runs until [`Service::stop`].
pub(crate) struct Service {
    /// Its store.
    pub(crate) store: Arc<SqliteStore>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// What a service is started with.
pub(crate) struct Start<'a> {
    /// What it does.
    pub(crate) config: &'a Config,
    /// The file that says so, to be read again on a reload.
    pub(crate) file: Option<PathBuf>,
    /// The environment.
    pub(crate) environment: &'a Environment,
    /// What asks it to reload, besides its API.
    pub(crate) hangups: Option<Hangups>,
    /// Where it answers.
    pub(crate) listeners: Vec<TcpListener>,
}

impl Service {
    /// Opens the store, starts the sources and serves on the listeners.
    pub(crate) async fn start(start: Start<'_>) -> anyhow::Result<Self> {
        let Start {
            config,
            file,
            environment,
            hangups,
            listeners,
        } = start;
        refuse_pipe_only(config)?;
        telemetry::bound(config.log);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let receivers = notify::receivers(config, environment, &clock)?;
        let receivers = Arc::new(ReceiverSet::new(receivers, Arc::clone(&clock))?);
        let (router, router_now) = watch::channel(notify::router(config)?);
        let (limits, limits_now) = watch::channel(config.watchdogs);
        let StoreConfig::Sqlite(sqlite) = &config.store;
        let store = Arc::new(wiring::store(sqlite)?);
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let wake = Arc::new(Notify::new());
        let waking: Arc<dyn Store> =
            Arc::new(WakingStore::new(Arc::clone(&store) as _, Arc::clone(&wake)));
        let sources = Sources {
            config,
            environment,
            store: &store,
            waking,
            clock: &clock,
        };
        let running = sources.start((&mut tasks, &stopped)).await?;
        let control = Arc::new(running.control);
        let told = (router_now.clone(), config.outbox.deliveries);
        let routing = notify::routing(told, &store, &clock, (&receivers, wake));
        tasks.spawn(routing.run(stopped.clone()));
        let reload = Arc::new(FileReload::new(
            file,
            config.clone(),
            Running {
                control: Arc::clone(&control),
                pipelines: running.pipelines,
                receivers: Arc::clone(&receivers),
                router,
                limits,
                clock: Arc::clone(&clock),
            },
        ));
        let reload = Arc::new(WatchedReload::new(reload, Arc::clone(&clock)));
        let watched = (&control, &store, router_now, &reload, &clock);
        let health = watchdogs(watched, limits_now, (&mut tasks, &stopped));
        if let Some(hangups) = hangups {
            tasks.spawn(hangups.reload(Arc::clone(&reload) as _, stopped.clone()));
        }
        let hub = LiveHub::with_events(store.head(), config.server.live_events);
        let services = Services {
            query: Arc::clone(&store) as _,
            explore: Arc::clone(&store) as _,
            live: live(hub, &store, &control, (&mut tasks, &stopped)),
            control,
            outbox: Arc::clone(&store) as _,
            intake: running.intake,
            receivers: receivers as Arc<dyn Receivers>,
            reload,
            health,
            facts: facts(clock.now()),
            clock,
        };
        serve(config, services, listeners, (&mut tasks, &stopped));
        Ok(Self { store, stop, tasks })
    }

    /// Waits until it is told to stop; an error if the disk fails the store before.
    pub(crate) async fn until(&self, told: impl Future<Output = ()>) -> anyhow::Result<()> {
        tokio::select! {
            () = told => Ok(()),
            () = self.store.broken() => anyhow::bail!(
                "the disk failed to sync the database. Look at its health, then start the service again: \
                 what was answered is kept"
            ),
        }
    }

    /// Stops polling and accepting, lets answers and commits end, and closes the store.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        info!("stopping");
        self.stop.send_replace(true);
        let ended = tokio::time::timeout(STOP_WITHIN, async {
            while self.tasks.join_next().await.is_some() {}
        });
        if ended.await.is_err() {
            warn!(
                within_s = STOP_WITHIN.as_secs(),
                "some parts did not end in time and were dropped"
            );
            self.tasks.shutdown().await;
        }
        self.store.close().await.context("close the store")?;
        info!("stopped");
        Ok(())
    }
}

/// What the service says of itself.
fn facts(started: Timestamp) -> ServiceFacts {
    ServiceFacts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started,
    }
}

/// Refuses what only `cresset pipe` can do.
fn refuse_pipe_only(config: &Config) -> Result<(), Failure> {
    let found = config.for_pipe_only();
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Exit::Invalid, found.join("\n")))
}

/// What the watchdogs look at.
type Watched<'a> = (
    &'a Arc<RuntimeControl>,
    &'a Arc<SqliteStore>,
    RouterNow,
    &'a Arc<WatchedReload>,
    &'a Arc<dyn Clock>,
);

/// Lets the watchdogs look from time to time, and whenever somebody asks.
fn watchdogs(
    (control, store, router, reload, clock): Watched<'_>,
    limits: watch::Receiver<WatchLimits>,
    (tasks, stopped): (&mut JoinSet<()>, &watch::Receiver<bool>),
) -> Arc<dyn Health> {
    let ports = WatchPorts {
        control: Arc::clone(control) as _,
        vitals: Arc::clone(store) as _,
        router,
        reload: Arc::clone(reload),
        clock: Arc::clone(clock),
    };
    let watchdogs = Arc::new(Watchdogs::new(ports, limits));
    tasks.spawn(Arc::clone(&watchdogs).run(stopped.clone()));
    watchdogs
}

/// Lets store and sources tell who watches what happens.
fn live(
    hub: LiveHub,
    store: &SqliteStore,
    control: &RuntimeControl,
    (tasks, stopped): (&mut JoinSet<()>, &watch::Receiver<bool>),
) -> Arc<dyn Live> {
    let hub = Arc::new(hub);
    let announce: Arc<dyn Announce> = Arc::clone(&hub) as _;
    store.announce_to(Arc::clone(&announce));
    control.announce_to(&announce);
    tasks.spawn(Arc::clone(&hub).run(stopped.clone()));
    hub
}

fn serve(
    config: &Config,
    services: Services,
    listeners: Vec<TcpListener>,
    (tasks, stopped): (&mut JoinSet<()>, &watch::Receiver<bool>),
) {
    if config.server.open {
        warn!("the service is open: anyone who reaches it may read and command without a login");
    }
    let access = Access {
        open: config.server.open,
        hosts: config.server.hosts.clone(),
    };
    let connections = Connections::new(descriptors::fit(&config.server.bounds));
    let router = cresset_server::router(services, access, Arc::clone(&connections));
    for listener in listeners {
        let (router, mut stopped) = (router.clone(), stopped.clone());
        let connections = Arc::clone(&connections);
        tasks.spawn(async move {
            let stopping = async move {
                // An error means that the service is gone, which is a stop too.
                drop(stopped.wait_for(|stop| *stop).await);
            };
            if let Err(error) = cresset_server::serve(listener, router, connections, stopping).await
            {
                warn!(error = %error, "a listener ended");
            }
        });
    }
}

/// Binds an address. `setting` is what the user changes when the address is taken.
pub(crate) async fn bind(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let message = if error.kind() == std::io::ErrorKind::AddrInUse {
            format!(
                "port {} is taken: free it, or set another with {setting}",
                address.port()
            )
        } else {
            format!("cannot listen on {address}: {error}: set another address with {setting}")
        };
        Failure::new(Exit::Conflict, message).into()
    })
}
