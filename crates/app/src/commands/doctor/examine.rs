//! Chooses what is checked, and prints what was found.

use cresset_model::health::{Level, WatchLimits};
use cresset_model::ports::Clock as _;
use serde_json::Value;

use super::line::Line;
use super::{configuration, directory, service};
use crate::cli::Doctor;
use crate::client::Client;
use crate::clock::SystemClock;
use crate::exit::Exit;
use crate::output::{Output, push, visible};

/// Checks what the flags name; the exit code says the worst that was found.
pub(crate) async fn run(flags: Doctor, client: Client, output: &Output) -> anyhow::Result<Exit> {
    let now = SystemClock.now();
    let lines = match (&flags.data, &flags.config) {
        (Some(data), _) => directory::check(data, &WatchLimits::default(), now),
        (None, Some(file)) => configuration::check(file, now),
        (None, None) => service::check(&client, now).await,
    };
    let values: Vec<Value> = lines.iter().map(Line::to_json).collect();
    output.many(&values, |_| human(&lines))?;
    let worst = lines.iter().map(|line| line.level).max();
    Ok(match worst.unwrap_or_default() {
        Level::Green => Exit::Ok,
        Level::Yellow => Exit::No,
        Level::Red => Exit::Faulty,
    })
}

fn human(lines: &[Line]) -> String {
    let mut out = String::new();
    let width = lines.iter().map(|line| line.check.len()).max().unwrap_or(0);
    for line in lines {
        let (word, check) = (line.word(), line.check);
        let what = visible(&line.what);
        push(
            &mut out,
            format_args!("{word:<5} {check:<width$}  {what}\n"),
        );
        if !line.remedy.is_empty() {
            let remedy = visible(&line.remedy);
            push(
                &mut out,
                format_args!("{:<5} {:<width$}  -> {remedy}\n", "", ""),
            );
        }
    }
    let count = |level| lines.iter().filter(|line| line.level == level).count();
    let (warnings, faults) = (count(Level::Yellow), count(Level::Red));
    let verdict = match (warnings, faults) {
        (0, 0) => "all is well".to_owned(),
        _ => format!("{faults} to mend, {warnings} to look at"),
    };
    push(&mut out, format_args!("{verdict}\n"));
    out
}
