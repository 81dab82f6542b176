//! Where traffic went. The outlines are a file of their own, which a browser keeps; the page only names
//! the countries that have a color.

use maud::{Markup, html};

use super::places::PLACES;
use crate::ui::assets;
use crate::ui::words;

/// Bubbles drawn.
const BUBBLES_MAX: usize = 8;

/// A country with its count.
pub(crate) struct Land {
    /// Its code.
    pub(crate) code: [u8; 2],
    /// Its name.
    pub(crate) name: String,
    /// How many alerts point there.
    pub(crate) count: u64,
    /// Where a click leads.
    pub(crate) href: String,
}

/// Draws the map; `lands` begin with the largest count.
pub(crate) fn map(lands: &[Land]) -> Markup {
    let world = assets::url("world.svg");
    let most = lands
        .iter()
        .map(|land| land.count)
        .max()
        .unwrap_or(0)
        .max(1);
    let placed = || {
        lands.iter().filter_map(|land| {
            let index = PLACES
                .binary_search_by_key(&land.code, |(code, ..)| *code)
                .ok()?;
            PLACES
                .get(index)
                .map(|(_, x, y, outlined)| (land, *x, *y, *outlined))
        })
    };
    html! {
        svg.map viewBox="0 0 620 300" role="group" aria-label="Destinations by country" {
            use href={ (world) "#land" } {}
            @for (land, _, _, outlined) in placed() {
                @if outlined {
                    a href=(land.href) {
                        title { (said(land)) }
                        use class={ "q" (shade(land.count, most)) } href={ (world) "#" (code(land)) } {}
                    }
                }
            }
            @for (land, x, y, _) in placed().take(BUBBLES_MAX) {
                a href=(land.href) tabindex="-1" {
                    title { (said(land)) }
                    circle.halo cx=(x) cy=(y) r=(radius(land.count, most, 2)) {}
                    circle cx=(x) cy=(y) r=(radius(land.count, most, 1)) {}
                }
            }
        }
    }
}

fn code(land: &Land) -> String {
    String::from_utf8_lossy(&land.code).into_owned()
}

fn said(land: &Land) -> String {
    format!("{}: {}", land.name, words::counted(land.count, "alert"))
}

/// From 1, pale, to 4; steps of a factor, as one country mostly has far more than the others.
fn shade(count: u64, most: u64) -> u8 {
    match most / count.max(1) {
        0 | 1 => 4,
        2 | 3 => 3,
        4..10 => 2,
        _ => 1,
    }
}

/// The area of a bubble grows with its count.
fn radius(count: u64, most: u64, factor: u64) -> u64 {
    let share = (count.saturating_mul(64) / most).isqrt();
    (2 + share * 3 / 4) * factor
}
