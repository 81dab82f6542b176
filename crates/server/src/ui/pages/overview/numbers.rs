//! What the page asks the ports for.

use cresset_model::Severity;
use cresset_model::alert::AlertRow;
use cresset_model::notification::DeliveryState;
use cresset_model::ports::{DeliveryFilter, PageRequest};
use cresset_model::query::{
    Buckets, FacetField, Histogram, Range, Ranking, Summary, Test, TimeField,
};
use cresset_model::source::{SourceState, Trigger};

use crate::ask::{Fault, ask};
use crate::services::App;
use crate::ui::selection::Selection;

/// Bars of the histogram, at most.
const BARS_MAX: usize = 80;
/// Points of a tile's course.
const COURSE_PARTS: usize = 40;
/// Sources in the list.
const SOURCES: usize = 9;
/// Countries that the map may color.
const COUNTRIES: usize = 60;
/// Alerts in the list of the newest.
const NEWEST: usize = 5;

/// The numbers of the chosen alerts.
pub(super) struct Numbers {
    /// Counts now and before, and their course.
    pub(super) summary: Summary,
    /// Counts over time.
    pub(super) histogram: Histogram,
    /// Counts by source.
    pub(super) sources: Ranking,
    /// Counts by country of destination.
    pub(super) countries: Ranking,
    /// The newest critical and high ones.
    pub(super) newest: Vec<AlertRow>,
}

/// How many notifications stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Told {
    pub(super) sent: u64,
    pub(super) pending: u64,
    pub(super) dead: u64,
}

/// Asks for the numbers; a sentence where they cannot be read.
pub(super) async fn ask_for(app: &App, selection: &Selection) -> Result<Numbers, String> {
    read(app, selection).await.map_err(|fault| fault.text())
}

async fn read(app: &App, selection: &Selection) -> Result<Numbers, Fault> {
    let explore = &app.services.explore;
    let window = selection.window(app.now());
    let filter = || selection.filter.clone();
    let buckets = Buckets::over(window.from, window.to, BARS_MAX);
    let severe = Range {
        least: Some(Severity::High),
        greatest: None,
    };
    let newest = PageRequest {
        before: None,
        limit: NEWEST,
        total: false,
    };
    let severe = filter().and(Test::Severity(vec![severe]));
    // At the same time: each of them looks at every alert of the window.
    let (summary, histogram, sources, countries, newest) = tokio::try_join!(
        ask(app, explore.summary(filter(), window, COURSE_PARTS)),
        ask(
            app,
            explore.histogram(filter(), TimeField::IngestedAt, buckets)
        ),
        ask(app, explore.ranking(filter(), FacetField::Source, SOURCES)),
        ask(
            app,
            explore.ranking(filter(), FacetField::Country, COUNTRIES)
        ),
        ask(app, app.services.query.alerts(severe, newest)),
    )?;
    Ok(Numbers {
        summary,
        histogram,
        sources,
        countries,
        newest: newest.items,
    })
}

/// What is told; `None` where there is nobody to tell, or nobody knows.
pub(super) async fn told(app: &App) -> Option<Told> {
    if app.services.receivers.list().is_empty() {
        return None;
    }
    let mut told = Told::default();
    for state in [
        DeliveryState::Sent,
        DeliveryState::Pending,
        DeliveryState::Leased,
        DeliveryState::Dead,
    ] {
        let filter = DeliveryFilter {
            state: Some(state),
            ..DeliveryFilter::default()
        };
        let page = ask(app, app.services.outbox.deliveries(filter, None, 1))
            .await
            .ok()?;
        let count = page
            .total
            .map_or(page.items.len() as u64, |total| total.value);
        match state {
            DeliveryState::Sent => told.sent += count,
            DeliveryState::Pending | DeliveryState::Leased => told.pending += count,
            DeliveryState::Dead => told.dead += count,
        }
    }
    Some(told)
}

/// What began the latest turn of all sources.
pub(super) fn latest_trigger(app: &App, sources: &[SourceState]) -> Option<Trigger> {
    let newest = |source: &SourceState| {
        app.services
            .control
            .attempts(&source.id)?
            .into_iter()
            .next()
    };
    let attempts = sources.iter().filter_map(newest);
    attempts
        .max_by_key(|attempt| attempt.ended)
        .map(|attempt| attempt.trigger)
}
