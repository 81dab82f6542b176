//! Copies and backups of a data directory whose service goes on.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::commits::{PUSHED, judge};
use super::load::{Load, Shape};
use super::report::Figures;
use crate::crash::process::wait_until;
use crate::crash::service::{DATABASE, Service};

/// Plain copies of the files.
const COPIES: usize = 20;
/// Backups.
const BACKUPS: usize = 5;
/// How long pushes may take to go on.
const PART_MAX: Duration = Duration::from_mins(1);
/// The pushes: long enough to have the log written back often.
const SHAPE: Shape = Shape {
    clients: 3,
    records: 20,
    padding: 1_000,
};

/// Copies the files and backs the store up under load. A backup is whole; of a copy `verify` says whether it is.
pub(crate) fn run(program: &Path, folder: &Path) -> anyhow::Result<Figures> {
    let service = Service::with(program, folder, PUSHED)?;
    let mut process = service.start()?;
    service.wait_for_answers(&mut process)?;
    let load = Load::start(service.port, SHAPE);
    let mut sound = 0;
    for copy in 0..COPIES {
        more(&load)?;
        let to = folder.join(format!("copy-{copy}"));
        std::fs::create_dir(&to).context("create a folder for a copy")?;
        for suffix in ["", "-wal"] {
            let name = format!("{DATABASE}{suffix}");
            std::fs::copy(service.data().join(&name), to.join(&name)).context("copy")?;
        }
        sound += usize::from(verdict(&service, &to)?);
        std::fs::remove_dir_all(&to).context("remove a copy")?;
    }
    let mut before = load.so_far();
    for backup in 0..BACKUPS {
        more(&load)?;
        before = load.so_far();
        let to = folder.join(format!("backup-{backup}"));
        let words = [service.data(), to.clone()].map(|path| path.to_string_lossy().into_owned());
        ensure!(
            service.command(&["backup", &words[0], &words[1]])?,
            "a backup failed"
        );
        ensure!(
            verdict(&service, &to)?,
            "a backup is not whole: {}",
            to.display()
        );
    }
    let pushed = load.finish()?;
    process.stop()?;
    // The last backup has at least what was answered before it began.
    let restored = folder.join("restored");
    let other = Service::with(program, &restored, PUSHED)?;
    let from = folder
        .join(format!("backup-{}", BACKUPS - 1))
        .join(DATABASE);
    std::fs::copy(from, other.data().join(DATABASE)).context("restore")?;
    let mut process = other.start()?;
    other.wait_for_answers(&mut process)?;
    let (missing, doubled, _) = judge(&other, &before)?;
    process.stop()?;
    Ok(Figures {
        passed: missing + doubled == 0,
        text: format!(
            "{} pushes meanwhile; {COPIES} copies of the files: {sound} whole, {} named as damaged by `verify`; \
             {BACKUPS} backups, all whole; of {} records answered before the last one lost {missing}, doubled \
             {doubled}",
            pushed.pushes,
            COPIES - sound,
            before.answered.len(),
        ),
    })
}

fn more(load: &Load) -> anyhow::Result<()> {
    let before = load.pushes();
    wait_until("pushes go on", PART_MAX, || Ok(load.pushes() > before + 5))
}

/// Whether `verify` finds a data directory whole; it says so by a code, and does not break off.
fn verdict(service: &Service, data: &Path) -> anyhow::Result<bool> {
    let data = data.to_string_lossy();
    match service.command_code(&["verify", &data])? {
        Some(0) => Ok(true),
        Some(1 | 3) => Ok(false),
        code => anyhow::bail!("verify ended with {code:?}"),
    }
}
