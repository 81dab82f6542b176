//! `cresset sync`: runs a poll now.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::Sync;
use crate::client::{Client, escape};
use crate::exit::Exit;
use crate::output::{Output, cell};

/// How often a waiting sync looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Starts a sync of one source or of all, and waits for its end if asked.
pub(crate) async fn run(flags: Sync, client: &Client, output: &Output) -> anyhow::Result<Exit> {
    let sources = match flags.source {
        Some(source) => vec![source],
        None => ids(&client.get("/api/v1/sources").await?),
    };
    if sources.is_empty() {
        anyhow::bail!("no source is polled, so there is nothing to sync");
    }
    let mut started = Vec::new();
    for source in sources {
        let force = if flags.force { "?force=true" } else { "" };
        let path = format!("/api/v1/sources/{}/sync{force}", escape(&source));
        let answer = client.post(&path, None).await?;
        started.push((source, answer["turns"].as_u64().unwrap_or(0)));
    }
    if !flags.wait {
        let names: Vec<&String> = started.iter().map(|(source, _)| source).collect();
        output.one(&json!({ "started": names }), |_| "sync started".to_owned())?;
        return Ok(Exit::Ok);
    }
    let mut ended = Vec::new();
    for (source, turns) in started {
        ended.push(wait(client, &source, turns).await?);
    }
    output.many(&ended, |ended| ended.iter().map(line).collect())?;
    let failed = ended
        .iter()
        .any(|source| !source["attempts"][0]["error"].is_null());
    Ok(if failed { Exit::No } else { Exit::Ok })
}

/// The polled ones: the others cannot be synced.
fn ids(sources: &Value) -> Vec<String> {
    let items = sources["items"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    items
        .iter()
        .filter(|source| source["kind"] == "http_poll")
        .filter_map(|source| source["id"].as_str())
        .map(str::to_owned)
        .collect()
}

/// Waits until a turn has ended and the source is not at work on the same round.
async fn wait(client: &Client, source: &str, turns: u64) -> anyhow::Result<Value> {
    let path = format!("/api/v1/sources/{}", escape(source));
    loop {
        let state = client.get(&path).await?;
        let busy = matches!(state["status"].as_str(), Some("syncing" | "retrying"));
        if !busy && state["turns"].as_u64().unwrap_or(0) > turns {
            return Ok(state);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn line(source: &Value) -> String {
    let turn = &source["attempts"][0];
    match turn["error"].as_str() {
        None => format!(
            "{}: {} read, {} new, {} changed, {} dead letters, bookmark {}\n",
            cell(&source["id"]),
            turn["read"],
            turn["new"],
            turn["changed"],
            turn["dead"],
            cell(&source["bookmark"]),
        ),
        Some(error) => format!(
            "{}: failed after {} requests: {}\n",
            cell(&source["id"]),
            turn["requests"],
            crate::output::visible(error),
        ),
    }
}
