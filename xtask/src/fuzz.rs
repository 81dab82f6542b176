//! Runs the fuzz targets and keeps the inputs that reach the most.
//!
//! libFuzzer is compiled in by the crate `libfuzzer-sys`, and the counters that it steers by come from flags
//! of the stable compiler, so that nothing is installed but a C++ compiler.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, bail};

use crate::needs;
use crate::program::{root, run_with};
use crate::terminal::{say, table};

/// Minutes of each target when nobody says how many.
pub(crate) const MINUTES: u64 = 10;
/// Inputs that are kept of a target; the replay refuses more.
const INPUTS_MAX: usize = 200;
/// Bytes of all of them.
const INPUTS_BYTES_MAX: u64 = 500_000;
/// Counts which edges are taken, and tells libFuzzer what is compared with what.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0 -Ccodegen-units=1";
/// Names the target within the program.
const VARIABLE: &str = "CRESSET_FUZZ_TARGET";

/// How a target ended.
struct Ran {
    executions: String,
    /// What libFuzzer says of the input that broke the property.
    broken: Option<String>,
}

/// Runs one target or all, each for some minutes; whether every property held.
pub(crate) fn run(name: Option<&str>, minutes: u64) -> anyhow::Result<bool> {
    let targets = chosen(targets()?, name)?;
    let program = build()?;
    let mut rows = vec![
        ["target", "minutes", "executions", "result"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut held = true;
    for target in &targets {
        say(&format!("\n=== {target}, {minutes} min ==="));
        let ran = run_one(&program, target, minutes)?;
        held &= ran.broken.is_none();
        let result = ran.broken.unwrap_or_else(|| "held".to_owned());
        rows.push(vec![
            target.clone(),
            minutes.to_string(),
            ran.executions,
            result,
        ]);
    }
    say("");
    table(&rows);
    if !held {
        say(
            "copy the input that is named into fuzz/corpus/TARGET, where a test replays it, and mend \
             what it shows",
        );
    }
    Ok(held)
}

/// Replaces the kept inputs of one target or all by the fewest that reach what all known ones reach.
pub(crate) fn minimize(name: Option<&str>) -> anyhow::Result<bool> {
    let targets = chosen(targets()?, name)?;
    let program = build()?;
    for target in &targets {
        let count = minimize_one(&program, target)?;
        say(&format!("{target}: {count} inputs are kept"));
    }
    Ok(true)
}

/// Every target has a folder of inputs under its name.
fn targets() -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/corpus")).context("list fuzz/corpus")? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn chosen(targets: Vec<String>, name: Option<&str>) -> anyhow::Result<Vec<String>> {
    match name {
        None => Ok(targets),
        Some(name) if targets.iter().any(|known| known == name) => Ok(vec![name.to_owned()]),
        Some(name) => bail!("there is no target `{name}`: {}", targets.join(", ")),
    }
}

fn build() -> anyhow::Result<PathBuf> {
    needs::provide(&["c++"]).map_err(anyhow::Error::msg)?;
    let host = host()?;
    let arguments = [
        "build",
        "--release",
        "--manifest-path",
        "fuzz/Cargo.toml",
        // With a target named, the flags do not reach build scripts.
        "--target",
        &host,
    ];
    if !run_with(env!("CARGO"), &arguments, &[("RUSTFLAGS", FLAGS)])? {
        bail!("the fuzz targets were not built");
    }
    Ok(root()
        .join("fuzz/target")
        .join(host)
        .join("release/cresset-fuzz"))
}

/// The name of this kind of machine.
fn host() -> anyhow::Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("ask rustc")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .context("rustc does not name its host")
}

/// The folder of a target's kept inputs, and that of all that this machine has found.
fn folders(target: &str) -> anyhow::Result<(PathBuf, PathBuf)> {
    let found = root().join("fuzz/target/found").join(target);
    fs::create_dir_all(&found).with_context(|| format!("create {}", found.display()))?;
    Ok((root().join("fuzz/corpus").join(target), found))
}

fn run_one(program: &Path, target: &str, minutes: u64) -> anyhow::Result<Ran> {
    let (kept, found) = folders(target)?;
    let seconds = format!("-max_total_time={}", minutes * 60);
    let prefix = format!(
        "-artifact_prefix={}/broken-{target}-",
        root().join("fuzz/target").display()
    );
    let options = [
        &seconds,
        &prefix,
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ];
    let output = fuzz(program, target, &options, &[&found, &kept])?;
    let text = String::from_utf8_lossy(&output.stderr);
    let value = |label: &str| {
        let line = text.lines().find_map(|line| line.split_once(label));
        line.map(|(_, value)| value.trim().to_owned())
    };
    let broken = || value("Test unit written to").unwrap_or_else(|| format!("{}", output.status));
    Ok(Ran {
        executions: value("stat::number_of_executed_units:").unwrap_or_default(),
        broken: (!output.status.success()).then(broken),
    })
}

fn minimize_one(program: &Path, target: &str) -> anyhow::Result<usize> {
    let (kept, found) = folders(target)?;
    let fewest = tempfile::tempdir().context("create a folder for the inputs")?;
    let output = fuzz(
        program,
        target,
        &["-set_cover_merge=1"],
        &[fewest.path(), &kept, &found],
    )?;
    if !output.status.success() {
        bail!(
            "`{target}` was not minimized: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let inputs = pick(sizes(fewest.path())?);
    fs::remove_dir_all(&kept).with_context(|| format!("empty {}", kept.display()))?;
    fs::create_dir_all(&kept).with_context(|| format!("create {}", kept.display()))?;
    for (path, _) in &inputs {
        let name = path.file_name().context("an input has no name")?;
        fs::copy(path, kept.join(name)).with_context(|| format!("keep {}", path.display()))?;
    }
    Ok(inputs.len())
}

fn fuzz(
    program: &Path,
    target: &str,
    options: &[&str],
    folders: &[&Path],
) -> anyhow::Result<Output> {
    Command::new(program)
        .args(options)
        .arg("-verbosity=0")
        .args(folders)
        .env(VARIABLE, target)
        .current_dir(root())
        .output()
        .with_context(|| format!("run {}", program.display()))
}

/// The files of a folder with their lengths, the shortest first.
fn sizes(folder: &Path) -> anyhow::Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let entry = entry?;
        files.push((entry.path(), entry.metadata()?.len()));
    }
    files.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    Ok(files)
}

/// As many as may be kept, of every length: each at the same distance from the one before it.
fn pick(files: Vec<(PathBuf, u64)>) -> Vec<(PathBuf, u64)> {
    let count = files.len();
    let wanted = count.min(INPUTS_MAX);
    let mut bytes = 0;
    let mut picked = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        let is_due = index * wanted / count != (index + 1) * wanted / count;
        if is_due && bytes + file.1 <= INPUTS_BYTES_MAX {
            bytes += file.1;
            picked.push(file);
        }
    }
    picked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lengths: &[u64], expected: usize) -> Vec<u64> {
        let files = lengths
            .iter()
            .map(|bytes| (PathBuf::from(format!("{bytes}")), *bytes));
        let picked: Vec<u64> = pick(files.collect())
            .into_iter()
            .map(|(_, bytes)| bytes)
            .collect();
        assert_eq!(picked.len(), expected);
        picked
    }

    #[test]
    fn inputs_of_every_length_are_kept_up_to_the_limits() {
        check(&[], 0);
        assert_eq!(check(&[1, 2, 3], 3), [1, 2, 3]);
        let many: Vec<u64> = (1..=1_000).collect();
        let picked = check(&many, INPUTS_MAX);
        assert_eq!((picked[0], picked[INPUTS_MAX - 1]), (5, 1_000));
        check(&[INPUTS_BYTES_MAX - 1, INPUTS_BYTES_MAX], 1);
    }

    #[test]
    fn a_target_that_is_not_there_is_named_with_those_that_are() {
        let targets = || vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(chosen(targets(), Some("b")).unwrap(), ["b"]);
        assert_eq!(chosen(targets(), None).unwrap().len(), 2);
        let error = chosen(targets(), Some("c")).unwrap_err();
        assert_eq!(error.to_string(), "there is no target `c`: a, b");
    }
}
