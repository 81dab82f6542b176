//! `GET /ui/dead-letters`: records that could not be used, why, and how to put them through again.

mod address;
mod report;
mod view;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use cresset_model::batch::Reason;
use cresset_model::dead_letter::{DeadLetterFilter, DeadLetterGroup};
use cresset_model::ports::{
    DeadLetterPage, DeadLetterRoom, PageRequest, RedriveItem, RedriveReport, RedriveSelection,
};
use cresset_model::{DeadLetterId, SourceId};
use maud::html;

use crate::ask::{Fault, ask, ask_bulk};
use crate::services::{App, Shared};
use crate::ui::actions;
use crate::ui::components::Tone;
use crate::ui::frame::Frame;
use crate::ui::shell::{self, Page, Section};
use crate::ui::visit::Visit;
use crate::ui::words;
use crate::{form, reply};

use address::{Address, Meant};

/// Dead letters of one page.
const ROWS: usize = 25;
/// Dead letters that are put through at once.
const REDRIVEN_MAX: usize = 1_000;

/// What is shown.
struct Listing {
    page: DeadLetterPage,
    reasons: Vec<(Reason, u64)>,
    sources: Vec<(SourceId, u64)>,
    report: Option<RedriveReport>,
    /// What dead letters take, if the store says it.
    room: Option<DeadLetterRoom>,
}

/// The page.
pub(crate) async fn show(State(app): State<Shared>, visit: Visit) -> Response {
    let frame = Frame::of(&app).await;
    let address = Address::read(&visit, frame.now);
    let listing = listing(&app, &address).await;
    let page = Page {
        section: Section::DeadLetters,
        title: Section::DeadLetters.name().to_owned(),
        tools: html! {},
        address: Some(address.href()),
        notice: notice(&visit),
        body: view::dead_letters(&frame, &address, &listing.map_err(|fault| fault.text())),
    };
    shell::answer(&frame, &visit, &page)
}

async fn listing(app: &App, address: &Address) -> Result<Listing, Fault> {
    let query = &app.services.query;
    let filter = address.filter();
    // What is chosen of one kind does not take the others of that kind away.
    let of_reasons = DeadLetterFilter {
        reason: None,
        ..filter.clone()
    };
    let of_sources = DeadLetterFilter {
        source: None,
        ..filter.clone()
    };
    let request = PageRequest {
        before: address.before,
        limit: ROWS,
        total: true,
    };
    let report = async {
        match &address.meant {
            Some(meant) => {
                let dry = app
                    .services
                    .control
                    .redrive(selection(address, meant), true);
                ask_bulk(app, dry).await.map(Some)
            }
            None => Ok(None),
        }
    };
    let (page, reasons, sources, report) = tokio::try_join!(
        ask(app, query.dead_letters(filter, request)),
        ask(app, query.dead_letter_groups(of_reasons)),
        ask(app, query.dead_letter_groups(of_sources)),
        report,
    )?;
    Ok(Listing {
        page,
        reasons: summed(&reasons, |group| group.reason),
        sources: summed(&sources, |group| group.source_id.clone()),
        report,
        room: app
            .services
            .health
            .health()
            .await
            .vitals
            .map(|it| it.dead_letters),
    })
}

/// Dead letters of each key, the most first.
fn summed<K: PartialEq>(
    groups: &[DeadLetterGroup],
    key: impl Fn(&DeadLetterGroup) -> K,
) -> Vec<(K, u64)> {
    let mut sums: Vec<(K, u64)> = Vec::new();
    for group in groups {
        let own = key(group);
        match sums.iter_mut().find(|(known, _)| *known == own) {
            Some((_, letters)) => *letters += group.letters,
            None => sums.push((own, group.letters)),
        }
    }
    sums.sort_by_key(|(_, letters)| std::cmp::Reverse(*letters));
    sums
}

fn selection(address: &Address, meant: &Meant) -> RedriveSelection {
    match meant {
        Meant::One(id) => RedriveSelection::Ids(vec![*id]),
        Meant::All => RedriveSelection::Matching {
            filter: DeadLetterFilter {
                resolved: Some(false),
                ..address.filter()
            },
            limit: REDRIVEN_MAX,
        },
    }
}

/// `POST /ui/dead-letters/redrive`: puts through what the dry run looked at.
pub(crate) async fn redrive(State(app): State<Shared>, request: Request) -> Response {
    let pairs = match form::read(request.into_body()).await {
        Ok(pairs) => pairs,
        Err(refusal) => return refusal,
    };
    let visit = Visit {
        pairs,
        ..Visit::default()
    };
    let address = Address::read(&visit, app.now());
    let word = match &address.meant {
        None => "nothing-meant".to_owned(),
        Some(meant) => {
            let redrive = app
                .services
                .control
                .redrive(selection(&address, meant), false);
            match ask_bulk(&app, redrive).await {
                Ok(report) => outcome(&report),
                Err(_) => "unavailable".to_owned(),
            }
        }
    };
    let location = format!("{}&notice={word}", address.meaning(None).href());
    reply::redirect(StatusCode::SEE_OTHER, &location)
}

/// What became of them, as a word of an address.
fn outcome(report: &RedriveReport) -> String {
    let (mut alerts, mut passed, mut refused, mut skipped) = (0, 0, 0, 0);
    for item in &report.items {
        match item {
            RedriveItem::Alert { .. } => alerts += 1,
            RedriveItem::Passed { .. } => passed += 1,
            RedriveItem::Refused { .. } => refused += 1,
            RedriveItem::Skipped { .. } => skipped += 1,
        }
    }
    format!("redriven-{alerts}-{passed}-{refused}-{skipped}")
}

fn notice(visit: &Visit) -> Option<(Tone, String)> {
    let word = visit.text("notice");
    if word == "nothing-meant" {
        let text = "Say which dead letters are meant; nothing was changed";
        return Some((Tone::Err, text.to_owned()));
    }
    let Some(counts) = word.strip_prefix("redriven-") else {
        return actions::notice(visit);
    };
    let counts: Vec<u64> = counts
        .split('-')
        .filter_map(|count| count.parse().ok())
        .collect();
    let &[alerts, passed, refused, skipped] = counts.as_slice() else {
        return None;
    };
    let tone = if alerts + passed > 0 {
        Tone::Ok
    } else {
        Tone::Warn
    };
    let made = match alerts {
        1 => "1 dead letter is an alert now".to_owned(),
        _ => format!("{} dead letters are alerts now", words::count(alerts)),
    };
    let others = [
        (passed, "went on as events"),
        (refused, "refused again"),
        (skipped, "not tried"),
    ];
    let others = others
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!(", {} {what}", words::count(count)));
    let said = std::iter::once(made).chain(others).collect();
    Some((tone, said))
}

impl Meant {
    fn read(text: &str) -> Option<Self> {
        match text {
            "all" => Some(Self::All),
            id => id.parse::<DeadLetterId>().ok().map(Self::One),
        }
    }
}
