//! What the page of sources does.

use std::time::Duration;

use anyhow::ensure;
use serde_json::Value;

use crate::data;
use crate::page::Page;
use crate::service::Service;
use crate::stage::Stage;
use crate::wait::wait_until;

/// Pause, resume, and rewind with the name typed.
pub(crate) fn commands(stage: &Stage) -> anyhow::Result<()> {
    let mock = stage.mock(&["--delay", "0ms", "--failure-rate", "0"], None)?;
    let service = stage.service(&data::polled(mock.port), None)?;
    data::sync(&service, "upstream")?;
    let page = stage.page(&service)?;
    page.open("/ui/sources")?;

    open_menu(&page)?;
    page.click("#source-upstream form[action$='/pause'] button")?;
    page.until_says("#toast", "Paused")?;
    page.until_says("#source-upstream .pill", "Paused")?;
    let refused = service.post("/api/v1/sources/upstream/sync", "")?;
    ensure!(
        refused.status == 409,
        "a paused source was synced: {refused:?}"
    );
    page.click("#source-upstream form[action$='/resume'] button")?;
    page.until_says("#toast", "Resumed")?;
    page.until_says("#source-upstream .pill", "Success")?;

    let before = bookmark(&service)?;
    rewind(&page, "another")?;
    page.until_says("#toast", "type the name of the source")?;
    ensure!(
        bookmark(&service)? == before,
        "a rewind that was not confirmed"
    );
    rewind(&page, "upstream")?;
    page.until_says("#toast", "Rewound")?;
    wait_until("the source is read from there", || {
        let answer = service.get("/api/v1/sources/upstream/attempts")?;
        Ok(answer.json()?["items"]
            .as_array()
            .is_some_and(|turns| turns.len() >= 4))
    })
}

fn open_menu(page: &Page) -> anyhow::Result<()> {
    page.click("#source-upstream summary")
}

fn rewind(page: &Page, confirm: &str) -> anyhow::Result<()> {
    open_menu(page)?;
    page.fill("#source-upstream [name=confirm]", confirm)?;
    page.click("#source-upstream form[action$='/rewind'] button")
}

fn bookmark(service: &Service) -> anyhow::Result<Value> {
    let mut source = service.get("/api/v1/sources/upstream")?.json()?;
    Ok(source["bookmark"].take())
}

/// Turned dials go back by themselves after a quarter of an hour.
pub(crate) fn chaos_ends(stage: &Stage) -> anyhow::Result<()> {
    let clock = stage.clock()?;
    let service = stage.demo(&["--fast", "--chaos", "0.1"], Some(&clock))?;
    let page = stage.page(&service)?;
    page.open("/ui/sources")?;
    page.slide(".chaos input[name=failure_rate]", "0.35")?;
    page.click(".chaos button[type=submit]:not([name])")?;
    page.until_says(".chaos .pill", "on")?;
    page.until("document.querySelector('.chaos [name=failure_rate]').value === '0.35'")?;
    page.until_says("#chaos-chip", "Chaos on")?;
    // Dials that go back before the stream has told of them are told of never.
    page.until("live.known?.includes('\"chaos\":true')")?;
    clock.forward(Duration::from_mins(16))?;
    page.until_says(".chaos .pill", "off")?;
    page.until("document.querySelector('.chaos [name=failure_rate]').value === '0.1'")?;
    page.until("document.querySelector('#chaos-chip').hidden")
}
