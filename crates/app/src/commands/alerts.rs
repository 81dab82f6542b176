//! `cresset alerts`: lists and shows alerts of a running service.

use serde_json::Value;

use crate::cli::{Alerts, AlertsList};
use crate::client::{Client, escape};
use crate::exit::Exit;
use crate::output::{Output, cell, push, table, visible};

/// Alerts asked for at once.
const PAGE: u64 = 1_000;

/// Carries out `alerts list` and `alerts show`.
pub(crate) async fn run(command: Alerts, client: &Client, output: &Output) -> anyhow::Result<Exit> {
    match command {
        Alerts::List(flags) => list(flags, client, output).await,
        Alerts::Show { id } => {
            let alert = client
                .get(&format!("/api/v1/alerts/{}", escape(&id)))
                .await?;
            output.one(&alert, explain)?;
            Ok(Exit::Ok)
        }
    }
}

async fn list(flags: AlertsList, client: &Client, output: &Output) -> anyhow::Result<Exit> {
    let query = flags
        .query
        .map_or_else(String::new, |query| format!("&q={}", escape(&query)));
    let items = pages(
        client,
        &format!("/api/v1/alerts?{}", query.trim_start_matches('&')),
        flags.limit,
    )
    .await?;
    output.many(&items, |items| {
        if items.is_empty() {
            "no alert matches\n".to_owned()
        } else {
            table(items, &COLUMNS)
        }
    })?;
    Ok(if items.is_empty() && flags.fail_empty {
        Exit::No
    } else {
        Exit::Ok
    })
}

const COLUMNS: [(&str, &str); 8] = [
    ("CREATED", "/created_at"),
    ("SEVERITY", "/severity"),
    ("SOURCE", "/source"),
    ("FROM", "/src_ip"),
    ("TO", "/dst_ip"),
    ("COUNTRY", "/country"),
    ("USER", "/user"),
    ("ID", "/id"),
];

/// Follows the cursors of a list until enough items are there.
pub(super) async fn pages(client: &Client, path: &str, limit: u64) -> anyhow::Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    while (items.len() as u64) < limit {
        let size = PAGE.min(limit - items.len() as u64);
        let mut page = client
            .get(&format!("{path}&limit={size}{cursor}").replace("?&", "?"))
            .await?;
        if let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) {
            items.extend(found);
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={}", escape(next)),
            None => break,
        }
    }
    Ok(items)
}

/// The fields of an alert in the order in which they are read.
const FIELDS: [&str; 12] = [
    "severity",
    "source",
    "upstream_id",
    "description",
    "src_ip",
    "user",
    "dst_ip",
    "country",
    "created_at",
    "ingested_at",
    "updated_at",
    "pipeline",
];

fn explain(alert: &Value) -> String {
    let (id, revision) = (cell(&alert["id"]), &alert["revision"]);
    let mut out = format!("alert {id}  revision {revision}\n");
    for name in FIELDS {
        push(
            &mut out,
            format_args!("  {name:<12} {}\n", cell(&alert[name])),
        );
    }
    origins(&mut out, alert);
    let raw = visible(alert["raw"]["text"].as_str().unwrap_or("-"));
    push(&mut out, format_args!("\nas received\n  {raw}\n"));
    for former in alert["revisions"].as_array().into_iter().flatten() {
        let [until, severity, text] =
            ["replaced_at", "severity", "description"].map(|name| cell(&former[name]));
        let number = &former["revision"];
        push(
            &mut out,
            format_args!("\nrevision {number} until {until}: {severity} {text}\n"),
        );
    }
    out
}

/// Where the values come from: received keys, tables, and what had to be taken with a grain of salt.
fn origins(out: &mut String, alert: &Value) {
    out.push_str("\nwhere its values come from\n");
    for (field, key) in alert["mapping"].as_object().into_iter().flatten() {
        push(
            out,
            format_args!("  {field:<12} received as {}\n", cell(key)),
        );
    }
    for field in ["country", "user"] {
        let from = &alert["provenance"][field];
        if from.is_object() {
            let [of, table, what, how] =
                ["of", "table", "description", "explanation"].map(|name| cell(&from[name]));
            push(
                out,
                format_args!("  {field:<12} of {of}, table {table} ({what}): {how}\n"),
            );
        }
    }
    for note in alert["provenance"]["notes"]
        .as_array()
        .into_iter()
        .flatten()
    {
        push(
            out,
            format_args!("  note         {}\n", cell(&note["text"])),
        );
    }
}
