//! The demo flow of the original's README, through the pages' own controls.

use std::time::Duration;

use anyhow::ensure;
use serde_json::json;

use crate::data;
use crate::page::Page;
use crate::stage::Stage;
use crate::wait::{wait_for, wait_until};

/// The number that a tile shows.
pub(crate) fn tile(page: &Page, label: &str) -> anyhow::Result<Option<u64>> {
    let label = json!(label);
    let text = page.words(&format!(
        "[...document.querySelectorAll('.kpi')].find(one => one.querySelector('.lbl').innerText.trim().startsWith({label}))\
         ?.querySelector('b').innerText.replaceAll(',', '')"
    ))?;
    Ok(text.parse().ok())
}

/// Waits until a tile shows the number that the API has for a query.
pub(crate) fn tile_agrees(
    page: &Page,
    service: &crate::service::Service,
    query: &str,
) -> anyhow::Result<u64> {
    wait_for(&format!("the tile `Alerts` agrees with {query}"), || {
        let total = data::total(service, query)?;
        Ok((tile(page, "Alerts")? == Some(total)).then_some(total))
    })
}

/// Sets the failure probability on the chaos card.
fn fail_at(page: &Page, share: &str) -> anyhow::Result<()> {
    page.open("/ui/sources")?;
    page.slide(".chaos input[name=failure_rate]", share)?;
    page.click(".chaos button[type=submit]:not([name])")?;
    page.until_says("#toast", "applied")?;
    page.open("/ui/")
}

fn trigger(page: &Page) -> anyhow::Result<()> {
    page.click(".health form[action='/ui/sync'] button")?;
    page.until_says("#toast", "Sync triggered!")
}

/// Failure 1.0, red; 0.0, cleared; an interval of a minute, and the scheduled sync is seen; filters; windows.
pub(crate) fn demo_flow(stage: &Stage) -> anyhow::Result<()> {
    let clock = stage.clock()?;
    let service = stage.demo(&["--fast", "--chaos", "0"], Some(&clock))?;
    let page = stage.page(&service)?;
    page.open("/")?;
    page.until("location.pathname === '/ui/'")?;
    page.until_says(".health .pill.ok", "Success")?;
    page.until_says(".health", "Connected")?;

    fail_at(&page, "1")?;
    page.until_says("#chaos-chip", "Chaos on")?;
    trigger(&page)?;
    page.until_says(".health .pill.warn", "Retrying")?;
    page.until_says(".banner", "Retrying (Transient Error)")?;
    page.until_says(".health .pill.err", "Failed")?;
    page.until_says(".banner.error", "500 Internal Server Error")?;
    page.until("document.querySelector('#favicon').href.includes('icon-err')")?;
    page.find(".banner.error [data-copy]")?;
    let failed = service.get("/health")?.json()?;

    fail_at(&page, "0")?;
    page.until_says(".banner.error", "500 Internal Server Error")?;
    trigger(&page)?;
    page.until("!document.querySelector('.banner')")?;
    page.until_says(".health .pill.ok", "Success")?;
    let cleared = service.get("/health")?.json()?;
    ensure!(cleared["last_error"].is_null() && cleared["last_success"] != failed["last_success"]);

    page.fill(".health input[name=minutes]", "1")?;
    page.click(".health form[action='/ui/interval'] button")?;
    page.until_says("#toast", "Configuration saved & applied!")?;
    // The schedule takes the interval over a moment after it was stored.
    wait_until("the next sync is due within the minute", || {
        let source = service.get("/api/v1/sources/upstream-alerts")?.json()?;
        let next = &source["next_sync"];
        Ok(page.value(&format!("Date.parse({next}) - Date.now() < 61_000"))? == true)
    })?;
    clock.forward(Duration::from_mins(2))?;
    page.until_says(".health", "schedule")?;
    let attempts = service
        .get("/api/v1/sources/upstream-alerts/attempts")?
        .json()?;
    ensure!(attempts["items"][0]["trigger"] == "schedule", "{attempts}");

    filters_and_windows(&page, &service, &clock)
}

fn filters_and_windows(
    page: &Page,
    service: &crate::service::Service,
    clock: &crate::clock::Clock,
) -> anyhow::Result<()> {
    // A past: each step brings the scheduled sync with its alerts.
    page.fill(".health input[name=minutes]", "60")?;
    page.click(".health form[action='/ui/interval'] button")?;
    page.until_says("#toast", "Configuration saved & applied!")?;
    for hours in [10, 3] {
        let before = data::total(service, "")?;
        clock.forward(Duration::from_hours(hours))?;
        wait_until("a scheduled sync brings alerts", || {
            Ok(data::total(service, "")? > before)
        })?;
    }
    let mut totals = Vec::new();
    for hours in [1, 6, 24] {
        page.click(&format!(".seg a[href*='from=-{hours}h']"))?;
        page.until(&format!("location.search.includes('from=-{hours}h')"))?;
        totals.push(tile_agrees(page, service, &format!("from=-{hours}h"))?);
    }
    ensure!(totals.is_sorted_by(|a, b| a < b), "windows: {totals:?}");

    let alert = data::newest(service, "country=*&user=*")?;
    for field in ["country", "user", "severity"] {
        let value = alert[field].as_str().unwrap_or_default();
        if field == "severity" {
            page.value(&format!(
                "(one => {{ one.value = '{value}'; one.dispatchEvent(new Event('change', {{ bubbles: true }})); }})\
                 (document.querySelector('.filters [name=severity]'))"
            ))?;
        } else {
            page.fill(&format!(".filters [name={field}]"), value)?;
            page.click(".filters button[type=submit]")?;
        }
        page.until(&format!("location.search.includes('{field}={value}')"))?;
        let some = tile_agrees(page, service, &format!("from=-24h&{field}={value}"))?;
        ensure!(
            some >= 1 && Some(&some) < totals.last(),
            "{field}={value}: {some}"
        );
        page.click(".filters a.btn")?;
        page.until(&format!("!location.search.includes('{field}=')"))?;
    }
    Ok(())
}

/// A pattern of failures: yellow with a countdown while it waits between attempts, and green by itself.
pub(crate) fn failing_pattern(stage: &Stage) -> anyhow::Result<()> {
    let mock = stage.mock(&["--delay", "50ms", "--pattern", "500,503,ok"], None)?;
    let service = stage.service(&data::polled(mock.port), None)?;
    let page = stage.page(&service)?;
    service.health("the first sync ended", |health| {
        !health["last_success"].is_null()
    })?;
    page.open("/ui/")?;
    page.until_says(".health .pill.ok", "Success")?;
    trigger(&page)?;
    page.until_says(".banner", "Retrying (Transient Error)")?;
    page.until_says(".banner", "attempt 1 of 3")?;
    page.until(
        "document.querySelector('.banner time[data-until]')?.innerText.match(/^[0-9]+ s$/)",
    )?;
    page.until_says(".banner", "bookmark stays put")?;
    page.until_says(".banner", "attempt 2 of 3")?;
    page.until("!document.querySelector('.banner')")?;
    page.until_says(".health .pill.ok", "Success")
}
