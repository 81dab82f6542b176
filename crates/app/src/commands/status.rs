//! `cresset status`: health, sources and counts of a running service on one screen.

use serde_json::{Value, json};

use crate::client::Client;
use crate::exit::Exit;
use crate::output::{Output, cell, push, table};

/// Prints the status; the exit code is 1 when the service is not well.
pub(crate) async fn run(client: &Client, output: &Output) -> anyhow::Result<Exit> {
    let health = client.get("/health").await?;
    let sources = client.get("/api/v1/sources").await?;
    let (_, ready) = client.look("/readyz").await?;
    let status = json!({
        "health": health, "sources": sources["items"],
        "level": ready["level"], "findings": ready["findings"]
    });
    output.one(&status, human)?;
    let well = matches!(
        health["system_status"].as_str(),
        Some("idle" | "syncing" | "retrying")
    ) && ready["level"] != "red";
    Ok(if well { Exit::Ok } else { Exit::No })
}

fn human(status: &Value) -> String {
    let health = &status["health"];
    let mut out = format!(
        "system     {}\ndatabase   {}\nlast sync  {}\nsuccess    {}\nbookmark   {}\n",
        cell(&health["system_status"]),
        cell(&health["db_status"]),
        cell(&health["last_sync"]),
        cell(&health["last_success"]),
        cell(&health["last_event_time"]),
    );
    if let Some(error) = health["last_error"].as_str() {
        push(
            &mut out,
            format_args!("error      {}\n", crate::output::visible(error)),
        );
    }
    for finding in status["findings"].as_array().into_iter().flatten() {
        push(
            &mut out,
            format_args!(
                "{:<10} {} {}: {}; since {}\n           what to do: {}\n",
                cell(&finding["level"]),
                cell(&finding["watchdog"]),
                cell(&finding["about"]),
                cell(&finding["what"]),
                cell(&finding["since"]),
                cell(&finding["remedy"]),
            ),
        );
    }
    let columns = [
        ("SOURCE", "/id"),
        ("STATUS", "/status"),
        ("LAG s", "/lag_seconds"),
        ("NEXT SYNC", "/next_sync"),
        ("READ", "/counters/read"),
        ("NEW", "/counters/new"),
        ("CHANGED", "/counters/changed"),
        ("SAME", "/counters/same"),
        ("DEAD", "/counters/dead"),
    ];
    if let Some(sources) = status["sources"].as_array() {
        out.push('\n');
        out.push_str(&table(sources, &columns));
    }
    out
}
