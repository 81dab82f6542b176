//! The table of a run.

use std::io::Write as _;
use std::time::Duration;

use crate::limits::Figures;

const HEAD: [&str; 9] = [
    "scenario",
    "requests",
    "in 1 s",
    "alerts",
    "dead",
    "peak MiB",
    "p99 ms",
    "slowest ms",
    "s",
];

/// A row for what was played.
pub(crate) fn row(name: &str, figures: &Figures) -> Vec<String> {
    let ms = |time: Duration| time.as_millis().to_string();
    let [in_one, _] = figures.rates;
    vec![
        name.to_owned(),
        figures.requests.to_string(),
        in_one.to_string(),
        figures.alerts.to_string(),
        figures.dead.to_string(),
        figures.peak_mib.to_string(),
        ms(figures.pulse.p99()),
        ms(figures.pulse.slowest()),
        format!("{:.1}", figures.took.as_secs_f64()),
    ]
}

/// Prints the rows as a table of Markdown.
pub(crate) fn print(rows: &[Vec<String>]) {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    say(&line(&HEAD.map(str::to_owned)));
    say(&line(&HEAD.map(|_| "---".to_owned())));
    for row in rows {
        say(&line(row));
    }
}

/// Prints a line.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody may be listening any more.
    drop(writeln!(out, "{line}"));
}
