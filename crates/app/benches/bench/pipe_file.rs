//! `cresset pipe` as a process, from a file to a file, with all that it reads in one folder.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use anyhow::ensure;

use crate::process::{Usage, watch};

/// Which geography a run has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Geography {
    /// The one in the binary.
    Builtin,
    /// The file `city.mmdb` of the folder.
    City,
}

/// What the folder holds beside `list.txt`, and what each run is told.
pub(crate) struct PipeFile<'a> {
    /// The folder.
    pub(crate) folder: &'a Path,
    /// The geography.
    pub(crate) geography: Geography,
    /// The processors that it may use, as `taskset` names them; all of them if there are none.
    pub(crate) processors: Option<&'static str>,
}

impl PipeFile<'_> {
    /// Runs it over a file of the folder; no record may be refused.
    pub(crate) fn run(&self, input: &str) -> anyhow::Result<Usage> {
        let mut command = self.command()?;
        command
            .stdin(File::open(self.folder.join(input))?)
            .stdout(File::create(self.folder.join("out.ndjson"))?);
        let usage = watch(&mut command, |_| Ok(()))?;
        ensure!(usage.code == 0, "pipe ended with {}", usage.code);
        Ok(usage)
    }

    /// The command, without its input and output.
    pub(crate) fn command(&self) -> anyhow::Result<Command> {
        let program = env!("CARGO_BIN_EXE_cresset");
        let mut command = match self.processors {
            Some(processors) => {
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", processors, program]);
                command
            }
            None => Command::new(program),
        };
        command.args(["pipe", "-c"]).arg(self.config()?);
        Ok(command)
    }

    /// Writes its configuration, `builtin.yaml` or `city.yaml`.
    pub(crate) fn config(&self) -> anyhow::Result<std::path::PathBuf> {
        let (name, database) = match self.geography {
            Geography::Builtin => ("builtin.yaml", "builtin".to_owned()),
            Geography::City => {
                let path = self.folder.join("city.mmdb");
                ("city.yaml", path.display().to_string())
            }
        };
        let list = self.folder.join("list.txt");
        let text = format!(
            "version: 1\nlists: {{ bad: {{ file: {} }} }}\npipelines:\n  nullify:\n    source: {{ stdin: {{}} }}\n    adapter: nullify\n    enrich: [ geo: {{ of: src_ip, database: {database}, fields: [ country, regionName, city, lat, lon ] }} ]\n    detect: [ threat: {{ severity: high, list: bad }} ]\n    alerts: detected\n    sinks: [ stdout: {{}} ]\n",
            list.display()
        );
        let path = self.folder.join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }
}
