//! `cresset alerts`: lists and shows alerts of a running service.

use serde_json::Value;

use super::outbox::{attempts, overview};
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
const FIELDS: [&str; 13] = [
    "title",
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
    fired(&mut out, alert);
    told(&mut out, alert);
    origins(&mut out, alert);
    let raw = visible(alert["raw"]["text"].as_str().unwrap_or("-"));
    push(&mut out, format_args!("\nas received\n  {raw}\n"));
    if let Some(enriched) = alert["enriched"]["text"].as_str() {
        let enriched = visible(enriched);
        push(
            &mut out,
            format_args!("\nwith its additions\n  {enriched}\n"),
        );
    }
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

/// What fired, with its evidence.
fn fired(out: &mut String, alert: &Value) {
    let matches = alert["matches"].as_array().map(Vec::as_slice);
    for (index, fired) in matches.unwrap_or_default().iter().enumerate() {
        if index == 0 {
            out.push_str("\nwhy it is an alert\n");
        }
        let [rule, field, value, list, entry, origin] =
            ["rule", "field", "value", "list", "entry", "origin"].map(|name| cell(&fired[name]));
        push(out, format_args!("  {rule:<16} {field} is {value}"));
        if !fired["list"].is_null() {
            push(
                out,
                format_args!(", entry {entry} of list {list} ({origin})"),
            );
        }
        out.push('\n');
    }
}

/// Who was told of it, with every try.
fn told(out: &mut String, alert: &Value) {
    let deliveries = alert["deliveries"].as_array().map(Vec::as_slice);
    let deliveries = deliveries.unwrap_or_default();
    if !deliveries.is_empty() {
        out.push_str("\nwho was told\n");
        out.push_str(&overview(deliveries));
    }
    for delivery in deliveries {
        let [id, receiver] = ["id", "receiver"].map(|name| cell(&delivery[name]));
        push(out, format_args!("\nattempts of {id} to {receiver}\n"));
        let attempts = attempts(delivery);
        if attempts.is_empty() {
            out.push_str("  none yet\n");
        }
        for attempt in attempts {
            push(out, format_args!("  {attempt}\n"));
        }
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_alert_is_shown_with_every_try_to_tell_of_it() {
        let tried = json!([
            {"number": 1, "begun": "t1", "ended": "t2", "error": "HTTP 500"},
            {"number": 2, "begun": "t3", "ended": "t4", "error": null},
        ]);
        let delivery = |id, attempts| json!({"id": id, "receiver": "soc/0", "attempts": attempts});
        let alert = json!({"deliveries": [delivery("D1", tried), delivery("D2", json!([]))]});
        let text = explain(&alert);
        for part in [
            "attempts of D1 to soc/0\n  1  t1 to t2  HTTP 500\n  2  t3 to t4  taken\n",
            "attempts of D2 to soc/0\n  none yet\n",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
