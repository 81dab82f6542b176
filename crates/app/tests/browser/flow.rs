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
        "[...document.querySelectorAll('.kpi')].find(one => one.querySelector('.lbl').innerText.trim() === {label})\
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

/// The clock is moved, and the page tells of the scheduled sync without being loaded again.
pub(crate) fn scheduled_sync(stage: &Stage) -> anyhow::Result<()> {
    let clock = stage.clock()?;
    let service = stage.demo(&["--fast", "--chaos", "0"], Some(&clock))?;
    let page = stage.page(&service)?;
    service.health("the first sync ended", |health| {
        !health["last_success"].is_null()
    })?;
    page.open("/ui/")?;
    page.fill(".health input[name=minutes]", "1")?;
    page.click(".health form[action='/ui/interval'] button")?;
    page.until_says("#notice", "Configuration applied")?;
    // The schedule takes the interval over a moment after it was stored.
    wait_until("the next sync is due within the minute", || {
        let source = service.get("/api/v1/sources/upstream-alerts")?.json()?;
        Ok(minutes_between(&source["last_sync"], &source["next_sync"]).is_some_and(|m| m < 2))
    })?;
    clock.forward(Duration::from_mins(2))?;
    page.until("document.title.startsWith('(')")?;
    let attempts = service
        .get("/api/v1/sources/upstream-alerts/attempts")?
        .json()?;
    ensure!(attempts["items"][0]["trigger"] == "schedule", "{attempts}");
    Ok(())
}

/// Whole minutes between two instants of one hour, as text.
fn minutes_between(from: &serde_json::Value, to: &serde_json::Value) -> Option<u32> {
    let minute = |text: &serde_json::Value| text.as_str()?.get(14..16)?.parse::<u32>().ok();
    Some((60 + minute(to)? - minute(from)?) % 60)
}
