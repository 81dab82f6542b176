//! The rows of the list: one line each in the table, two beside an open alert.

use cresset_model::alert::AlertRow;
use cresset_model::ip;
use cresset_model::ports::AlertPage;
use maud::{Markup, html};

use super::columns::Column;
use super::place::Place;
use crate::ui::components::{brief, country, mono, severity};
use crate::ui::icon::{Icon, icon_tiny};
use crate::ui::text::{plain, visible};

/// The rows, and the way to older ones.
pub(super) fn rows(place: &Place, columns: &[Column], page: &AlertPage) -> Markup {
    html! {
        @for row in &page.items { (line(place, columns, row)) }
        @if let Some(next) = page.next { (more(&place.going(Some(next)), "Older alerts")) }
    }
}

/// In place of rows that could not be read.
pub(super) fn again(place: &Place, cause: &str) -> Markup {
    more(place, &format!("{cause}. Try again"))
}

fn more(older: &Place, words: &str) -> Markup {
    html! {
        tr.more id="more" {
            td colspan="12" {
                a class="btn ghost sm" href=(older.href()) data-more
                    hx-get={ "/ui/parts/alerts/rows?" (older.query()) } hx-target="#more" hx-swap="outerHTML"
                    hx-trigger="click, intersect once" { (words) }
            }
        }
    }
}

fn line(place: &Place, columns: &[Column], row: &AlertRow) -> Markup {
    let is_open = place.open == Some(row.id);
    let name = row.title.as_deref().unwrap_or(&row.description);
    html! {
        tr.cur[is_open] data-row data-id=(row.id) data-seq=(row.seq) {
            td.sv data-field="severity" data-value=(row.severity) { (severity(row.severity)) }
            @if columns.contains(&Column::Time) { (Column::Time.cell(row, place.now)) }
            td.what {
                div.name {
                    a.clip href=(place.opening(Some(row.id)).href()) data-open=(row.id)
                        aria-current=[is_open.then_some("true")] title=(plain(name)) { (visible(name)) }
                    @if row.title.is_some() { span class="tag intel" { (icon_tiny(Icon::Fingerprint)) "threat" } }
                    @if row.title.is_some() { span class="desc clip" { (visible(&row.description)) } }
                    @if row.revision > 1 {
                        span.mult title="how often its content has changed" { "rev " (row.revision) }
                    }
                }
                div.sub { (sub(row)) }
            }
            @for column in columns.iter().filter(|column| **column != Column::Time) {
                (column.cell(row, place.now))
            }
            td.when { (brief(row.ingested_at, place.now)) }
        }
    }
}

/// The second line, where there are no columns.
fn sub(row: &AlertRow) -> Markup {
    html! {
        (mono(&row.source))
        span.mono {
            (ip::to_string(row.src_ip))
            @if let Some(address) = row.dst_ip { " → " (ip::to_string(address)) }
        }
        @if let Some(code) = &row.country { (country(code)) }
        @if let Some(user) = &row.user { (mono(user)) }
    }
}
