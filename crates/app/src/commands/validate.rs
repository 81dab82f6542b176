//! `cresset validate`: checks a configuration and lists every fault.

use anyhow::Context as _;
use serde_json::json;

use crate::cli::Validate;
use crate::config::{self, Environment};
use crate::exit::Exit;
use crate::notify;
use crate::output::Output;
use crate::plan::Plan;

/// Reads the file and the tables it names; changes nothing, asks nobody and resolves no secret.
pub(crate) fn run(flags: &Validate, output: &Output) -> anyhow::Result<Exit> {
    let environment = Environment::load()?;
    match config::load(&flags.config, &environment) {
        Ok(config) => {
            for pipeline in &config.pipelines {
                Plan::new(pipeline, &config, true)
                    .with_context(|| format!("set up the pipeline `{}`", pipeline.name))?;
            }
            notify::router(&config)?;
            let valid = json!({
                "valid": true,
                "file": flags.config.display().to_string(),
                "pipelines": config.pipelines.iter().map(|p| p.name.clone()).collect::<Vec<_>>(),
            });
            output.one(&valid, |_| {
                format!(
                    "{}: valid, {} pipeline(s)",
                    flags.config.display(),
                    config.pipelines.len()
                )
            })?;
            Ok(Exit::Ok)
        }
        Err(faults) => {
            output.one(&faults.to_json(), |_| faults.to_string())?;
            Ok(Exit::Invalid)
        }
    }
}
