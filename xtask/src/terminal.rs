//! What the commands print.

use std::io::Write;

/// Prints one line. A closed pipe is nobody's loss.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).ok();
}

/// Prints rows as a table whose first row is its head.
pub(crate) fn table(rows: &[Vec<String>]) {
    for line in lay_out(rows) {
        say(&line);
    }
}

fn lay_out(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            let line: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            line.join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let rows = [["suite", "s"], ["a", "1.5"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(lay_out(&rows), ["suite  s", "a      1.5"]);
    }
}
