//! The field that takes a query in the language of page, API and command line. What stands in the address
//! as a parameter of its own is a token before the text.

use maud::{Markup, html};

use crate::ui::icon::{Icon, icon_small, icon_tiny};
use crate::ui::selection::Selection;
use crate::ui::text::{plain, visible};

/// The bar.
pub(crate) struct QueryBar<'a> {
    /// Where it is sent.
    pub(crate) action: &'a str,
    /// What is chosen.
    pub(crate) selection: &'a Selection,
    /// Parameters beside the selection that stay.
    pub(crate) kept: Vec<(&'static str, String)>,
    /// The address of another selection.
    pub(crate) href: &'a dyn Fn(&Selection) -> String,
}

/// The bar. Sending it keeps every other parameter of the address.
pub(crate) fn query_bar(bar: &QueryBar<'_>) -> Markup {
    let selection = bar.selection;
    html! {
        form.query action=(bar.action) method="get" role="search" hx-get=(bar.action) hx-target="#main"
            hx-swap="outerMorph" hx-push-url="true" {
            div.q {
                (icon_small(Icon::Search))
                (tokens(bar))
                input id="q" name="q" type="search" value=(selection.value("q")) autocomplete="off"
                    spellcheck="false" aria-label="Query" data-complete="/api/v1/query/complete"
                    placeholder="country:RU user:… dst_ip:203.0.113.0/24";
                kbd { "/" }
            }
            @for (name, value) in selection.pairs().iter().filter(|(name, _)| name != "q") {
                input type="hidden" name=(name) value=(value);
            }
            input type="hidden" name="from" value=(selection.from);
            @if !selection.to.is_empty() { input type="hidden" name="to" value=(selection.to); }
            @for (name, value) in &bar.kept { input type="hidden" name=(name) value=(value); }
            button class="btn" type="submit" { "Search" }
        }
    }
}

fn tokens(bar: &QueryBar<'_>) -> Markup {
    html! {
        @for (index, (name, value)) in bar.selection.pairs().iter().enumerate() {
            @if name != "q" {
                @let without = (bar.href)(&bar.selection.without_pair(index));
                span.tok title=(plain(&format!("{name}:{value}"))) {
                    em { (visible(name)) ":" } b { (visible(value)) }
                    a href=(without) aria-label={ "Remove " (plain(name)) ":" (plain(value)) }
                        hx-get=(without) hx-target="#main" hx-swap="outerMorph" hx-push-url="true" {
                        (icon_tiny(Icon::X))
                    }
                }
            }
        }
    }
}
