//! What could not be used, what could not be told, and what is said where there is nothing.

use anyhow::ensure;
use serde_json::json;

use crate::data;
use crate::stage::Stage;
use crate::wait::wait_until;

/// Dead letters by reason; a dry run first, then a redrive once the cause is mended.
pub(crate) fn dead_letters(stage: &Stage) -> anyhow::Result<()> {
    let tight = format!("{}limits: {{ keys: 7 }}\n", data::pushed("demo"));
    let service = stage.service(&tight, None)?;
    data::push(&service, 0..3)?;
    let mut records = Vec::new();
    for number in 3..5 {
        let mut record = data::record(number)?;
        record["one_too_many"] = json!("<b>hostile</b>");
        records.push(record);
    }
    records.push(json!({ "id": "lacking", "source": "firewall", "severity": "low" }));
    service.push("pushed", &records)?;

    let page = stage.page(&service)?;
    page.open("/ui/dead-letters")?;
    page.until_says("#badge-dead-letters", "3")?;
    page.until_says(".choices", "missing_field")?;
    page.click(".choices a[href*='reason=too']")?;
    page.until("location.search.includes('reason=too')")?;
    page.until("document.querySelectorAll('.letter').length === 2")?;
    page.click(".letter details summary")?;
    page.until_says(".letter details", "one_too_many")?;
    page.until_says(".letter details", "<b>hostile</b>")?;
    page.click(".letters > header a.btn")?;
    page.until_says("#dry-run", "would stay")?;
    page.holds("!document.querySelector('#dry-run form')")?;

    page.expect_restart();
    service.configure(&data::pushed("demo"))?;
    page.open("/ui/dead-letters?reason=too_many_keys&until=-1h")?;
    page.until_says("main", "No dead letters match")?;
    page.open("/ui/dead-letters?reason=too_many_keys")?;
    page.click(".choices a[href*='since=%2D1h']")?;
    page.until("location.search.includes('since=%2D1h')")?;
    page.find(".letters > header a[download][href*='/export?reason=too']")?;
    page.click(".letters > header a.btn")?;
    page.until_says("#dry-run", "2 would become alerts")?;
    ensure!(
        data::total(&service, "")? == 3,
        "the dry run changed something"
    );
    page.click("#dry-run form button")?;
    page.until_says("#toast", "2 dead letters are alerts now")?;
    ensure!(
        data::total(&service, "")? == 5,
        "the redrive brought nothing"
    );
    page.until_says("#badge-dead-letters", "1")
}

/// Deliveries by state, another try, and a test of each receiver with its real answer.
pub(crate) fn deliveries(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    data::push(&service, 0..4)?;
    let page = stage.page(&service)?;
    page.open("/ui/deliveries")?;
    page.until("document.querySelectorAll('.letter .pill.ok').length === 3")?;
    page.until("document.querySelectorAll('.letter .pill.warn').length === 1")?;
    page.until_says(".letter .fault", "refused")?;
    let attempts = || -> anyhow::Result<usize> {
        let answer = service.get("/api/v1/deliveries?receiver=soc")?.json()?;
        let id = answer["items"][0]["id"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let shown = service.get(&format!("/api/v1/deliveries/{id}"))?.json()?;
        Ok(shown["attempts"].as_array().map_or(0, Vec::len))
    };
    let before = attempts()?;
    page.click(".letter form[action$='/retry'] button")?;
    wait_until("it is tried again", || Ok(attempts()? > before))?;

    page.click("form[action='/ui/receivers/soc/test'] button")?;
    page.until_says("#tested", "Failed")?;
    page.until_says("#tested", "refused")?;
    page.click("form[action='/ui/receivers/log/test'] button")?;
    page.until_says("#tested", "Taken")
}

/// With nothing stored, and with the upstream down, each page says what is so and what to do.
pub(crate) fn emptiness(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    let page = stage.page(&service)?;
    for (path, words) in [
        ("/ui/alerts", "No alerts found in database."),
        ("/ui/dead-letters", "No dead letters"),
        ("/ui/deliveries", "Nothing has been told yet"),
        ("/ui/sources", "pushed"),
    ] {
        page.open(path)?;
        page.until_says("main", words)?;
    }
    let mock = stage.mock(&["--delay", "0ms"], None)?;
    let polled = stage.service(&data::polled(mock.port), None)?;
    mock.kill()?;
    data::sync(&polled, "upstream")?;
    let page = stage.page(&polled)?;
    page.open("/ui/")?;
    page.until_says(".banner.error", "upstream")?;
    page.find(".banner.error form[action='/ui/sources/upstream/sync'] button")?;
    page.until_says(".health .pill", "Failed")
}
