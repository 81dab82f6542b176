//! The list of alerts and the alert beside it.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::data;
use crate::page::Page;
use crate::service::Service;
use crate::session::Step;
use crate::stage::Stage;
use crate::wait::wait_until;

/// The identities of the rows, from the top.
fn rows(page: &Page) -> anyhow::Result<Vec<String>> {
    let ids =
        page.value("[...document.querySelectorAll('[data-row]')].map(row => row.dataset.id)")?;
    Ok(serde_json::from_value(ids)?)
}

/// What the API lists for the address that the page has.
fn expected(page: &Page, service: &Service) -> anyhow::Result<Vec<String>> {
    let query = page.words(
        "(all => { all.delete('open'); all.delete('notice'); if (!all.has('from')) all.set('from', '-24h');\
         return all.toString(); })(new URLSearchParams(location.search))",
    )?;
    let answer = service.get(&format!("/api/v1/alerts?limit=50&{query}"))?;
    let answer = answer.json()?;
    let items = answer["items"]
        .as_array()
        .with_context(|| format!("{query}: {answer}"))?;
    let ids = items
        .iter()
        .map(|item| item["id"].as_str().unwrap_or_default().to_owned());
    Ok(ids.collect())
}

/// Waits until the list shows what the API lists for its address.
fn agrees(page: &Page, service: &Service) -> anyhow::Result<Vec<String>> {
    wait_until("the list agrees with the API", || {
        Ok(rows(page)? == expected(page, service)?)
    })?;
    rows(page)
}

/// Facets, query and brush narrow the list; back, forward, reload and a shared link keep every filter.
pub(crate) fn filters(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    data::push(&service, 0..48)?;
    let page = stage.page(&service)?;
    page.open("/ui/alerts")?;
    let all = agrees(&page, &service)?;
    ensure!(all.len() == 48, "{} rows", all.len());
    page.until_says("#total", "48 alerts")?;

    page.click("#facets a.pick[href*='severity=critical']")?;
    page.until("location.search.includes('severity=critical')")?;
    page.until_says("#total", "12 alerts")?;
    let critical = agrees(&page, &service)?;
    page.click("#facets a.pick[href*='country=US']")?;
    page.until("location.search.includes('country=US')")?;
    let both = agrees(&page, &service)?;
    ensure!(
        !both.is_empty() && both.len() < critical.len(),
        "{} rows",
        both.len()
    );

    page.session.step(Step::Reload)?;
    ensure!(agrees(&page, &service)? == both, "reload lost a filter");
    let fresh = stage.page(&service)?;
    fresh.open(&page.path()?)?;
    ensure!(
        agrees(&fresh, &service)? == both,
        "a shared link shows something else"
    );
    page.session.step(Step::Back)?;
    page.until("!location.search.includes('country=US')")?;
    ensure!(agrees(&page, &service)? == critical, "back lost a filter");
    page.session.step(Step::Forward)?;
    page.until("location.search.includes('country=US')")?;
    ensure!(agrees(&page, &service)? == both, "forward lost a filter");
    page.click(".tok a[aria-label='Remove severity:critical']")?;
    page.until("!location.search.includes('severity')")?;
    agrees(&page, &service)?;
    queries(&page, &service)
}

fn queries(page: &Page, service: &Service) -> anyhow::Result<()> {
    page.open("/ui/alerts")?;
    page.keys(&["/"])?;
    page.until("document.activeElement?.id === 'q'")?;
    page.fill("#q", "sev")?;
    page.until_says("#offers li", "severity:")?;
    page.fill("#q", "source:ips severity:>=high")?;
    page.keys(&["Enter"])?;
    page.until("location.search.includes('q=source')")?;
    ensure!(
        !agrees(page, service)?.is_empty(),
        "the query finds nothing"
    );
    let export =
        page.words("document.querySelector(\"a[href*='format=csv']\").getAttribute('href')")?;
    let lines = service.get(&export)?.body.lines().count();
    ensure!(
        lines == agrees(page, service)?.len() + 1,
        "the export has {lines} lines"
    );

    page.open("/ui/alerts?q=sevrity:high")?;
    page.until_says("main", "did you mean")?;
    page.open("/ui/alerts?country=AQ")?;
    page.until_says("main", "No alerts match these filters")?;
    page.click("main .empty a.btn")?;
    page.until("!location.search.includes('country')")?;

    let plot = page.find("[data-brush] .plot")?;
    let half =
        page.value("Math.floor(document.querySelector('[data-brush] .plot').clientWidth / 2) - 2")?;
    page.session
        .drag(&plot, 0, i32::try_from(half.as_i64().unwrap_or(100))?)?;
    page.until("/from=[0-9]{4}-.*Z&to=[0-9]{4}-.*Z/.test(decodeURIComponent(location.search))")?;
    agrees(page, service).map(drop)
}

/// Every number and bar of the overview leads to the alerts that it counts.
pub(crate) fn from_the_overview(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    data::push(&service, 0..48)?;
    let page = stage.page(&service)?;
    for link in [
        ".kpi[href*='severity=critical']",
        "main a[href*='source=ips']",
        "main a[href*='country=US']",
        "main a.btn[href*='severity=']",
    ] {
        page.open("/ui/?user=user-*&from=-6h")?;
        page.click(link)?;
        page.until("location.pathname === '/ui/alerts'")?;
        page.holds(
            "location.search.includes('user=user-') && location.search.includes('from=-6h')",
        )?;
        let found = agrees(&page, &service)?;
        ensure!(
            !found.is_empty() && found.len() < 48,
            "{link}: {} rows",
            found.len()
        );
    }
    page.open("/ui/")?;
    page.click(".feed a")?;
    page.until_says("main", "Why this fired")
}

/// New alerts raise a bar and move no row; they come when they are asked for.
pub(crate) fn live_bar(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    data::push(&service, 0..45)?;
    let page = stage.page(&service)?;
    page.open("/ui/alerts")?;
    let before = agrees(&page, &service)?;
    page.until_says("#live", "Live")?;
    // Some way down, with the pointer on a row.
    let places = |page: &Page| {
        page.value(
            "[...document.querySelectorAll('[data-row]')].map(row => row.dataset.id + ' ' + Math.round(row.offsetTop))",
        )
    };
    page.value("document.querySelector('#rows').scrollTop = 300")?;
    let scrolled = page.value("document.querySelector('#rows').scrollTop")?;
    let lay = places(&page)?;
    data::push(&service, 45..48)?;
    page.until_says("#fresh", "3 new alerts")?;
    page.until("document.title.startsWith('(3)')")?;
    data::push(&service, 48..50)?;
    page.until_says("#fresh", "5 new alerts")?;
    ensure!(rows(&page)? == before, "rows moved under the hand");
    ensure!(places(&page)? == lay, "rows moved under the hand");
    ensure!(
        page.value("document.querySelector('#rows').scrollTop")? == scrolled,
        "the list scrolled by itself"
    );
    page.keys(&["."])?;
    page.until("!document.querySelector('#fresh .newbar')")?;
    ensure!(agrees(&page, &service)?.len() == 50);
    page.until("!document.title.startsWith('(')")?;
    // What does not match the filter is not announced.
    page.open("/ui/alerts?severity=critical")?;
    agrees(&page, &service)?;
    page.until_says("#live", "Live")?;
    data::push(&service, 50..60)?;
    page.until_says("#fresh", "3 new alerts")
}

/// J, K, Enter, [, ], Esc, F, Shift F.
pub(crate) fn keys(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    data::push(&service, 0..20)?;
    let page = stage.page(&service)?;
    page.open("/ui/alerts")?;
    let ids = agrees(&page, &service)?;
    let current = |index: usize| {
        format!(
            "document.querySelector('[data-row].cur')?.dataset.id === {}",
            json!(ids[index])
        )
    };
    page.keys(&["j"])?;
    page.until(&current(0))?;
    page.keys(&["j", "j", "k"])?;
    page.until(&current(1))?;
    page.keys(&["Enter"])?;
    let open = |index: usize| {
        format!(
            "document.querySelector('#panel:not([hidden])')?.dataset.id === {} && location.search.includes('open=')",
            json!(ids[index])
        )
    };
    page.until(&open(1))?;
    page.keys(&["]"])?;
    page.until(&open(2))?;
    page.keys(&["["])?;
    page.until(&open(1))?;
    page.keys(&["["])?;
    page.until(&open(0))?;
    ensure!(rows(&page)? == ids, "the panel moved the list");
    page.keys(&["Escape"])?;
    page.until(
        "!location.search.includes('open=') && !document.querySelector('#panel:not([hidden])')",
    )?;
    page.until(&current(0))?;
    page.keys(&["y"])?;
    page.until_says("#toast", "Link copied")?;

    // The hand lies on a country.
    let cell =
        page.find("[data-row] td.country [data-field], [data-row] td[data-field=country]")?;
    page.session.drag(&cell, 0, 0)?;
    let country =
        page.words("document.querySelector('[data-field=country]:hover').dataset.value")?;
    page.keys(&["f"])?;
    page.until(&format!("location.search.includes('country={country}')"))?;
    let some = agrees(&page, &service)?;
    ensure!(
        !some.is_empty() && some.len() < ids.len(),
        "{} rows",
        some.len()
    );
    page.session.step(Step::Back)?;
    page.until("!location.search.includes('country')")?;
    agrees(&page, &service)?;
    let cell = page.find("[data-row] td[data-field=country]")?;
    page.session.drag(&cell, 0, 0)?;
    page.keys(&["Shift+F"])?;
    page.until("location.search.includes('country=')")?;
    let others = agrees(&page, &service)?;
    ensure!(
        some.len() + others.len() == ids.len(),
        "{} and {}",
        some.len(),
        others.len()
    );
    Ok(())
}

/// An alert has an address of its own, says why it fired, and leads to what is related.
pub(crate) fn alert(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    data::push(&service, 0..24)?;
    // The same again with another text: a second revision.
    let mut changed = data::record(23)?;
    changed["description"] = json!("The text has changed");
    service.push("pushed", &[changed])?;
    let alert = data::newest(&service, "description=*changed*")?;
    let id = alert["id"].as_str().unwrap_or_default();
    let page = stage.page(&service)?;
    page.open(&format!("/ui/alerts?open={id}"))?;
    page.until_says("#panel", "The text has changed")?;
    page.open(&format!("/ui/alerts/{id}"))?;
    page.until_says("main", "The text has changed")?;
    for (part, words) in [
        ("#alert-why", ""),
        ("#alert-record", "src_ip"),
        ("#alert-record", "severity: \"critical\""),
        ("#alert-context", "192.168."),
        ("#alert-enrichment", "builtin"),
        ("#alert-told", "soc"),
        ("#alert-timeline", "Happened"),
        ("#alert-related", "Same"),
    ] {
        page.until_says(part, words)?;
    }
    page.until_says("main", "revision 2")?;
    page.click("#alert-context a.val[href*='user=']")?;
    page.until("location.pathname === '/ui/alerts' && location.search.includes('user=')")?;
    let found = agrees(&page, &service)?;
    ensure!(
        found.iter().any(|one| one == id),
        "the filter loses the alert itself"
    );
    page.session.step(Step::Back)?;
    page.until_says("main", "The text has changed")?;
    page.keys(&["Escape"])?;
    page.until(&format!(
        "location.pathname === '/ui/alerts' && location.search.includes({})",
        json!(id)
    ))?;

    page.open("/ui/alerts/00000000000000000000000000")?;
    page.expect_error("404");
    page.until_says("main", "no")
}

/// Filters and pages are links and forms.
pub(crate) fn without_script(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    data::push(&service, 0..120)?;
    let page = stage.page_without_script(&service)?;
    page.open("/ui/alerts")?;
    let first = |css: &str| -> anyhow::Result<_> {
        let found = page.session.find_all(css)?;
        found
            .into_iter()
            .next()
            .with_context(|| format!("no {css}"))
    };
    let count = || -> anyhow::Result<usize> { Ok(page.session.find_all("[data-row]")?.len()) };
    let clicked = |css: &str, part: &str| -> anyhow::Result<()> {
        page.session.click(&first(css)?)?;
        wait_until("the next page is there", || Ok(page.path()?.contains(part)))
    };
    ensure!(count()? == 50, "{} rows", count()?);
    clicked("a[data-more]", "before=")?;
    ensure!(count()? == 50, "{} older rows", count()?);
    clicked(
        "#facets a.pick[href*='severity=critical']",
        "severity=critical",
    )?;
    ensure!(count()? == 30, "{} critical rows", count()?);
    page.session.send(&first("#q")?, "source:ips")?;
    clicked("form.query button", "source")?;
    ensure!(
        (1..30).contains(&count()?),
        "{} rows of the query",
        count()?
    );
    clicked("[data-row] a[data-open]", "open=")?;
    let panel = page.session.text(&first("#panel")?)?;
    ensure!(panel.contains("Timeline"), "{panel}");
    clicked("#panel [data-close]", "severity=critical")
}

/// The columns that are shown are chosen, and the choice is kept.
pub(crate) fn columns(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    data::push(&service, 0..5)?;
    let page = stage.page(&service)?;
    page.open("/ui/alerts?severity=high")?;
    let heads = |page: &Page| {
        page.value("[...document.querySelectorAll('#rows th')].map(one => one.className)")
    };
    let has = |heads: &Value, name: &str| {
        heads
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one == name))
    };
    let before = heads(&page)?;
    ensure!(
        has(&before, "country") && !has(&before, "upstream_id"),
        "{before}"
    );
    page.click("details.columns summary")?;
    page.click("details.columns [value=country]")?;
    page.click("details.columns [value=upstream_id]")?;
    page.click("details.columns button[type=submit]")?;
    page.until("document.querySelector('#rows th.upstream_id')")?;
    page.session.step(Step::Reload)?;
    let after = heads(&page)?;
    ensure!(
        !has(&after, "country") && has(&after, "upstream_id"),
        "{after}"
    );
    ensure!(
        page.path()?.contains("severity=high"),
        "the filter was lost"
    );
    Ok(())
}
