//! Instructions of the headline works, counted by callgrind on inputs that are always the same, beside the
//! committed figures. A busy machine does not change them; another compiler or processor does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value, json};

use crate::program::{cargo_command, root};
use crate::terminal::{say, table};

/// The committed figures.
const KEPT: &str = "crates/app/benches/counts.json";
/// By how much a figure may differ from the committed one.
const TOLERANCE: f64 = 0.05;
/// The function that is counted, and all that it calls.
const REGION: &str = "*the_counted_work*";
const ACCEPT: &str = "cargo x bench --count --accept";

/// Instructions of an event, work by work, and what they hold for.
#[derive(Debug, Clone, PartialEq)]
struct Counts {
    made_with: String,
    works: Vec<(String, f64)>,
}

/// What became of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Within,
    Grown,
    Fallen,
    New,
    Gone,
}

/// Counts and compares, or keeps what was counted; whether nothing has grown.
pub(crate) fn run(accept: bool) -> anyhow::Result<bool> {
    let Some(program) = build()? else {
        return Ok(false);
    };
    let fresh = Counts {
        made_with: made_with()?,
        works: count(&program)?,
    };
    let path = root().join(KEPT);
    let kept = if path.exists() {
        let text = fs::read_to_string(&path).with_context(|| format!("read {KEPT}"))?;
        Counts::parse(&text).with_context(|| format!("read {KEPT}"))?
    } else {
        Counts {
            made_with: fresh.made_with.clone(),
            works: Vec::new(),
        }
    };
    let changes = compare(&kept, &fresh);
    table(&lines(&kept, &fresh, &changes));
    if accept {
        fs::write(&path, fresh.text()).with_context(|| format!("write {KEPT}"))?;
        say(&format!("\nkept in {KEPT}: commit it, and say why"));
        return Ok(true);
    }
    let (passed, words) = judge(&kept, &fresh, &changes);
    for line in words {
        say(&line);
    }
    Ok(passed)
}

/// Builds the works as they are shipped, and says where the program lies.
fn build() -> anyhow::Result<Option<PathBuf>> {
    let arguments = [
        "build",
        "--release",
        "-p",
        "cresset",
        "--bench",
        "counts",
        "--message-format=json-render-diagnostics",
    ];
    say(&format!("$ cargo {}", arguments.join(" ")));
    let output = cargo_command()
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .context("failed to run cargo")?;
    if !output.status.success() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let program = text.lines().find_map(executable);
    program.context("cargo names no program").map(Some)
}

/// The program that a message of cargo tells of, if it is ours.
fn executable(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_ours = message.pointer("/target/name")?.as_str()? == "counts";
    let path = message.get("executable")?.as_str()?;
    is_ours.then(|| PathBuf::from(path))
}

/// Runs each work under callgrind.
fn count(program: &Path) -> anyhow::Result<Vec<(String, f64)>> {
    let folder = tempfile::tempdir().context("make a folder")?;
    let out = folder.path().join("out");
    let names = said(Command::new(program).arg("--works"))?;
    let mut works = Vec::new();
    for name in names.lines() {
        say(&format!(
            "$ valgrind --tool=callgrind counts --work '{name}'"
        ));
        let mut command = Command::new("valgrind");
        command
            .args(["--tool=callgrind", "--quiet", "--collect-atstart=no"])
            .arg(format!("--toggle-collect={REGION}"))
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(program)
            .args(["--work", name]);
        let events: f64 = said(&mut command)?
            .trim()
            .parse()
            .context("how many events?")?;
        let text = fs::read_to_string(&out).context("read what callgrind wrote")?;
        let instructions = total(&text).with_context(|| format!("{name} was not counted"))?;
        works.push((name.to_owned(), instructions / events));
    }
    Ok(works)
}

/// What a program writes.
fn said(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("failed to run `{name}`; is it installed?"))?;
    if !output.status.success() {
        bail!(
            "{name} failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    String::from_utf8(output.stdout).context("read what a program says")
}

/// The total of a file of callgrind; nothing is no count.
fn total(text: &str) -> Option<f64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("totals: "))?;
    line.trim().parse().ok().filter(|total| *total > 0.0)
}

/// What figures hold for: the compiler, and which instructions there are.
fn made_with() -> anyhow::Result<String> {
    let output = Command::new("rustc")
        .arg("--version")
        .current_dir(root())
        .output()
        .context("failed to run `rustc`")?;
    ensure!(output.status.success(), "`rustc --version` failed");
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let wide = if flags.split_whitespace().any(|flag| flag == "avx2") {
        " with avx2"
    } else {
        ""
    };
    Ok(format!("{version}, {}{wide}", std::env::consts::ARCH))
}

impl Counts {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let value: Value = serde_json::from_str(text)?;
        let parts = || {
            let made_with = value.get("made_with")?.as_str()?.to_owned();
            let works = value.get("instructions_per_event")?.as_object()?;
            let works = works.iter().map(|(work, count)| {
                let count = count.as_f64()?;
                Some((work.clone(), count))
            });
            Some(Self {
                made_with,
                works: works.collect::<Option<_>>()?,
            })
        };
        parts().context("`made_with` and `instructions_per_event` are expected")
    }

    fn text(&self) -> String {
        let works: Map<String, Value> = self
            .works
            .iter()
            .map(|(work, count)| (work.clone(), json!((count * 10.0).round() / 10.0)))
            .collect();
        let value = json!({"made_with": self.made_with, "instructions_per_event": works});
        format!("{value:#}\n")
    }

    fn of(&self, work: &str) -> Option<f64> {
        let found = self.works.iter().find(|(name, _)| name == work);
        found.map(|(_, count)| *count)
    }
}

/// What became of each work, those that are counted now first.
fn compare(kept: &Counts, fresh: &Counts) -> Vec<(String, Change)> {
    let now = fresh.works.iter().map(|(work, count)| {
        let change = match kept.of(work) {
            None => Change::New,
            Some(kept) if *count > kept * (1.0 + TOLERANCE) => Change::Grown,
            Some(kept) if *count < kept * (1.0 - TOLERANCE) => Change::Fallen,
            Some(_) => Change::Within,
        };
        (work.clone(), change)
    });
    let gone = kept
        .works
        .iter()
        .filter(|(work, _)| fresh.of(work).is_none());
    now.chain(gone.map(|(work, _)| (work.clone(), Change::Gone)))
        .collect()
}

fn lines(kept: &Counts, fresh: &Counts, changes: &[(String, Change)]) -> Vec<Vec<String>> {
    let head = ["work", "instructions an event", "committed", "change", ""];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for (work, change) in changes {
        let (new, old) = (fresh.of(work), kept.of(work));
        let figure =
            |count: Option<f64>| count.map_or_else(|| "-".to_owned(), |it| format!("{it:.1}"));
        let percent = match (new, old) {
            (Some(new), Some(old)) => format!("{:+.1} %", (new / old - 1.0) * 100.0),
            _ => "-".to_owned(),
        };
        let word = match change {
            Change::Within => "",
            Change::Grown => "GREW",
            Change::Fallen => "fell",
            Change::New => "is not committed",
            Change::Gone => "is not counted any more",
        };
        lines.push(vec![
            work.clone(),
            figure(new),
            figure(old),
            percent,
            word.to_owned(),
        ]);
    }
    lines
}

/// Whether the figures pass, and what to say of them.
fn judge(kept: &Counts, fresh: &Counts, changes: &[(String, Change)]) -> (bool, Vec<String>) {
    let of = |wanted: &[Change]| -> Vec<&str> {
        let some = changes.iter().filter(|(_, change)| wanted.contains(change));
        some.map(|(work, _)| work.as_str()).collect()
    };
    let mut words = Vec::new();
    let fallen = of(&[Change::Fallen]);
    if !fallen.is_empty() {
        words.push(format!(
            "\nfell by more than 5 %: {}. Keep it, so that it cannot grow back unseen: {ACCEPT}",
            fallen.join("; ")
        ));
    }
    let unknown = of(&[Change::New, Change::Gone]);
    if !unknown.is_empty() {
        words.push(format!(
            "\ncounted or committed alone: {}. Commit what is counted: {ACCEPT}",
            unknown.join("; ")
        ));
    }
    let grown = of(&[Change::Grown]);
    let is_comparable = kept.made_with == fresh.made_with;
    if !is_comparable {
        words.push(format!(
            "\nnot judged: the committed figures hold for {}, these for {}",
            kept.made_with, fresh.made_with
        ));
    } else if !grown.is_empty() {
        words.push(format!(
            "\ngrew by more than 5 %: {}. Find out why (`valgrind --tool=callgrind`, then \
             `callgrind_annotate`); if it is worth it, keep the new figures and say why in the commit: {ACCEPT}",
            grown.join("; ")
        ));
    }
    let passed = unknown.is_empty() && (grown.is_empty() || !is_comparable);
    (passed, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(made_with: &str, works: &[(&str, f64)]) -> Counts {
        let works = works
            .iter()
            .map(|(work, count)| ((*work).to_owned(), *count));
        Counts {
            made_with: made_with.to_owned(),
            works: works.collect(),
        }
    }

    fn check(kept: &Counts, fresh: &Counts, expected: bool, say: &str) {
        let changes = compare(kept, fresh);
        let (passed, words) = judge(kept, fresh, &changes);
        let words = words.concat();
        assert_eq!(passed, expected, "{words}");
        assert!(words.contains(say), "{words}");
        assert!(!say.is_empty() || words.is_empty(), "{words}");
    }

    #[test]
    fn what_stays_within_five_percent_passes_in_silence() {
        let kept = counts("a", &[("pipe", 1_000.0)]);
        check(&kept, &counts("a", &[("pipe", 1_049.0)]), true, "");
        check(&kept, &counts("a", &[("pipe", 951.0)]), true, "");
    }

    #[test]
    fn what_grew_fails_by_name_and_says_how_to_accept_it() {
        let kept = counts("a", &[("pipe", 1_000.0), ("step", 10.0)]);
        let fresh = counts("a", &[("pipe", 1_051.0), ("step", 10.0)]);
        check(&kept, &fresh, false, "grew by more than 5 %: pipe. ");
        check(&kept, &fresh, false, ACCEPT);
        let lines = lines(&kept, &fresh, &compare(&kept, &fresh));
        assert_eq!(
            lines.get(1).unwrap(),
            &["pipe", "1051.0", "1000.0", "+5.1 %", "GREW"]
        );
    }

    #[test]
    fn what_fell_passes_and_is_told() {
        let kept = counts("a", &[("pipe", 1_000.0)]);
        let fresh = counts("a", &[("pipe", 949.0)]);
        check(&kept, &fresh, true, "fell by more than 5 %: pipe. ");
    }

    #[test]
    fn a_work_that_stands_on_one_side_only_fails() {
        let (one, two) = (counts("a", &[("x", 1.0)]), counts("a", &[]));
        check(&one, &two, false, "alone: x. ");
        check(&two, &one, false, "alone: x. ");
    }

    #[test]
    fn figures_of_another_compiler_or_machine_are_told_and_not_judged() {
        let kept = counts("a", &[("pipe", 1_000.0)]);
        let fresh = counts("b", &[("pipe", 2_000.0)]);
        check(&kept, &fresh, true, "not judged");
    }

    #[test]
    fn what_is_committed_reads_back() {
        let kept = counts("a", &[("pipe", 1_000.5), ("step", 10.0)]);
        assert_eq!(Counts::parse(&kept.text()).unwrap(), kept);
        let error = Counts::parse("{}").unwrap_err().to_string();
        assert_eq!(
            error,
            "`made_with` and `instructions_per_event` are expected"
        );
    }

    #[test]
    fn the_total_of_a_file_is_read_and_none_is_no_count() {
        assert_eq!(total("version: 1\ntotals: 42\n"), Some(42.0));
        assert_eq!(total("totals: 0\n"), None);
        assert_eq!(total("version: 1\n"), None);
    }

    #[test]
    fn the_program_is_the_one_that_cargo_names() {
        let message = r#"{"target": {"name": "counts"}, "executable": "/t/counts-1"}"#;
        assert_eq!(executable(message), Some(PathBuf::from("/t/counts-1")));
        let library = r#"{"target": {"name": "counts"}, "executable": null}"#;
        assert_eq!(executable(library), None);
        assert_eq!(executable(&message.replace("\"counts\"", "\"x\"")), None);
    }
}
