//! What every page has: the stream, the keys, the themes, and that it works without script.

use anyhow::ensure;

use crate::data;
use crate::flow::tile_agrees;
use crate::page::{Page, Theme};
use crate::session::Step;
use crate::stage::Stage;
use crate::wait::wait_until;

/// The service goes away: the page says so and keeps what it shows; it comes back, and so does the page.
pub(crate) fn reconnect(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    data::push(&service, 0..40)?;
    let page = stage.page(&service)?;
    page.expect_restart();
    page.open("/ui/")?;
    tile_agrees(&page, &service, "")?;
    page.until_says("#live", "Live")?;
    page.holds("document.querySelector('#lost').hidden")?;

    service.kill()?;
    page.until_says("#lost", "Connection lost")?;
    page.until("document.body.classList.contains('stale')")?;
    ensure!(
        crate::flow::tile(&page, "Alerts")? == Some(40),
        "the data went with the connection"
    );

    service.start()?;
    page.until("document.querySelector('#lost').hidden")?;
    page.until("!document.body.classList.contains('stale')")?;
    data::push(&service, 40..45)?;
    page.until("document.title.startsWith('(5)')")
}

/// Two tabs of one browser: each of them hears what happens.
pub(crate) fn two_tabs(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    data::push(&service, 0..3)?;
    let page = stage.page(&service)?;
    page.open("/ui/")?;
    tile_agrees(&page, &service, "")?;
    let first = page.session.tab()?;
    let second = page.session.open_tab()?;
    page.open("/ui/sources")?;
    page.until_says("#live", "Live")?;
    data::push(&service, 3..5)?;
    page.until("document.title.startsWith('(2)')")?;
    // The first one rested meanwhile; shown again it catches up, and goes on.
    page.session.show_tab(&first)?;
    tile_agrees(&page, &service, "")?;
    data::push(&service, 5..6)?;
    page.until("document.title.startsWith('(1)')")?;
    page.session.show_tab(&second)?;
    page.until("document.title.startsWith('(3)')")
}

/// The theme follows the system until one is chosen, and stays after a reload.
pub(crate) fn themes(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    let page = stage.page(&service)?;
    page.open("/ui/")?;
    let ground = || page.words("getComputedStyle(document.documentElement).backgroundColor");
    let light = ground()?;
    page.theme(Theme::Dark)?;
    let dark = ground()?;
    ensure!(light != dark, "both themes are {light}");
    page.keys(&["t"])?;
    page.until("document.documentElement.dataset.theme === 'light'")?;
    ensure!(ground()? == light, "the chosen theme is not shown");
    page.session.step(Step::Reload)?;
    ensure!(ground()? == light, "the chosen theme was forgotten");
    page.click("form.theme button.to-dark")?;
    page.until("document.documentElement.dataset.theme === 'dark'")?;
    ensure!(ground()? == dark, "the button does not change the theme");
    Ok(())
}

/// The keys that work everywhere.
pub(crate) fn keys_of_the_shell(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    data::push(&service, 0..3)?;
    let page = stage.page(&service)?;
    page.open("/ui/")?;
    page.until_says("#live", "Live")?;
    page.keys(&["?"])?;
    page.until("document.querySelector('#help').open")?;
    page.keys(&["Escape"])?;
    page.until("!document.querySelector('#help').open")?;
    page.keys(&["l"])?;
    page.until_says("#live", "Paused")?;
    page.keys(&["l"])?;
    page.until_says("#live", "Live")?;
    for (key, path) in [("s", "/ui/sources"), ("o", "/ui/")] {
        page.keys(&["g", key])?;
        page.until(&format!("location.pathname === '{path}'"))?;
        page.until_says("#live", "Live")?;
    }
    page.keys(&["Control+k"])?;
    page.until("document.querySelector('#palette').open")?;
    page.keys(&["s", "o", "u", "r", "Enter"])?;
    page.until("location.pathname === '/ui/sources'")?;
    typing_is_no_command(&page)
}

/// While somebody types no key is a command.
fn typing_is_no_command(page: &Page) -> anyhow::Result<()> {
    page.open("/ui/")?;
    page.fill(".filters [name=user]", "lt?g")?;
    ensure!(page.words("document.querySelector('.filters [name=user]').value")? == "lt?g");
    page.holds("!document.querySelector('#help').open && !document.documentElement.dataset.theme")
}

/// Reading and filtering without script.
pub(crate) fn without_script(stage: &Stage) -> anyhow::Result<()> {
    let service = stage.service(&data::pushed("demo"), None)?;
    data::push(&service, 0..40)?;
    let page = stage.page_without_script(&service)?;
    page.open("/ui/")?;
    let text = |css: &str| -> anyhow::Result<String> {
        let found = page.session.find_all(css)?;
        let first = found.first().ok_or_else(|| anyhow::anyhow!("no {css}"))?;
        page.session.text(first)
    };
    let first = |css: &str| -> anyhow::Result<_> {
        let found = page.session.find_all(css)?;
        found
            .into_iter()
            .next()
            .ok_or_else(|| anyhow::anyhow!("no {css}"))
    };
    ensure!(text(".kpi b")? == "40", "{}", text(".kpi b")?);
    page.session
        .send(&first(".filters [name=severity]")?, "critical")?;
    page.session
        .click(&first(".filters button[type=submit]")?)?;
    let path = page.path()?;
    ensure!(path.contains("severity=critical"), "{path}");
    ensure!(text(".kpi b")? == "10", "{}", text(".kpi b")?);
    page.session.click(&first(".seg a[href*='from=-6h']")?)?;
    let path = page.path()?;
    ensure!(
        path.contains("severity=critical") && path.contains("from=-6h"),
        "{path}"
    );
    page.session.click(&first("nav a[href='/ui/sources']")?)?;
    ensure!(text("main")?.contains("pushed"));
    // The theme is a form as well.
    page.session.click(&first("form.theme button.to-dark")?)?;
    wait_until("the dark theme is there", || {
        Ok(page.session.source()?.contains("data-theme=\"dark\""))
    })
}
