//! What the services of the tests are fed with.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::service::Service;
use crate::wait::{now_seconds, wait_for, wait_until};

/// A push source, told by a console, and by a webhook at which nobody listens for critical ones.
const PUSHED: &str = "version: 1
store: { sqlite: { path: data-PORT/cresset.db } }
server: { listen: 127.0.0.1:PORT }
pipelines:
  pushed:
    source: { push: {} }
    adapter: seed_a
    enrich:
      - geo: { of: dst_ip, database: builtin }
      - user: { of: src_ip, table: USERS }
    alerts: all
";
const ROUTE: &str = "route:
  receiver: log
  routes:
    - matchers: [ 'severity=\"critical\"' ]
      receiver: soc
receivers:
  - name: log
    console: {}
  - name: soc
    webhook: { url: 'http://127.0.0.1:9/hook', allow_private: '127.0.0.1:9' }
";

/// A configuration with a push source whose users come from this table.
pub(crate) fn pushed(users: &str) -> String {
    [&PUSHED.replace("USERS", users), ROUTE].concat()
}

/// The same, and it polls this upstream too.
pub(crate) fn polled(upstream: u16) -> String {
    let polled = format!(
        "  upstream:
    source:
      http_poll:
        url: http://127.0.0.1:{upstream}/alerts
        interval: 30m
        allow_private: 127.0.0.1:{upstream}
    adapter: seed_a
    enrich: [ geo: {{ of: dst_ip }}, user: {{ of: src_ip, table: demo }} ]
"
    );
    [&PUSHED.replace("USERS", "demo"), &polled, ROUTE].concat()
}

/// An instant as vendors write it.
pub(crate) fn instant(seconds: u64) -> String {
    let nanos = i64::try_from(seconds).unwrap_or_default() * 1_000_000_000;
    cresset_model::Timestamp::from_nanos(nanos).to_z()
}

const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];
const SOURCES: [&str; 5] = ["firewall", "ngfw", "ips", "vpn_gateway", "router_acl"];
/// Addresses of several countries.
const DESTINATIONS: [&str; 6] = [
    "8.8.8.8",
    "81.216.55.218",
    "117.124.251.252",
    "77.88.8.8",
    "185.60.216.35",
    "133.11.0.1",
];
const TEXTS: [&str; 6] = [
    "Outbound connection to a known command server",
    "Port scan from an internal host",
    "Repeated failed logins over VPN",
    "Signature match: exploit kit landing page",
    "Access list denied traffic to a sanctioned network",
    "Beacon-like traffic every 60 seconds",
];

/// The record of a number: the same number gives the same record.
pub(crate) fn record(number: usize) -> anyhow::Result<Value> {
    let pick = |all: &[&'static str], step: usize| all.get(number / step % all.len()).copied();
    Ok(json!({
        "id": format!("test-{number}"),
        "source": pick(&SOURCES, 1),
        "severity": pick(&SEVERITIES, 1),
        "description": pick(&TEXTS, 2),
        "src_ip": format!("192.168.{}.{}", number % 7, number % 11 + 1),
        "dst_ip": pick(&DESTINATIONS, 3),
        "created_at": instant(now_seconds()?),
    }))
}

/// Pushes the records of these numbers.
pub(crate) fn push(service: &Service, numbers: std::ops::Range<usize>) -> anyhow::Result<()> {
    let records: Vec<Value> = numbers.map(record).collect::<anyhow::Result<_>>()?;
    service.push("pushed", &records).map(drop)
}

/// How many alerts a query finds, as the API says.
pub(crate) fn total(service: &Service, query: &str) -> anyhow::Result<u64> {
    let path = format!("/api/v1/alerts?include=total&limit=1&{query}");
    let answer = service.get(&path)?;
    let total = answer.json()?["total"]["value"].as_u64();
    total.with_context(|| format!("no total: {answer:?}"))
}

/// The newest alert that a query finds.
pub(crate) fn newest(service: &Service, query: &str) -> anyhow::Result<Value> {
    let path = format!("/api/v1/alerts?limit=1&{query}");
    let answer = service.get(&path)?.json()?;
    answer["items"].get(0).cloned().context("no alert")
}

/// One turn of a polled source, from the request to its end.
pub(crate) fn sync(service: &Service, source: &str) -> anyhow::Result<()> {
    let path = format!("/api/v1/sources/{source}");
    let turns = || -> anyhow::Result<_> { Ok(service.get(&path)?.json()?["turns"].as_u64()) };
    // While another turn is under way the request is refused.
    let before = wait_for("a sync can begin", || {
        let before = turns()?;
        Ok((service.post("/sync", "")?.status == 200).then_some(before))
    })?;
    wait_until("the sync ended", || {
        let source = service.get(&path)?.json()?;
        let is_over = source["status"] == "idle" || source["status"] == "failed";
        Ok(is_over && source["turns"].as_u64() > before)
    })
}
