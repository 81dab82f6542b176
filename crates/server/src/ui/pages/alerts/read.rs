//! What the list asks the ports for.

use std::time::Duration;

use cresset_model::alert::Seq;
use cresset_model::ports::{AlertPage, PageRequest};
use cresset_model::query::{Buckets, Facet, FacetField, Field, Histogram, TimeField, Window};

use super::place::Place;
use crate::ask::{Fault, ask};
use crate::services::App;
use crate::ui::selection::Selection;

/// Rows of one page.
const ROWS: usize = 50;
/// Values of one facet.
const VALUES: usize = 7;
/// Bars of the histogram, at most.
const BARS_MAX: usize = 90;
/// New alerts that are counted one by one.
pub(super) const FRESH_MAX: usize = 200;

/// The fields beside the list, in their order.
pub(super) const FIELDS: [FacetField; 6] = [
    FacetField::Severity,
    FacetField::Source,
    FacetField::Country,
    FacetField::User,
    FacetField::Threat,
    FacetField::Pipeline,
];

/// Windows that may be offered where the chosen one holds nothing: how they are written and called, and
/// their days.
const WIDER: [(&str, &str, u64); 3] = [
    ("-24h", "24 hours", 1),
    ("-7d", "7 days", 7),
    ("-30d", "30 days", 30),
];

/// What is chosen.
pub(super) struct Listing {
    /// The rows.
    pub(super) page: AlertPage,
    /// The values of [`FIELDS`].
    pub(super) facets: Vec<Facet>,
    /// Counts over time.
    pub(super) histogram: Histogram,
    /// Where there are no rows: a wider window with its name and what it holds.
    pub(super) wider: Option<(&'static str, &'static str, u64)>,
}

/// Asks for everything.
pub(super) async fn listing(app: &App, place: &Place) -> Result<Listing, Fault> {
    let selection = &place.selection;
    let explore = &app.services.explore;
    let window = selection.window(place.now);
    let buckets = Buckets::over(window.from, window.to, BARS_MAX);
    let filter = || selection.filter.clone();
    let (page, facets, histogram) = tokio::try_join!(
        rows(app, place),
        ask(app, explore.facets(filter(), FIELDS.to_vec(), VALUES)),
        ask(
            app,
            explore.histogram(filter(), TimeField::IngestedAt, buckets)
        ),
    )?;
    let wider = if page.items.is_empty() && place.before.is_none() {
        wider(app, selection, place).await?
    } else {
        None
    };
    Ok(Listing {
        page,
        facets,
        histogram,
        wider,
    })
}

/// Asks for one page of rows.
pub(super) async fn rows(app: &App, place: &Place) -> Result<AlertPage, Fault> {
    let request = PageRequest {
        before: place.before,
        limit: ROWS,
        total: true,
    };
    let filter = place.selection.filter.clone();
    ask(app, app.services.query.alerts(filter, request)).await
}

/// How many chosen alerts arrived after one, at most [`FRESH_MAX`].
pub(super) async fn fresh(app: &App, place: &Place, newest: Seq) -> Result<usize, Fault> {
    let request = PageRequest {
        before: None,
        limit: FRESH_MAX,
        total: false,
    };
    let filter = place.selection.filter.clone();
    let page = ask(app, app.services.query.alerts(filter, request)).await?;
    Ok(page.items.iter().filter(|row| row.seq > newest).count())
}

/// The first wider window that holds something.
async fn wider(
    app: &App,
    selection: &Selection,
    place: &Place,
) -> Result<Option<(&'static str, &'static str, u64)>, Fault> {
    let chosen = selection.window(place.now);
    let filter = selection.filter.without(Field::Time(TimeField::IngestedAt));
    for (from, name, days) in WIDER {
        let window = Window {
            from: place.now.minus(Duration::from_hours(24 * days)),
            to: place.now,
        };
        if window.from >= chosen.from && chosen.to >= window.to {
            continue;
        }
        let summary = app.services.explore.summary(filter.clone(), window, 1);
        let found = ask(app, summary).await?.now.total();
        if found > 0 {
            return Ok(Some((from, name, found)));
        }
    }
    Ok(None)
}
