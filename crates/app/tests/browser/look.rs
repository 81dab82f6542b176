//! Every page at every width, in both themes, for everyone.

use anyhow::{bail, ensure};
use serde_json::{Value, json};

use crate::data;
use crate::page::{Page, Theme};
use crate::service::Service;
use crate::stage::Stage;

/// Test-only, under the Mozilla Public License 2.0; see `axe/LICENSE`.
const AXE: &str = include_str!("axe/axe.min.js");
const WIDTHS: [u32; 4] = [390, 1280, 1440, 1640];

/// Every page: its name and its path; an alert beside the list and alone, and a list without a row.
pub(crate) fn pages(service: &Service) -> anyhow::Result<Vec<(&'static str, String)>> {
    let alert = data::newest(service, "severity=high,critical")?;
    let id = alert["id"].as_str().unwrap_or_default();
    let pages = [
        ("overview", "/ui/".to_owned()),
        ("alerts", "/ui/alerts".to_owned()),
        ("alerts-open", format!("/ui/alerts?open={id}")),
        ("alert", format!("/ui/alerts/{id}")),
        ("alerts-none", "/ui/alerts?country=AQ".to_owned()),
        ("sources", "/ui/sources".to_owned()),
        ("dead-letters", "/ui/dead-letters".to_owned()),
        ("deliveries", "/ui/deliveries".to_owned()),
    ];
    Ok(pages.to_vec())
}

/// A service with something to show on every page.
fn full(stage: &Stage) -> anyhow::Result<std::rc::Rc<Service>> {
    let mock = stage.mock(
        &[
            "--delay",
            "0ms",
            "--pattern",
            "ok,500,500,500",
            "--malformed",
            "0.3",
        ],
        None,
    )?;
    let service = stage.service(&data::polled(mock.port), None)?;
    data::push(&service, 0..120)?;
    service.post(
        "/api/v1/events/pushed",
        r#"{"source":"firewall","severity":"high"}"#,
    )?;
    data::sync(&service, "upstream")?;
    service.health("the sync failed", |health| {
        health["system_status"] == "failed"
    })?;
    Ok(service)
}

/// What overlaps, what sticks out: in each group of neighbors no two may share a place.
const OVERLAPS: &str = r"
const groups = ['.page', '.stack', '.kpis', '.top', '.health', '.filters', '.banner', '.banners', '.card > header',
  '.src', 'nav.nav', '.row', '.list', '.facets', 'body', '#main'];
const found = [];
const name = one => one.tagName.toLowerCase() + (one.id ? '#' + one.id : '') + [...one.classList].map(c => '.' + c).join('');
const boxed = one => {
  if (getComputedStyle(one).display === 'contents') return [...one.children].flatMap(boxed);
  if (!one.checkVisibility({ visibilityProperty: true })) return [];
  if (['absolute', 'fixed', 'sticky'].includes(getComputedStyle(one).position) || one.matches('svg, svg *')) return [];
  const box = one.getBoundingClientRect();
  return box.width && box.height ? [{ one, box }] : [];
};
for (const group of document.querySelectorAll(groups.join(','))) {
  const boxes = [...group.children].flatMap(boxed);
  boxes.forEach((a, i) => boxes.slice(i + 1).forEach(b => {
    const width = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
    const height = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
    if (width > 1 && height > 1) found.push(`${name(a.one)} lies over ${name(b.one)} in ${name(group)}`);
  }));
}
const wide = document.documentElement.scrollWidth;
if (wide > innerWidth) {
  const culprit = [...document.body.querySelectorAll('*')].find(one =>
    one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1);
  found.push(`the page is ${wide} wide in a window of ${innerWidth}, by ${culprit ? name(culprit) : 'something'}`);
}
return found;
";

/// Nothing overlaps and nothing sticks out, at any width, in both themes.
pub(crate) fn widths(stage: &Stage) -> anyhow::Result<()> {
    let service = full(stage)?;
    let page = stage.page(&service)?;
    let mut faults = Vec::new();
    for (name, path) in pages(&service)? {
        page.size(1440, 900)?;
        page.open(&path)?;
        for width in WIDTHS {
            page.size(width, 900)?;
            for theme in Theme::BOTH {
                page.theme(theme)?;
                let found = page.session.script(OVERLAPS, &[])?;
                for one in found.as_array().into_iter().flatten() {
                    faults.push(format!("{name} at {width}, {}: {one}", theme.name()));
                }
            }
        }
    }
    faults.dedup();
    ensure!(faults.is_empty(), "{}", faults.join("\n    "));
    Ok(())
}

/// Runs axe on what is shown, and returns the violations, one a line.
fn violations(page: &Page) -> anyhow::Result<Vec<String>> {
    page.session.script(AXE, &[])?;
    let found = page.session.script_later(
        "const done = arguments[arguments.length - 1];
         axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] })
           .then(result => done(result.violations.map(one => ({
             id: one.id, help: one.help,
             nodes: one.nodes.slice(0, 3).map(node => node.target.join(' ') + ': ' + node.any.map(a => a.message).join('; ')),
           }))), error => done(String(error)));",
        &[],
    )?;
    let Value::Array(found) = found else {
        bail!("axe did not run: {found}");
    };
    Ok(found
        .iter()
        .map(|one| format!("{}: {} {}", one["id"], one["help"], one["nodes"]))
        .collect())
}

/// Axe finds nothing on any page, in both themes, with help and palette open too.
pub(crate) fn accessibility(stage: &Stage) -> anyhow::Result<()> {
    let service = full(stage)?;
    let page = stage.page(&service)?;
    let mut faults = Vec::new();
    for theme in Theme::BOTH {
        page.theme(theme)?;
        for (name, path) in pages(&service)? {
            page.open(&path)?;
            let found = violations(&page)?;
            faults.extend(
                found
                    .iter()
                    .map(|one| format!("{name}, {}: {one}", theme.name())),
            );
        }
        for (key, dialog) in [("?", "#help"), ("Control+k", "#palette")] {
            page.keys(&[key])?;
            page.until(&format!("document.querySelector('{dialog}').open"))?;
            let found = violations(&page)?;
            faults.extend(
                found
                    .iter()
                    .map(|one| format!("{dialog}, {}: {one}", theme.name())),
            );
            page.keys(&["Escape"])?;
        }
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n    "));
    Ok(())
}

/// Values that want to be more than text.
const HOSTILE: [&str; 14] = [
    "<script>window.hacked=1;alert(1)</script>",
    "<img src=x onerror=\"window.hacked=1;alert(2)\">",
    "\"><svg onload=alert(3)><hostile-element>",
    "' onmouseover='alert(4)' x='",
    "<iframe src=http://192.0.2.1/></iframe><link rel=stylesheet href=http://192.0.2.1/x.css>",
    "javascript:alert(5)",
    "</title></textarea></style><hostile-element>",
    "{{7*7}} ${7*7} <%= 7*7 %> &lt;b&gt;",
    "safe\u{202e}txt.exe\u{202c} \u{2066}isolated\u{2069}",
    "bell\u{7} escape\u{1b}[31m null\u{0} line\nbreak\ttab",
    "=HYPERLINK(\"http://192.0.2.1\")",
    "+1+cmd|' /C calc'!A0",
    "zero\u{200b}width\u{feff} and \u{ad}soft",
    "<b hx-get=http://192.0.2.1/ hx-trigger=load data-hx-get=/ui/ data-copy=x>",
];

/// Records that are hostile in each field that takes a text, and one that is very long.
fn hostile_records() -> anyhow::Result<Vec<Value>> {
    let mut records = Vec::new();
    for (index, text) in HOSTILE.iter().enumerate() {
        let mut record = data::record(index)?;
        record["id"] = json!(format!("{text}{index}"));
        record["description"] = json!(text);
        record["severity"] = json!(if index % 2 == 0 { "critical" } else { "high" });
        record["src_ip"] = json!(format!("192.168.9.{}", index + 1));
        record[*text] = json!({ *text: [text] });
        let mut dead = record.clone();
        dead["id"] = json!(format!("dead {text}{index}"));
        dead["severity"] = Value::Null;
        dead["source"] = json!(if index % 2 == 0 { "firewall" } else { *text });
        records.extend([record, dead]);
    }
    let mut long = data::record(99)?;
    long["description"] = json!("very-long-".repeat(5_000));
    long["id"] = json!("i".repeat(2_000));
    long["severity"] = json!("critical");
    records.push(long);
    Ok(records)
}

const NO_ELEMENT_FROM_DATA: &str = r"
const found = [];
const none = css => document.querySelectorAll(css).forEach(one => found.push(css + ': ' + one.outerHTML.slice(0, 200)));
if (window.hacked) found.push('a script of the data ran');
none('hostile-element, iframe, object, embed, base, b[hx-get], b[data-copy], img');
none('script:not([src^=\'/ui/assets/\'])');
none('link:not([href^=\'/ui/assets/\'])');
none('[href^=javascript], [action^=javascript], [href^=\'http\'], [src^=\'http\']');
for (const one of document.querySelectorAll('*')) for (const attribute of one.attributes)
  if (attribute.name.startsWith('on')) found.push(one.outerHTML.slice(0, 200));
const hidden = document.body.innerText.match(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u00ad\u200b\u202a-\u202e\u2066-\u2069\ufeff]/);
if (hidden) found.push('a hidden character is shown as it is: ' + escape(hidden[0]));
if (document.documentElement.scrollWidth > innerWidth) for (const one of document.body.querySelectorAll('*'))
  if (one.getBoundingClientRect().right > innerWidth + 1) { found.push('too wide: ' + one.outerHTML.slice(0, 300)); break; }
return found;
";

/// Hostile values stay text on every page.
pub(crate) fn hostile(stage: &Stage) -> anyhow::Result<()> {
    let lines: Vec<String> = HOSTILE
        .iter()
        .enumerate()
        .filter(|(_, text)| !text.contains(['\n', '\0', '"', ',']))
        .map(|(index, text)| format!("192.168.9.{},{text}\n", index + 1))
        .collect();
    std::fs::write(
        stage.directory().join("users.csv"),
        format!("address,user\n{}", lines.concat()),
    )?;
    let service = stage.service(&data::pushed("users.csv"), None)?;
    service.push("pushed", &hostile_records()?)?;
    let page = stage.page(&service)?;
    for (name, path) in pages(&service)? {
        page.open(&path)?;
        let found = page.session.script(NO_ELEMENT_FROM_DATA, &[])?;
        ensure!(found == json!([]), "{name}: {found:#}");
    }
    page.open("/ui/")?;
    page.until_says("main", "zeroU+200Bwidth")
}
