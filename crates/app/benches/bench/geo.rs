//! The table of places of a large database: how long it takes to build, what it takes of memory, and what the
//! service takes while the file is replaced.

use std::path::Path;
use std::time::Duration;

use anyhow::{bail, ensure};
use cresset_connectors::lookups::read_city;
use cresset_model::city::CityField;

use crate::city::City;
use crate::cpu;
use crate::events::{SEED, Senders, Size, lines};
use crate::process::Service;
use crate::report::Report;
use crate::service::clock;

/// Turns of each.
const TURNS: usize = 5;
/// How often the service is asked whether it has taken the new file.
const ASK_EVERY: Duration = Duration::from_millis(5);
const ASKED_MAX: usize = 10_000;
/// How long a service is left alone after its start.
const SETTLE: Duration = Duration::from_secs(3);
const MIB: f64 = 1_048_576.0;

/// Build, size, and the peak of a reload.
pub(crate) fn geo(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("city.mmdb");
    let city = City::invent(SEED);
    std::fs::write(&path, &city.file)?;
    let file_mib = city.file.len() as f64 / MIB;
    let (mut walls, mut seconds, mut sizes) = (vec![], vec![], vec![]);
    for _ in 0..TURNS {
        let begun = clock();
        // It is built on a thread of its own, so that the time of the process counts.
        let before = cpu::of_process(std::process::id())?;
        let table = read_city(&path, "src_ip", &CityField::ALL)?;
        seconds.push(cpu::of_process(std::process::id())? - before);
        walls.push(begun.elapsed().as_secs_f64());
        sizes.push(table.size_bytes() as f64 / MIB);
    }
    let name = format!("geo table of {} nodes", city.nodes);
    report.turns(&format!("{name}, built (goal 3)"), "s", &walls);
    report.turns(&format!("{name}, processor time"), "CPU s", &seconds);
    report.turns(&format!("{name}, size (goal 114)"), "MiB", &sizes);
    report.row(&format!("{name}, its file"), "MiB", file_mib, "");
    reload(folder.path(), &city.file, report)
}

/// Replaces the file under a running service, which goes on taking events.
fn reload(folder: &Path, file: &[u8], report: &mut Report) -> anyhow::Result<()> {
    let (mut before, mut peaks, mut waits) = (vec![], vec![], vec![]);
    for turn in 0..TURNS {
        let (own, log) = (folder.join(turn.to_string()), folder.join("log"));
        std::fs::create_dir(&own)?;
        let rest = format!(
            "pipelines:\n  nullify:\n    source: {{ push: {{}} }}\n    adapter: nullify\n    enrich: [ geo: {{ of: src_ip, database: {}, fields: [ country, city ] }} ]\n    detect: [ threat: {{ severity: high }} ]\n    alerts: detected\n",
            folder.join("city.mmdb").display()
        );
        let service = Service::start_logging(&own, &rest, &log)?;
        service.ready()?;
        // The memory of the first reading goes back to the system within some seconds.
        std::thread::sleep(SETTLE);
        before.push(service.memory_mib("VmRSS")?);
        service.forget_peak()?;
        std::fs::write(folder.join("next"), file)?;
        std::fs::rename(folder.join("next"), folder.join("city.mmdb"))?;
        waits.push(push_until_reloaded(&service, &log)?);
        peaks.push(service.memory_mib("VmHWM")?);
        service.stop()?;
    }
    let name = "geo table replaced under a running service";
    report.turns(&format!("{name}, memory before"), "MiB", &before);
    report.turns(&format!("{name}, peak"), "MiB", &peaks);
    report.turns(&format!("{name}, longest wait of a push"), "ms", &waits);
    Ok(())
}

/// Pushes events one after the other until the service says that it has the new file; the longest answer.
fn push_until_reloaded(service: &Service, log: &Path) -> anyhow::Result<f64> {
    let event = lines(1, Senders::Talkers, Size::Short);
    let mut most: f64 = 0.0;
    for _ in 0..ASKED_MAX {
        let begun = clock();
        let status = service.post("/api/v1/events/nullify", &event)?;
        most = most.max(begun.elapsed().as_secs_f64() * 1e3);
        ensure!(status / 100 == 2, "a push was answered with {status}");
        if std::fs::read_to_string(log)?.contains("table reloaded") {
            return Ok(most);
        }
        std::thread::sleep(ASK_EVERY);
    }
    bail!("the service did not take the new file")
}
