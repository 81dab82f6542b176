//! The field that takes a query in the language of page, API and command line.

use maud::{Markup, html};

use crate::ui::icon::{Icon, icon_small};
use crate::ui::selection::Selection;

/// The bar. Sending it keeps every other parameter of the address.
pub(crate) fn query_bar(action: &str, selection: &Selection) -> Markup {
    html! {
        form.query action=(action) method="get" role="search" hx-get=(action) hx-target="#main"
            hx-swap="outerMorph" hx-push-url="true" {
            label.q {
                (icon_small(Icon::Search))
                input id="q" name="q" type="text" value=(selection.value("q")) autocomplete="off"
                    spellcheck="false" aria-label="Query" data-complete="/api/v1/query/complete" role="combobox" aria-expanded="false"
                    aria-controls="complete" aria-autocomplete="list"
                    placeholder="severity:>=high country:RU dst_ip:203.0.113.0/24";
                kbd { "/" }
            }
            @for (name, value) in selection.pairs().iter().filter(|(name, _)| name != "q") {
                input type="hidden" name=(name) value=(value);
            }
            input type="hidden" name="from" value=(selection.from);
            @if !selection.to.is_empty() { input type="hidden" name="to" value=(selection.to); }
            button class="btn" type="submit" { "Search" }
        }
        @for flaw in &selection.flaws { p.flaw role="alert" { (flaw) } }
    }
}
