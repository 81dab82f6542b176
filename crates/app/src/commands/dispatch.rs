//! From the command line to the command.

use std::future::Future;

use anyhow::Context as _;
use tracing::level_filters::LevelFilter;

use super::{
    alerts, backup, config, demo, dlq, doctor, mock, outbox, pipe, produce, run, status, sync,
    validate, verify,
};
use crate::cli::{Cli, Command};
use crate::client::Client;
use crate::exit::Exit;
use crate::output::Output;
use crate::telemetry;

/// Carries a command out and says how the process ends.
pub(crate) fn dispatch(cli: Cli) -> anyhow::Result<Exit> {
    let Cli { global, command } = cli;
    let level = match command {
        Command::Run(_) => LevelFilter::INFO,
        _ => LevelFilter::WARN,
    };
    telemetry::start(&global, level);
    cresset_connectors::tls::install();
    let output = Output::new(&global);
    let client = || Client::new(&global.url);
    match command {
        Command::Demo(flags) => block_on(demo::run(flags)),
        Command::Run(flags) => block_on(run::run(flags)),
        Command::Mock(flags) => block_on(mock::run(flags)),
        Command::Validate(flags) => validate::run(&flags, &output),
        Command::Produce(flags) => block_on(produce::run(flags, &global.url)),
        Command::Pipe(flags) => pipe::run(&flags),
        Command::Verify(flags) => verify::run(&flags, &output),
        Command::Doctor(flags) => block_on(doctor::run(flags, client()?, &output)),
        Command::Backup(flags) => backup::run(&flags, &output),
        Command::Status => block_on(status::run(&client()?, &output)),
        Command::Sync(flags) => block_on(sync::run(flags, &client()?, &output)),
        Command::Alerts(flags) => block_on(alerts::run(flags, &client()?, &output)),
        Command::Dlq(flags) => block_on(dlq::run(flags, &client()?, &output)),
        Command::Outbox(flags) => block_on(outbox::run(flags, &client()?, &output)),
        Command::Config(flags) => block_on(config::run(flags, &client()?, &output)),
    }
}

fn block_on(command: impl Future<Output = anyhow::Result<Exit>>) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the async runtime")?;
    runtime.block_on(command)
}
