//! `cresset outbox`: lists, shows and retries deliveries of a running service, and tests receivers.

use serde_json::{Value, json};

use super::alerts::pages;
use crate::cli::{Outbox, OutboxList};
use crate::client::{Client, escape};
use crate::exit::Exit;
use crate::output::{Output, cell, table};

/// Carries out `outbox list`, `outbox show`, `outbox retry` and `outbox test`.
pub(crate) async fn run(command: Outbox, client: &Client, output: &Output) -> anyhow::Result<Exit> {
    match command {
        Outbox::List(flags) => list(flags, client, output).await,
        Outbox::Show { id } => {
            let path = format!("/api/v1/deliveries/{}", escape(&id));
            output.one(&client.get(&path).await?, explain)?;
            Ok(Exit::Ok)
        }
        Outbox::Retry { ids } => retry(&ids, client, output).await,
        Outbox::Test { receiver } => {
            let path = format!("/api/v1/receivers/{}/test", escape(&receiver));
            output.one(&client.post(&path, None).await?, delivered)?;
            Ok(Exit::Ok)
        }
    }
}

async fn list(flags: OutboxList, client: &Client, output: &Output) -> anyhow::Result<Exit> {
    let filters = [
        ("receiver", flags.receiver),
        ("state", flags.state),
        ("alert", flags.alert),
    ];
    let query: Vec<String> = filters
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", escape(&value?))))
        .collect();
    let path = format!("/api/v1/deliveries?{}", query.join("&"));
    let items = pages(client, &path, flags.limit).await?;
    output.many(&items, |items| {
        if items.is_empty() {
            "no deliveries\n".to_owned()
        } else {
            overview(items)
        }
    })?;
    Ok(Exit::Ok)
}

/// A table of deliveries with the number of their tries and the latest error.
pub(super) fn overview(items: &[Value]) -> String {
    let rows: Vec<Value> = items
        .iter()
        .map(|item| {
            let tries = item["attempts"].as_array().map_or(0, Vec::len);
            let error = item["attempts"][tries.saturating_sub(1)]["error"].clone();
            let mut row = item.clone();
            row["tries"] = Value::from(tries);
            row["error"] = error;
            row
        })
        .collect();
    let columns = [
        ("CREATED", "/created_at"),
        ("RECEIVER", "/receiver"),
        ("STATE", "/state"),
        ("TRIES", "/tries"),
        ("ID", "/id"),
        ("SUBJECT", "/subject"),
        ("LATEST ERROR", "/error"),
    ];
    table(&rows, &columns)
}

fn explain(delivery: &Value) -> String {
    let mut lines = vec![format!("delivery {}", cell(&delivery["id"]))];
    for name in [
        "receiver",
        "state",
        "subject",
        "group",
        "ordinal",
        "created_at",
        "next_at",
        "sent_at",
    ] {
        lines.push(format!("  {name:<11} {}", cell(&delivery[name])));
    }
    let alerts = delivery["alerts"].as_array();
    for alert in alerts.into_iter().flatten() {
        lines.push(format!("  {:<11} {}", "alert", cell(alert)));
    }
    lines.push(String::new());
    lines.push("attempts".to_owned());
    let attempts = attempts(delivery);
    if attempts.is_empty() {
        lines.push("  none yet".to_owned());
    }
    lines.extend(attempts.iter().map(|attempt| format!("  {attempt}")));
    lines.push(String::new());
    lines.push(format!("body\n  {}", cell(&delivery["body"])));
    lines.join("\n")
}

/// A line for each try of a delivery.
pub(super) fn attempts(delivery: &Value) -> Vec<String> {
    let line = |attempt: &Value| {
        let [begun, ended] = ["begun", "ended"].map(|name| cell(&attempt[name]));
        let end = match &attempt["error"] {
            Value::Null => "taken".to_owned(),
            error => cell(error),
        };
        format!("{}  {begun} to {ended}  {end}", attempt["number"])
    };
    let attempts = delivery["attempts"].as_array();
    attempts.into_iter().flatten().map(line).collect()
}

async fn retry(ids: &[String], client: &Client, output: &Output) -> anyhow::Result<Exit> {
    let path = "/api/v1/deliveries/retry";
    let answer = client.post(path, Some(&json!({ "ids": ids }))).await?;
    output.one(&answer, |answer| {
        format!(
            "{} of {} deliveries are due now; sent ones and those under way are left as they are",
            answer["retried"], answer["asked"]
        )
    })?;
    let retried = answer["retried"].as_u64().unwrap_or(0);
    Ok(match retried {
        0 => Exit::No,
        all if Some(all) == answer["asked"].as_u64() => Exit::Ok,
        _ => Exit::Partly,
    })
}

fn delivered(answer: &Value) -> String {
    let results = answer["results"].as_array();
    let lines: Vec<String> = results
        .into_iter()
        .flatten()
        .map(|result| format!("{}: delivered", cell(&result["notifier"])))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Value {
        json!({
            "id": "D1", "receiver": "soc/0", "state": "dead", "subject": "1 alert\u{1b}[2J",
            "group": "g", "ordinal": 2, "created_at": "t0", "next_at": null, "sent_at": null,
            "alerts": ["A1"],
            "attempts": [
                {"number": 1, "begun": "t1", "ended": "t2", "error": "HTTP 500"},
                {"number": 2, "begun": "t3", "ended": "t4", "error": null},
            ],
            "body": {"type": "alerts"},
        })
    }

    #[test]
    fn a_delivery_is_shown_with_its_tries_and_body() {
        let text = explain(&delivery());
        for part in [
            "  state       dead\n",
            "  alert       A1\n",
            "  1  t1 to t2  HTTP 500\n",
            "  2  t3 to t4  taken\n",
            "body\n  {\"type\":\"alerts\"}",
            "1 alert\\u{1b}[2J",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let mut fresh = delivery();
        fresh["attempts"] = json!([]);
        assert!(explain(&fresh).contains("  none yet\n"));
    }

    #[test]
    fn the_overview_counts_tries_and_names_the_latest_error() {
        let mut failed = delivery();
        failed["attempts"][1]["error"] = json!("timed out");
        let text = overview(&[failed]);
        assert!(text.contains("  2      D1"), "{text}");
        assert!(text.trim_end().ends_with("timed out"), "{text}");
        assert!(overview(&[delivery()]).trim_end().ends_with('-'));
    }
}
