//! What the system allows a process.

use std::path::PathBuf;

use super::line::Line;

/// Open files below which the service fails under load: connections, readers, followed files.
const OPEN_FILES_LEAST: u64 = 256;
/// Open files that are enough for every limit of the service.
const OPEN_FILES_ENOUGH: u64 = 1_024;

/// Checks how many files may be open: of the running service, else of this process, which a service that
/// is started from here would inherit.
pub(super) fn open_files(pid: Option<&str>) -> Option<Line> {
    let of = match pid.filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(pid) => pid.to_owned(),
        None => "self".to_owned(),
    };
    let path: PathBuf = ["/proc", &of, "limits"].iter().collect();
    let text = std::fs::read_to_string(path).ok()?;
    Some(judge(soft_limit(&text)?, pid.is_some()))
}

/// The soft limit of open files in the form of Linux; without a bound it is the largest number.
fn soft_limit(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

fn judge(limit: u64, runs: bool) -> Line {
    const CHECK: &str = "open files";
    let whose = if runs {
        "the service"
    } else {
        "a service started from here"
    };
    let what = format!("{whose} may open {limit} files");
    let remedy =
        format!("raise it to {OPEN_FILES_ENOUGH} at least: `ulimit -n`, or LimitNOFILE of systemd");
    if limit < OPEN_FILES_LEAST {
        Line::fail(CHECK, what, remedy)
    } else if limit < OPEN_FILES_ENOUGH {
        Line::warn(CHECK, what, remedy)
    } else {
        Line::ok(CHECK, what)
    }
}

#[cfg(test)]
mod tests {
    use cresset_model::health::Level;

    use super::*;

    #[test]
    fn the_limit_of_open_files_is_read_and_judged() {
        let text = |limit: &str| {
            format!(
                "Limit  Soft Limit  Hard Limit  Units\nMax open files  {limit}  524288  files\n"
            )
        };
        for (limit, level) in [
            ("255", Level::Red),
            ("256", Level::Yellow),
            ("1023", Level::Yellow),
            ("1024", Level::Green),
            ("unlimited", Level::Green),
        ] {
            let found = soft_limit(&text(limit)).map(|limit| judge(limit, true));
            assert_eq!(found.map(|line| line.level), Some(level), "{limit}");
        }
        assert_eq!(soft_limit("nothing of it"), None);
    }
}
