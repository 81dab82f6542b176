//! Pictures of every page in both themes, of a service that has had a lively day: for the documents, and
//! to be looked at.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::data;
use crate::driver::Driver;
use crate::look::pages;
use crate::page::Theme;
use crate::runner::{evidence, say};
use crate::service::Service;
use crate::stage::Stage;

const CONFIGURATION: &str = "version: 1
store: { sqlite: { path: data/cresset.db } }
server: { listen: 127.0.0.1:PORT }
retention: { alerts: 72h }
lists:
  known-bad: { addresses: [ 192.0.2.1, 198.51.100.2, 203.0.113.3 ] }
pipelines:
  upstream-alerts:
    source:
      http_poll:
        url: http://127.0.0.1:UPSTREAM/alerts
        allow_private: '127.0.0.1:UPSTREAM'
        chaos: { url: http://127.0.0.1:UPSTREAM/config, allow_private: '127.0.0.1:UPSTREAM' }
    adapter: seed_a
    enrich: [ geo: { of: dst_ip }, user: { of: src_ip, table: users.csv } ]
  edge-firewalls:
    source: { push: {} }
    adapter: seed_a
    enrich: [ geo: { of: dst_ip }, user: { of: src_ip, table: users.csv } ]
    alerts: all
  cloud-events:
    source: { push: {} }
    adapter: nullify
    enrich: [ geo: { of: src_ip } ]
    detect: [ threat: { severity: high, list: known-bad } ]
route:
  receiver: console
  routes:
    - matchers: [ 'severity=\"critical\"', 'country=\"RU\"' ]
      receiver: on-call
receivers:
  - name: console
    console: {}
  - name: on-call
    webhook: { url: 'http://127.0.0.1:9/hook', allow_private: '127.0.0.1:9' }
";

const USERS: [&str; 12] = [
    "m.keller",
    "a.okafor",
    "svc-backup",
    "j.lindqvist",
    "r.tanaka",
    "svc-build",
    "c.moreau",
    "d.novak",
    "p.silva",
    "svc-scanner",
    "e.haddad",
    "l.fischer",
];
/// Source, severity and text, the frequent ones more than once.
const STORIES: [(&str, &str, &str); 14] = [
    ("firewall", "low", "Outbound connection blocked by policy"),
    ("firewall", "low", "Outbound connection blocked by policy"),
    (
        "router_acl",
        "low",
        "Access list denied a packet to a bogon network",
    ),
    (
        "router_acl",
        "low",
        "Access list denied a packet to a bogon network",
    ),
    (
        "ngfw",
        "medium",
        "Application not allowed for this group: remote desktop",
    ),
    ("ngfw", "low", "Certificate of the destination has expired"),
    ("vpn_gateway", "low", "Login from a new device"),
    (
        "vpn_gateway",
        "medium",
        "Five failed logins within a minute",
    ),
    ("ips", "medium", "Port scan from an internal host"),
    ("ips", "medium", "Signature match: outdated TLS client"),
    ("ips", "high", "Signature match: exploit kit landing page"),
    (
        "firewall",
        "medium",
        "Transfer of 2.1 GB to an unknown host",
    ),
    ("ngfw", "high", "Beacon-like traffic every 60 seconds"),
    ("ips", "critical", "Connection to a known command server"),
];
/// Public addresses of many countries, the frequent ones first.
const DESTINATIONS: [&str; 20] = [
    "8.8.8.8",
    "140.82.121.4",
    "81.216.55.218",
    "117.124.251.252",
    "77.88.8.8",
    "185.60.216.35",
    "133.11.0.1",
    "200.160.2.3",
    "41.206.63.1",
    "103.6.150.1",
    "80.67.169.12",
    "193.0.6.139",
    "91.108.56.1",
    "146.185.137.1",
    "163.172.10.1",
    "5.255.255.5",
    "202.12.27.33",
    "196.216.2.6",
    "190.2.130.1",
    "46.4.105.1",
];
/// Turns of the sources in the day.
const STEPS: u64 = 60;

/// Writes `PAGE-THEME.png` and `PAGE-phone-THEME.png` for every page and theme into a directory.
pub(crate) fn take(directory: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory)?;
    std::fs::create_dir_all(evidence())?;
    let driver = Driver::start(&evidence().join("chromedriver.txt"))?;
    let stage = Stage::new(driver.port, "screenshots")?;
    let service = lively(&stage)?;
    let page = stage.page(&service)?;
    for theme in Theme::BOTH {
        page.theme(theme)?;
        for (width, height, suffix) in [(1440, 1080, ""), (390, 844, "-phone")] {
            page.size(width, height)?;
            for (name, path) in pages(&service)? {
                page.open(&path)?;
                page.until("document.fonts.status === 'loaded'")?;
                page.until_says("#live", "Live")?;
                let place = directory.join(format!("{name}{suffix}-{}.png", theme.name()));
                std::fs::write(&place, page.session.screenshot()?)?;
                say(&format!("{}", place.display()));
            }
        }
    }
    Ok(())
}

/// A service with a day behind it.
fn lively(stage: &Stage) -> anyhow::Result<std::rc::Rc<Service>> {
    let line = |at: usize| {
        let user = USERS[at % USERS.len()];
        format!("192.168.{}.{},{user}", at % 4, at / 4 + 10)
    };
    let lines: Vec<String> = (0..USERS.len() * 4).map(line).collect();
    let users = format!("address,user\n{}\n", lines.join("\n"));
    std::fs::write(stage.directory().join("users.csv"), users)?;
    let clock = stage.clock_hours_ago(48)?;
    let pattern = ["ok"; 24].join(",") + ",503,ok,500,500,500,ok,ok";
    let mock = stage.mock(&["--delay", "40ms", "--pattern", &pattern], Some(&clock))?;
    let configuration = CONFIGURATION.replace("UPSTREAM", &mock.port.to_string());
    let service = stage.service(&configuration, Some(&clock))?;
    let mut dice = Dice(11);
    let pause = Duration::from_secs(86_400 / STEPS);
    // The day before, which the change of each number is measured against, was a little calmer.
    for step in 0..STEPS {
        if step % 5 > 0 {
            day(&service, &clock, &mut dice, step)?;
        }
        clock.forward(pause)?;
    }
    for step in 0..STEPS {
        day(&service, &clock, &mut dice, STEPS + step)?;
        data::sync(&service, "upstream-alerts")?;
        clock.forward(pause)?;
    }
    data::sync(&service, "upstream-alerts")?;
    day(&service, &clock, &mut dice, 2 * STEPS)?;
    Ok(service)
}

/// Pushes what happens in one step of the day: little at night, a burst in the afternoon.
fn day(service: &Service, clock: &Clock, dice: &mut Dice, step: u64) -> anyhow::Result<()> {
    let hour = step % STEPS;
    let burst = (STEPS + 44..STEPS + 47).contains(&step);
    let count =
        6 + dice.below(8) + 20u64.saturating_sub(hour.abs_diff(38)) + if burst { 55 } else { 0 };
    let now = clock.now_seconds()?;
    let mut records = Vec::new();
    for index in 0..count {
        let story = if burst && dice.below(3) > 0 {
            8 + dice.index(6)
        } else {
            dice.index(STORIES.len()).min(dice.index(STORIES.len()))
        };
        let (source, severity, text) = STORIES[story];
        let at = dice
            .index(DESTINATIONS.len())
            .min(dice.index(DESTINATIONS.len()));
        records.push(json!({
            "id": format!("evt-{step}-{index}"),
            "source": source,
            "severity": severity,
            "description": text,
            "src_ip": format!("192.168.{}.{}", dice.below(4), dice.below(12) + 10),
            "dst_ip": DESTINATIONS[at],
            "created_at": data::instant(now - dice.below(600)),
        }));
    }
    if step % 9 == 4 {
        records.push(
            json!({ "id": format!("evt-{step}-x"), "source": "firewall", "severity": "high" }),
        );
        records
            .push(json!({ "id": format!("evt-{step}-y"), "source": "printer", "severity": "low" }));
    }
    service.push("edge-firewalls", &records)?;
    let events: Vec<Value> = (0..3).map(|index| event(dice, now - index)).collect();
    service.push("cloud-events", &events).map(drop)
}

fn event(dice: &mut Dice, at: u64) -> Value {
    let (kind, text) = [
        ("login_attempt", "Multiple failed login attempts"),
        ("port_scan", "Port scan of the public network"),
        ("access_denied", "Access to a bucket denied"),
    ][dice.index(3)];
    let source = match dice.below(12) {
        0 => "203.0.113.3",
        _ => DESTINATIONS[dice.index(DESTINATIONS.len())],
    };
    let severity = ["low", "medium", "medium", "high"][dice.index(4)];
    json!({
        "timestamp": data::instant(at),
        "source_ip": source,
        "destination_ip": format!("10.0.{}.{}", dice.below(4), dice.below(200) + 1),
        "event_type": kind,
        "severity": severity,
        "description": text,
    })
}

/// Numbers that look thrown and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn index(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).context("a small number").unwrap_or(1);
        usize::try_from(self.below(bound)).unwrap_or_default()
    }
}
