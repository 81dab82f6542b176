//! `cresset alerts`: lists and shows alerts of a running service.

use serde_json::Value;

use crate::cli::{Alerts, AlertsList};
use crate::client::{Client, escape};
use crate::exit::Exit;
use crate::output::{Output, cell, table, visible};

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

fn explain(alert: &Value) -> String {
    let mut out = format!(
        "alert {}  revision {}\n",
        cell(&alert["id"]),
        alert["revision"]
    );
    let mut row = |name: &str, value: &Value| {
        out.push_str(&format!("  {name:<12} {}\n", cell(value)));
    };
    for name in [
        "severity",
        "source",
        "upstream_id",
        "description",
        "src_ip",
        "user",
        "dst_ip",
        "country",
    ] {
        row(name, &alert[name]);
    }
    for name in ["created_at", "ingested_at", "updated_at", "pipeline"] {
        row(name, &alert[name]);
    }
    out.push_str("\nwhere its values come from\n");
    if let Some(mapping) = alert["mapping"].as_object() {
        for (field, key) in mapping {
            out.push_str(&format!("  {field:<12} received as {}\n", cell(key)));
        }
    }
    for field in ["country", "user"] {
        let from = &alert["provenance"][field];
        if from.is_object() {
            out.push_str(&format!(
                "  {field:<12} of {}, table {} ({}): {}\n",
                cell(&from["of"]),
                cell(&from["table"]),
                cell(&from["description"]),
                cell(&from["explanation"]),
            ));
        }
    }
    for note in alert["provenance"]["notes"]
        .as_array()
        .into_iter()
        .flatten()
    {
        out.push_str(&format!("  note         {}\n", cell(&note["text"])));
    }
    out.push_str(&format!(
        "\nas received\n  {}\n",
        visible(alert["raw"]["text"].as_str().unwrap_or("-"))
    ));
    for revision in alert["revisions"].as_array().into_iter().flatten() {
        out.push_str(&format!(
            "\nrevision {} until {}: {} {}\n",
            revision["revision"],
            cell(&revision["replaced_at"]),
            cell(&revision["severity"]),
            cell(&revision["description"]),
        ));
    }
    out
}
