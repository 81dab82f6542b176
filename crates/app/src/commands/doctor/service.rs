//! Checks a running service by its API.

use cresset_model::Timestamp;
use serde_json::Value;

use super::line::Line;
use super::numbers::span;
use crate::client::Client;

/// Checks the service of a client.
pub(super) async fn check(client: &Client, now: Timestamp) -> Vec<Line> {
    const CHECK: &str = "service";
    let version = match client.look("/api/v1/version").await {
        Err(failure) => {
            let remedy = "start it with `cresset run`, or name the right address with --url";
            return vec![Line::fail(CHECK, failure.message, remedy)];
        }
        Ok((200, version)) if version["name"] == "cresset" => version,
        Ok((status, _)) => {
            let what = format!("something answers with HTTP {status} and is no Cresset");
            return vec![Line::fail(CHECK, what, "name the right address with --url")];
        }
    };
    let mut lines = vec![program(&version), started(&version, now)];
    match client.look("/readyz").await {
        Err(failure) => {
            let remedy = "look at its log: it answers and then it does not";
            lines.push(Line::fail("ready", failure.message, remedy));
        }
        Ok((_, ready)) => lines.extend(findings(&ready)),
    }
    lines
}

fn program(version: &Value) -> Line {
    const CHECK: &str = "version";
    let theirs = version["version"].as_str().unwrap_or("unknown");
    let ours = env!("CARGO_PKG_VERSION");
    if theirs == ours {
        return Line::ok(CHECK, format!("{theirs}, as this program"));
    }
    let what = format!("it is {theirs}, this program is {ours}");
    Line::warn(
        CHECK,
        what,
        "use the program of the same version, so that commands fit",
    )
}

fn started(version: &Value, now: Timestamp) -> Line {
    const CHECK: &str = "clock";
    let started = version["started"].as_str().and_then(Timestamp::parse);
    match started {
        None => Line::ok(CHECK, "it does not say when it started"),
        Some(started) if started > now => {
            let what = format!("it started {} after now", span(started.since(now)));
            Line::warn(
                CHECK,
                what,
                "the clocks differ: let both machines follow a time server",
            )
        }
        Some(started) => Line::ok(
            CHECK,
            format!("it started {} ago", span(now.since(started))),
        ),
    }
}

fn findings(ready: &Value) -> Vec<Line> {
    const CHECK: &str = "watchdogs";
    let mut lines = Vec::new();
    for finding in ready["findings"].as_array().into_iter().flatten() {
        let text = |key: &str| finding[key].as_str().unwrap_or("-");
        let what = format!(
            "{} {}: {}, since {}",
            text("watchdog"),
            text("about"),
            text("what"),
            text("since")
        );
        lines.push(if text("level") == "red" {
            Line::fail(CHECK, what, text("remedy"))
        } else {
            Line::warn(CHECK, what, text("remedy"))
        });
    }
    if ready["status"] == "not_ready" && lines.is_empty() {
        let what = ready["reason"].as_str().unwrap_or("it is not ready");
        lines.push(Line::fail(CHECK, what, "look at its log and at its disk"));
    }
    if lines.is_empty() {
        lines.push(Line::ok(CHECK, "nothing is found"));
    }
    lines
}
