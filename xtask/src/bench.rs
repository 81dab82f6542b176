//! Starts the benches and compares with the last run.
//!
//! The bench target prints its own table. With `--json PATH` it also writes one array there:
//! `[{"work": "...", "value": 1.5, "unit": "..."}]`, which is what is kept and compared.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::program::{cargo, root};
use crate::terminal::{say, table};

pub(crate) mod builds;
mod children;
pub(crate) mod compare;
pub(crate) mod count;
mod peers;

/// Where the last results are kept; git ignores it.
const FOLDER: &str = ".bench";

/// A figure of a bench.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    work: String,
    value: f64,
    unit: String,
}

/// The bench that has a program of its own, whose allocator counts.
const ALLOCATIONS: &str = "allocations";

/// Runs the benches, of one name or all, and prints the change. `full` takes the sizes that the goals name.
pub(crate) fn run(name: Option<&str>, full: bool) -> anyhow::Result<bool> {
    let folder = root().join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("create {FOLDER}"))?;
    let (fresh, last) = (folder.join("fresh.json"), folder.join("last.json"));
    let mut rows = Vec::new();
    for target in targets(name) {
        let Some(more) = measure(target, name, full, &fresh)? else {
            return Ok(false);
        };
        rows.extend(more);
    }
    let before = if last.exists() {
        read(&last)?
    } else {
        Vec::new()
    };
    say("");
    table(&compare(&before, &rows));
    write(&last, &merge(before, rows))?;
    Ok(true)
}

/// The programs that have the benches of a name.
fn targets(name: Option<&str>) -> &'static [&'static str] {
    match name {
        None => &["bench", "counts"],
        Some(ALLOCATIONS) => &["counts"],
        Some(_) => &["bench"],
    }
}

fn measure(
    target: &str,
    name: Option<&str>,
    full: bool,
    fresh: &Path,
) -> anyhow::Result<Option<Vec<Row>>> {
    let path = fresh.to_string_lossy();
    if fresh.exists() {
        fs::remove_file(fresh).with_context(|| format!("remove {path}"))?;
    }
    let mut arguments = vec!["bench", "-p", "cresset", "--bench", target, "--"];
    arguments.extend(name);
    arguments.extend(full.then_some("--full"));
    arguments.extend(["--json", &path]);
    if !cargo(&arguments)? {
        return Ok(None);
    }
    read(fresh).map(Some)
}

fn read(path: &Path) -> anyhow::Result<Vec<Row>> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    parse(&text).with_context(|| format!("read {}", path.display()))
}

fn parse(text: &str) -> anyhow::Result<Vec<Row>> {
    let Value::Array(rows) = serde_json::from_str(text)? else {
        bail!("an array of rows is expected");
    };
    rows.iter()
        .map(|row| {
            Some(Row {
                work: row.get("work")?.as_str()?.to_owned(),
                value: row.get("value")?.as_f64()?,
                unit: row.get("unit")?.as_str()?.to_owned(),
            })
        })
        .collect::<Option<_>>()
        .context("a row needs `work`, `value` and `unit`")
}

fn write(path: &Path, rows: &[Row]) -> anyhow::Result<()> {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| json!({"work": row.work, "value": row.value, "unit": row.unit}))
        .collect();
    fs::write(path, Value::Array(rows).to_string())
        .with_context(|| format!("write {}", path.display()))
}

/// The table of what was measured, beside what was measured before.
fn compare(before: &[Row], rows: &[Row]) -> Vec<Vec<String>> {
    let mut lines = vec![
        ["work", "now", "before", "change", "unit"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for row in rows {
        let old = before
            .iter()
            .find(|old| old.work == row.work && old.unit == row.unit);
        let change = match old {
            Some(old) if old.value != 0.0 => {
                format!("{:+.1} %", (row.value / old.value - 1.0) * 100.0)
            }
            _ => "-".to_owned(),
        };
        lines.push(vec![
            row.work.clone(),
            format!("{:.3}", row.value),
            old.map_or_else(|| "-".to_owned(), |old| format!("{:.3}", old.value)),
            change,
            row.unit.clone(),
        ]);
    }
    lines
}

/// The latest figure of each work: a run of one bench keeps the others' figures.
fn merge(mut before: Vec<Row>, rows: Vec<Row>) -> Vec<Row> {
    before.retain(|old| rows.iter().all(|row| row.work != old.work));
    before.extend(rows);
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(work: &str, value: f64) -> Row {
        Row {
            work: work.to_owned(),
            value,
            unit: "M/s".to_owned(),
        }
    }

    #[test]
    fn the_change_is_shown() {
        let lines = compare(&[row("a", 2.0)], &[row("a", 3.0), row("b", 1.0)]);
        assert_eq!(
            lines.get(1).unwrap(),
            &["a", "3.000", "2.000", "+50.0 %", "M/s"]
        );
        assert_eq!(lines.get(2).unwrap(), &["b", "1.000", "-", "-", "M/s"]);
    }

    #[test]
    fn a_run_of_one_bench_keeps_the_figures_of_the_others() {
        let merged = merge(vec![row("a", 1.0), row("b", 1.0)], vec![row("a", 2.0)]);
        assert_eq!(merged, [row("b", 1.0), row("a", 2.0)]);
    }

    #[test]
    fn rows_read_back_and_a_wrong_row_is_refused() {
        let text = r#"[{"work": "a", "value": 2, "unit": "M/s"}]"#;
        assert_eq!(parse(text).unwrap(), [row("a", 2.0)]);
        let error = parse(r#"[{"work": "a"}]"#).unwrap_err();
        assert_eq!(error.to_string(), "a row needs `work`, `value` and `unit`");
    }
}
