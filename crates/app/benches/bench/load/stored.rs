//! A million stored alerts, made once for all benches of a run.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use crate::process::Service;
use crate::service::now_seconds;
use crate::upstream;

/// How many.
pub(crate) const ALERTS: u64 = 1_000_000;

static MADE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();

/// A service's directory with a copy of them.
pub(crate) fn copy_into(directory: &Path) -> anyhow::Result<()> {
    let data = directory.join("data");
    std::fs::create_dir_all(&data)?;
    std::fs::copy(made()?, data.join("cresset.db"))?;
    Ok(())
}

fn made() -> anyhow::Result<&'static Path> {
    if MADE.get().is_none() {
        let directory = tempfile::tempdir()?;
        let now = now_seconds()?;
        let port = upstream::serve(move || Box::new(upstream::alerts(ALERTS, now)))?;
        let service = Service::start(directory.path(), port)?;
        let source = service.turn()?;
        ensure!(source["counters"]["new"] == ALERTS, "{source}");
        let database = service.database.clone();
        service.stop()?;
        drop(MADE.set((directory, database)));
    }
    let (_, database) = MADE.get().context("they were made")?;
    Ok(database)
}

/// A service for pushes of the upstream's alerts, with nothing else to do.
pub(crate) const PUSHED: &str = "pipelines:\n  pushed:\n    source: { push: {} }\n    adapter: seed_a\n    enrich: [ geo: { of: dst_ip, database: builtin }, user: { of: src_ip, table: demo } ]\n    alerts: all\n";
