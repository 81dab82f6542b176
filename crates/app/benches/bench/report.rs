//! The table of figures.

use std::io::Write as _;

use serde_json::json;

/// Figures as they come in.
#[derive(Default)]
pub(crate) struct Report {
    /// Whether benches take as much as their goals name, where it takes minutes.
    pub(crate) full: bool,
    rows: Vec<Row>,
}

struct Row {
    work: String,
    value: f64,
    unit: &'static str,
    note: String,
}

impl Report {
    /// Adds the median of some turns, with their spread.
    pub(crate) fn turns(&mut self, work: &str, unit: &'static str, values: &[f64]) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
        let (least, most) = (sorted.first(), sorted.last());
        let note = match (least, most) {
            (Some(least), Some(most)) => {
                format!(
                    "{} turns, {} to {}",
                    values.len(),
                    short(*least),
                    short(*most)
                )
            }
            _ => String::new(),
        };
        self.row(work, unit, median, note);
        median
    }

    /// Adds one figure with a note, such as its goal.
    pub(crate) fn row(
        &mut self,
        work: &str,
        unit: &'static str,
        value: f64,
        note: impl Into<String>,
    ) {
        self.rows.push(Row {
            work: work.to_owned(),
            value,
            unit,
            note: note.into(),
        });
    }

    /// Prints the table.
    pub(crate) fn print(&self) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        for Row {
            work,
            value,
            unit,
            note,
        } in &self.rows
        {
            writeln!(out, "{work:<56} {:>12} {unit:<14} {note}", short(*value))?;
        }
        Ok(())
    }

    /// Writes the figures as JSON.
    pub(crate) fn write(&self, path: &str) -> anyhow::Result<()> {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| json!({ "work": row.work, "value": row.value, "unit": row.unit }))
            .collect();
        Ok(std::fs::write(path, json!(rows).to_string())?)
    }
}

fn short(value: f64) -> String {
    if value >= 1_000.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.3}")
    }
}
