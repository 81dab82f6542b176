//! Nothing to show: what would be here, and what to do.

use maud::{Markup, html};

use crate::ui::icon::{Icon, icon};

/// An empty state.
pub(crate) struct Empty<'a> {
    /// Its sign.
    pub(crate) icon: Icon,
    /// What is so.
    pub(crate) title: &'a str,
    /// Why, and what to do.
    pub(crate) text: Markup,
    /// The buttons or links that do it.
    pub(crate) actions: Markup,
}

/// The empty state.
pub(crate) fn empty(state: &Empty<'_>) -> Markup {
    html! {
        div.empty {
            (icon(state.icon))
            p.strong { (state.title) }
            p { (state.text) }
            div.row { (state.actions) }
        }
    }
}

/// What could not be read: the cause, and that it is tried again.
pub(crate) fn unreadable(title: &str, cause: &str) -> Markup {
    html! {
        div class="empty error" role="alert" {
            (icon(Icon::CircleAlert))
            p.strong { (title) }
            p { (cause) "." }
            div.row { a class="btn sm" href="" { "Try again" } }
        }
    }
}
