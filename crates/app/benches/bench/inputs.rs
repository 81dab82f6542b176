//! The files that other programs are measured with.

use std::path::Path;

use crate::city::City;
use crate::events::{SEED, Senders, Size, indicators, lines};
use crate::pipe_file::{Geography, PipeFile};

/// Events.
const EVENTS: usize = 500_000;
/// Entries of the list.
const INDICATORS: usize = 10_000;

/// Writes events, a database of places, a list in two forms, and the configuration of `cresset pipe`.
pub(crate) fn write(folder: &Path) -> anyhow::Result<()> {
    let list = indicators(INDICATORS);
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("city.mmdb"), City::invent(SEED).file)?;
    std::fs::write(folder.join("list.csv"), format!("address\n{list}"))?;
    std::fs::write(folder.join("list.txt"), list)?;
    std::fs::write(folder.join("empty.ndjson"), "")?;
    std::fs::write(
        folder.join("in.ndjson"),
        lines(EVENTS, Senders::Talkers, Size::Short),
    )?;
    let pipe = PipeFile {
        folder,
        geography: Geography::City,
        processors: None,
    };
    pipe.config()?;
    Ok(())
}
