//! Two cores beside one: `cresset pipe` from file to file, bound to one processor and to two.

use anyhow::ensure;

use crate::city::City;
use crate::events::{SEED, Senders, Size, indicators, lines};
use crate::pipe_file::{Geography, PipeFile};
use crate::report::Report;

/// Turns of each.
const TURNS: usize = 7;
/// Events of a turn.
const EVENTS: usize = 2_000_000;
/// Entries of the list.
const INDICATORS: usize = 10_000;

/// By the wall clock, as two cores are of no use to the processor time: the machine must be idle.
pub(crate) fn cores(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    std::fs::write(folder.join("city.mmdb"), City::invent(SEED).file)?;
    std::fs::write(folder.join("list.txt"), indicators(INDICATORS))?;
    std::fs::write(folder.join("empty.ndjson"), "")?;
    std::fs::write(
        folder.join("in.ndjson"),
        lines(EVENTS, Senders::Talkers, Size::Short),
    )?;
    let [one, two] = ["0", "0,1"].map(|processors| PipeFile {
        folder,
        geography: Geography::City,
        processors: Some(processors),
    });
    let mut rates: [Vec<f64>; 2] = Default::default();
    let (mut ratios, mut costs) = (vec![], vec![]);
    let mut written: Option<Vec<u8>> = None;
    for _ in 0..TURNS {
        let mut turns = [(0.0, 0.0); 2];
        for (pipe, (wall, cpu)) in [&one, &two].into_iter().zip(&mut turns) {
            let (alone, usage) = (pipe.run("empty.ndjson")?, pipe.run("in.ndjson")?);
            *wall = usage.wall_seconds - alone.wall_seconds;
            *cpu = usage.cpu_seconds - alone.cpu_seconds;
            let now = std::fs::read(folder.join("out.ndjson"))?;
            let first = written.get_or_insert_with(|| now.clone());
            ensure!(*first == now, "two cores write other lines than one");
        }
        let [(one_wall, one_cpu), (two_wall, two_cpu)] = turns;
        rates[0].push(EVENTS as f64 / one_wall);
        rates[1].push(EVENTS as f64 / two_wall);
        ratios.push(one_wall / two_wall);
        costs.push(two_cpu / one_cpu);
    }
    let name = "pipe, file to file, city database";
    report.turns(&format!("{name}, one core"), "events/s", &rates[0]);
    report.turns(&format!("{name}, two cores"), "events/s", &rates[1]);
    report.turns("two cores / one (goal 1.8)", "", &ratios);
    report.turns("two cores / one, processor time", "", &costs);
    Ok(())
}
