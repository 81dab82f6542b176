//! Command palette and list of keys; the script opens them.

use maud::{Markup, html};

use crate::ui::icon::{Icon, icon_small};

/// The names of some keys, and what they do.
type Key = (&'static [&'static str], &'static str);

/// Groups of keys.
const KEYS: [(&str, &[Key]); 3] = [
    (
        "Everywhere",
        &[
            (&["Ctrl K"], "palette"),
            (&["/"], "edit the query"),
            (&["G", "O"], "go to the overview"),
            (&["G", "A"], "go to alerts"),
            (&["G", "S"], "go to sources"),
            (&["G", "D"], "go to dead letters"),
            (&["G", "N"], "go to deliveries"),
            (&["T"], "change the theme"),
            (&["L"], "live on or off"),
            (&["?"], "this list"),
            (&["Esc"], "close"),
        ],
    ),
    (
        "In a list",
        &[
            (&["J", "K"], "next, previous"),
            (&["Enter"], "open"),
            (&["F"], "filter by the value"),
            (&["Shift F"], "exclude the value"),
            (&["."], "load new"),
            (&["Y"], "copy the link"),
        ],
    ),
    (
        "In one alert",
        &[
            (&["[", "]"], "previous, next"),
            (&["Esc"], "back to the list"),
        ],
    ),
];

/// The palette: a field, and what it finds.
pub(super) fn palette() -> Markup {
    html! {
        dialog.pal id="palette" aria-label="Search or jump to" {
            form action="/ui/alerts" method="get" {
                (icon_small(Icon::Search))
                input name="q" type="text" autocomplete="off" spellcheck="false" role="combobox"
                    aria-expanded="true" aria-controls="palette-list" aria-label="Search or jump to"
                    placeholder="An address, a user, a query, or where to go";
                kbd { "Esc" }
            }
            ul id="palette-list" role="listbox" aria-label="Results" {}
        }
    }
}

/// The keys.
pub(super) fn help() -> Markup {
    html! {
        dialog.help id="help" aria-label="Keyboard" {
            header {
                h2 { "Keyboard" }
                form method="dialog" { button class="btn ghost sm icon" aria-label="Close" { (icon_small(Icon::X)) } }
            }
            @for (group, keys) in KEYS {
                h3 { (group) }
                dl {
                    @for (names, meaning) in keys {
                        div {
                            dt { @for name in *names { kbd { (name) } " " } }
                            dd { (meaning) }
                        }
                    }
                }
            }
            label.row {
                input type="checkbox" data-keys-off;
                "Turn the single keys off"
            }
        }
    }
}
