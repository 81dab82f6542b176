//! The running service: store, sources, listeners, and their orderly end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use cresset_connectors::stores::sqlite::SqliteStore;
use cresset_model::ports::{Clock, Store as _};
use cresset_runtime::{ControlConfig, INTERVAL_MINUTES_MAX, INTERVAL_SETTING, RuntimeControl};
use cresset_server::{Access, ServiceFacts, Services};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::clock::SystemClock;
use crate::config::{Config, Environment, StoreConfig};
use crate::exit::{Exit, Failure};
use crate::wiring;

/// How long the parts of the service may take to end.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// A service that runs until [`Service::stop`].
pub(crate) struct Service {
    /// Its store.
    pub(crate) store: Arc<SqliteStore>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Service {
    /// Opens the store, starts the sources and serves on the listeners.
    pub(crate) async fn start(
        config: &Config,
        environment: &Environment,
        listeners: Vec<TcpListener>,
    ) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let StoreConfig::Sqlite(sqlite) = &config.store;
        let store = Arc::new(wiring::store(sqlite)?);
        let mut control = RuntimeControl::new(ControlConfig {
            store: Arc::clone(&store) as _,
            query: Arc::clone(&store) as _,
            clock: Arc::clone(&clock),
        });
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let set = interval_set(&store).await?;
        for pipeline in &config.pipelines {
            let wired = wiring::poll(pipeline, config, environment, (&store, &clock))?;
            if let Some(set) = set.filter(|set| *set != wired.interval_minutes) {
                warn!(source.name = %pipeline.id, interval.set_minutes = set, interval.file_minutes = wired.interval_minutes, "interval set at run time wins over the file");
            }
            let minutes = set.unwrap_or(wired.interval_minutes);
            let (manual, interval) = control.add(wired.cell, wired.ports, minutes);
            tasks.spawn(wired.poll.run(manual, interval, stopped.clone()));
            if let Some(refresh) = wired.refresh {
                tasks.spawn(refresh.run(stopped.clone()));
            }
        }
        let services = Services {
            query: Arc::clone(&store) as _,
            control: Arc::new(control),
            facts: ServiceFacts {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                started: clock.now(),
            },
            clock,
        };
        if config.server.open {
            warn!(
                "the service is open: anyone who reaches it may read and command without a login"
            );
        }
        let access = Access {
            open: config.server.open,
            hosts: config.server.hosts.clone(),
        };
        let router = cresset_server::router(services, access);
        for listener in listeners {
            let (router, mut stopped) = (router.clone(), stopped.clone());
            tasks.spawn(async move {
                let stopping = async move {
                    // An error means that the service is gone, which is a stop too.
                    drop(stopped.wait_for(|stop| *stop).await);
                };
                if let Err(error) = cresset_server::serve(listener, router, stopping).await {
                    warn!(error = %error, "a listener ended");
                }
            });
        }
        Ok(Self { store, stop, tasks })
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

/// The interval that was set at run time, if it was.
async fn interval_set(store: &SqliteStore) -> anyhow::Result<Option<u32>> {
    let value = store
        .setting(INTERVAL_SETTING)
        .await
        .context("read the settings")?;
    let minutes = value.as_deref().and_then(|value| value.parse().ok());
    Ok(minutes.filter(|minutes| (1..=INTERVAL_MINUTES_MAX).contains(minutes)))
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
