//! What every page has around it, and how it is sent: the whole, or its changing part for the script.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::Response;
use maud::{DOCTYPE, Markup, html};

use super::assets;
use super::components::{Tone, pill};
use super::frame::Frame;
use super::icon::{Icon, icon, icon_small};
use super::selection::Selection;
use super::visit::{Theme, Visit};
use crate::reply;
use crate::services::Shared;

mod banners;
mod dialogs;

/// No evaluation, no styles of its own, no other host; going back loads the page anew.
const HTMX_CONFIG: &str = r#"{"includeIndicatorCSS":false,"mode":"same-origin","history":"reload","defaultTimeout":15000}"#;

/// The pages, in the order of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// Health, numbers, charts.
    Overview,
    /// The list and one of it.
    Alerts,
    /// What is read.
    Sources,
    /// Whom was told what.
    Deliveries,
    /// What could not be used.
    DeadLetters,
}

impl Section {
    const GROUPS: [(&'static str, &'static [Self]); 3] = [
        ("Monitor", &[Self::Overview, Self::Alerts]),
        ("Collect", &[Self::Sources, Self::DeadLetters]),
        ("Deliver", &[Self::Deliveries]),
    ];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Alerts => "Alerts",
            Self::Sources => "Sources",
            Self::Deliveries => "Deliveries",
            Self::DeadLetters => "Dead letters",
        }
    }

    /// Its address.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Overview => "/ui/",
            Self::Alerts => "/ui/alerts",
            Self::Sources => "/ui/sources",
            Self::Deliveries => "/ui/deliveries",
            Self::DeadLetters => "/ui/dead-letters",
        }
    }

    /// The second key after `G`.
    fn key(self) -> &'static str {
        match self {
            Self::Overview => "o",
            Self::Alerts => "a",
            Self::Sources => "s",
            Self::Deliveries => "n",
            Self::DeadLetters => "d",
        }
    }

    fn icon(self) -> Icon {
        match self {
            Self::Overview => Icon::LayoutDashboard,
            Self::Alerts => Icon::Siren,
            Self::Sources => Icon::Plug,
            Self::Deliveries => Icon::Send,
            Self::DeadLetters => Icon::Inbox,
        }
    }
}

/// A page without what surrounds it.
pub(crate) struct Page {
    /// Which one.
    pub(crate) section: Section,
    /// Its heading and the beginning of its title.
    pub(crate) title: String,
    /// What stands at the right of the top bar, such as the choice of the window.
    pub(crate) tools: Markup,
    /// Its address, written as short as it can be, if it takes parameters.
    pub(crate) address: Option<String>,
    /// What an action before it did: tone and sentence.
    pub(crate) notice: Option<(Tone, String)>,
    /// The content; its root is a `main` element.
    pub(crate) body: Markup,
}

/// `GET /`: the pages lie under `/ui/`; what the address chooses goes along.
pub(crate) async fn home(RawQuery(query): RawQuery) -> Response {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    reply::redirect(StatusCode::TEMPORARY_REDIRECT, &format!("/ui/{query}"))
}

/// `GET /ui/parts/banners`: what is wrong, for pages that are open already.
pub(crate) async fn banners_part(State(app): State<Shared>) -> Response {
    let frame = Frame::of(&app).await;
    page_reply(&banners::banners(&frame))
}

/// A page with what surrounds it.
pub(crate) struct Framed {
    /// What surrounds it.
    pub(crate) frame: Frame,
    /// The page.
    pub(crate) page: Page,
}

impl Framed {
    /// The part that changes, for the script.
    pub(crate) fn part(&self) -> Markup {
        html! { title { (self.page.title) " · Cresset" } (main_part(&self.frame, &self.page)) }
    }

    /// Sends the whole, or the changing part where the script asks for it.
    pub(crate) fn send(&self, visit: &Visit) -> Response {
        answer(&self.frame, visit, &self.page)
    }
}

/// Sends a page: the whole, or the changing part where the script asks for it.
pub(crate) fn answer(frame: &Frame, visit: &Visit, page: &Page) -> Response {
    if !visit.fragment {
        return page_reply(&whole(frame, visit, page));
    }
    let part = html! { title { (page.title) " · Cresset" } (main_part(frame, page)) };
    let response = page_reply(&part);
    match &page.address {
        Some(address) if Selection::is_wordy(visit) => {
            reply::with(response, HeaderName::from_static("hx-push-url"), address)
        }
        _ => response,
    }
}

/// An answer that no cache mixes up with another form of the same address.
pub(crate) fn page_reply(markup: &Markup) -> Response {
    let response = reply::typed(StatusCode::OK, reply::HTML, markup.0.clone());
    reply::with(response, header::VARY, "HX-Request")
}

fn whole(frame: &Frame, visit: &Visit, page: &Page) -> Markup {
    let (tone, word) = frame.status();
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[visit.theme.map(Theme::as_str)] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Forms carry their origin, which no-referrer would hide; other hosts hear nothing still.
                meta name="referrer" content="same-origin";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX_CONFIG);
                title { (page.title) " · Cresset" }
                link rel="preload" href=(assets::url("inter.woff2")) as="font" type="font/woff2" crossorigin;
                link rel="stylesheet" href=(assets::url("ui.css"));
                link id="favicon" rel="icon" type="image/svg+xml" href=(favicon(tone))
                    data-ok=(assets::url("icon-ok.svg")) data-warn=(assets::url("icon-warn.svg"))
                    data-err=(assets::url("icon-err.svg"));
                script src=(assets::url("htmx.js")) defer {}
                script src=(assets::url("app.js")) defer {}
            }
            body data-now=(frame.now.nanos() / 1_000_000) data-status=(word) {
                a.skip href="#page" { "Skip to the content" }
                (navigation(frame, page.section, visit))
                (main_part(frame, page))
                (dialogs::palette())
                (dialogs::help())
                div id="toast" role="status" aria-live="polite" {}
            }
        }
    }
}

fn favicon(tone: Tone) -> String {
    assets::url(match tone {
        Tone::Err => "icon-err.svg",
        Tone::Warn => "icon-warn.svg",
        Tone::Ok | Tone::Run | Tone::Idle => "icon-ok.svg",
    })
}

fn navigation(frame: &Frame, current: Section, visit: &Visit) -> Markup {
    html! {
        nav.nav aria-label="Main" {
            a.brand href="/ui/" aria-label="Cresset, overview" { (logo()) "Cresset" }
            @for (group, sections) in Section::GROUPS {
                h2 { (group) }
                @for section in sections {
                    a href=(section.path()) data-key=(section.key())
                        aria-current=[(*section == current).then_some("page")] {
                        (icon(section.icon())) span { (section.name()) }
                        (badge(frame, *section))
                    }
                }
            }
            div.foot {
                (theme_switch(visit))
                a href="/docs" { (icon(Icon::Braces)) span { "API" } }
                p.version { "Cresset " (frame.version) }
            }
        }
    }
}

fn logo() -> Markup {
    html! {
        svg viewBox="0 0 24 24" aria-hidden="true" {
            path.shield d="M12 1.5 21.5 5v7c0 5-3.9 8.9-9.5 10.5C6.4 20.9 2.5 17 2.5 12V5z" {}
            path.pulse d="M6 12h3l2-5 2.6 9 1.9-4H18" {}
        }
    }
}

fn badge(frame: &Frame, section: Section) -> Markup {
    let (id, class, count) = match section {
        Section::Alerts => ("badge-alerts", "count crit", 0),
        Section::Sources => ("badge-sources", "count warn", frame.failing()),
        Section::DeadLetters => {
            let waiting = frame.store.as_ref().map_or(0, |store| store.dead_letters);
            ("badge-dead-letters", "count", waiting)
        }
        Section::Overview | Section::Deliveries => return html! {},
    };
    html! { span id=(id) class=(class) hidden[count == 0] { (super::words::count(count)) } }
}

fn theme_switch(visit: &Visit) -> Markup {
    // Without a choice the style shows the button that leads away from what the system prefers.
    html! {
        form.theme action="/ui/theme" method="post" {
            input type="hidden" name="back" value=(visit.path);
            button.to-dark type="submit" name="theme" value="dark" { (icon(Icon::Moon)) span { "Dark theme" } }
            button.to-light type="submit" name="theme" value="light" { (icon(Icon::Sun)) span { "Light theme" } }
        }
    }
}

fn main_part(frame: &Frame, page: &Page) -> Markup {
    html! {
        div.main id="main" {
            header.top {
                h1 { (page.title) }
                span.grow {}
                form.find action="/ui/alerts" method="get" role="search" aria-label="Search everywhere" {
                    (icon_small(Icon::Search))
                    input name="q" type="search" placeholder="Search or jump to…" aria-label="Search alerts"
                        autocomplete="off" spellcheck="false" data-palette;
                    kbd { "Ctrl K" }
                }
                a.chaos-chip id="chaos-chip" href="/ui/sources#chaos" hidden[frame.chaos_until().is_none()]
                    title="The mock upstream fails on purpose; it ends by itself" {
                    (icon_small(Icon::FlaskConical)) "Chaos on"
                }
                (page.tools)
                span.live id="live" hidden title="New alerts arrive by themselves" { i {} span { "Live" } }
            }
            p.lost id="lost" role="alert" hidden {
                (icon(Icon::Unplug))
                b { "Connection lost." }
                span { "Cannot reach Ingestion Service: what is shown is " span data-lost-age { "0 s" } " old. Next try in " span data-lost-next { "1 s" } "." }
            }
            @if let Some((tone, sentence)) = &page.notice {
                div.notice id="notice" role="status" data-tone=(tone.class()) { (pill(*tone, sentence)) }
            }
            (banners::banners(frame))
            (page.body)
        }
    }
}
