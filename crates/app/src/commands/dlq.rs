//! `cresset dlq`: lists, counts, shows, exports and redrives dead letters of a running service.

use serde_json::{Value, json};

use super::alerts::pages;
use crate::cli::{Dlq, DlqList, DlqRedrive, DlqSelect};
use crate::client::{Client, escape};
use crate::exit::Exit;
use crate::output::{Output, cell, push, table, visible};

/// The most dead letters that one redrive takes.
const REDRIVE_LIMIT: u64 = 10_000;

/// Carries out `dlq list`, `reasons`, `show`, `export` and `redrive`.
pub(crate) async fn run(command: Dlq, client: &Client, output: &Output) -> anyhow::Result<Exit> {
    match command {
        Dlq::List(flags) => list(flags, client, output).await,
        Dlq::Reasons(flags) => {
            let groups = client.get(&path("/reasons", flags)).await?;
            output.one(&groups, by_reason)?;
            Ok(Exit::Ok)
        }
        Dlq::Show { id } => {
            let letter = client
                .get(&format!("/api/v1/dead-letters/{}", escape(&id)))
                .await?;
            output.one(&letter, explain)?;
            Ok(Exit::Ok)
        }
        Dlq::Export(flags) => {
            client.copy(&path("/export", flags)).await?;
            Ok(Exit::Ok)
        }
        Dlq::Redrive(flags) => redrive(flags, client, output).await,
    }
}

/// The address of what is meant.
fn path(of: &str, flags: DlqSelect) -> String {
    let mut path = format!("/api/v1/dead-letters{of}?");
    for (name, value) in flags.filter.given() {
        push(&mut path, format_args!("{name}={}&", escape(&value)));
    }
    if !flags.all {
        path.push_str("resolved=false");
    }
    path.trim_end_matches(['&', '?']).to_owned()
}

async fn list(flags: DlqList, client: &Client, output: &Output) -> anyhow::Result<Exit> {
    let mut path = path("", flags.select);
    if !path.contains('?') {
        path.push('?');
    }
    let items = pages(client, &path, flags.limit).await?;
    let columns = [
        ("LAST SEEN", "/last_seen"),
        ("COUNT", "/count"),
        ("SOURCE", "/source"),
        ("REASON", "/reason"),
        ("ID", "/id"),
        ("DETAIL", "/detail"),
    ];
    output.many(&items, |items| {
        if items.is_empty() {
            "no dead letters\n".to_owned()
        } else {
            table(items, &columns)
        }
    })?;
    Ok(Exit::Ok)
}

fn by_reason(answer: &Value) -> String {
    let columns = [
        ("REASON", "/reason"),
        ("SOURCE", "/source"),
        ("DEAD LETTERS", "/letters"),
        ("KEPT WHOLE", "/whole"),
        ("TIMES", "/records"),
        ("LAST SEEN", "/last_seen"),
        ("FOR EXAMPLE", "/example"),
    ];
    let groups = answer["items"].as_array().map(Vec::as_slice);
    let mut out = match groups.unwrap_or_default() {
        [] => "no dead letters\n".to_owned(),
        groups => table(groups, &columns),
    };
    let room = &answer["room"];
    push(
        &mut out,
        format_args!(
            "room: {} of {} bytes taken",
            room["bytes"], room["bytes_max"]
        ),
    );
    if room["dropped"].as_u64().is_some_and(|dropped| dropped > 0) {
        push(
            &mut out,
            format_args!(
                "; {} records were dropped to keep it, the latest at {}",
                room["dropped"],
                cell(&room["dropped_at"])
            ),
        );
    }
    out.push('\n');
    out
}

fn explain(letter: &Value) -> String {
    let kept = if letter["whole"] == true {
        String::new()
    } else {
        format!(
            "; the first {} of them were kept, so that it cannot be put through again",
            letter["raw"]["bytes"]
        )
    };
    format!(
        "dead letter {}\n  reason      {} ({})\n  detail      {}\n  source      {}\n  seen        {} times, {} to {}\n  resolved    {}\n\nas received, {} bytes{kept}\n  BLAKE3 {}\n  {}\n",
        cell(&letter["id"]),
        cell(&letter["reason"]),
        cell(&letter["stage"]),
        cell(&letter["detail"]),
        cell(&letter["source"]),
        letter["count"],
        cell(&letter["first_seen"]),
        cell(&letter["last_seen"]),
        cell(&letter["resolved_at"]),
        letter["full_bytes"],
        cell(&letter["full_hash"]),
        visible(letter["raw"]["text"].as_str().unwrap_or("-")),
    )
}

async fn redrive(flags: DlqRedrive, client: &Client, output: &Output) -> anyhow::Result<Exit> {
    let body = if flags.ids.is_empty() {
        let mut filter = json!({});
        for (name, value) in flags.filter.given() {
            filter[name] = Value::from(value);
        }
        json!({ "filter": filter, "limit": REDRIVE_LIMIT })
    } else {
        json!({ "ids": flags.ids })
    };
    let path = format!("/api/v1/dead-letters/redrive?dry_run={}", flags.dry_run);
    let report = client.post(&path, Some(&body)).await?;
    output.one(&report, |report| human(report, flags.dry_run))?;
    let items = report["items"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let resolved = items
        .iter()
        .filter(|item| item["outcome"] == "alert" || item["outcome"] == "passed")
        .count();
    Ok(match (resolved, items.len()) {
        (done, all) if done == all => Exit::Ok,
        (0, _) => Exit::No,
        _ => Exit::Partly,
    })
}

fn human(report: &Value, dry_run: bool) -> String {
    let columns = [
        ("DEAD LETTER", "/id"),
        ("OUTCOME", "/outcome"),
        ("ALERT", "/alert_id"),
        ("REASON", "/reason"),
        ("DETAIL", "/detail"),
    ];
    let items = report["items"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if items.is_empty() {
        return "no dead letter matches\n".to_owned();
    }
    let note = if dry_run {
        "dry run: nothing was changed\n"
    } else {
        ""
    };
    format!("{}{note}", table(items, &columns))
}
