//! Tabs that are links.

use maud::{Markup, html};

/// A tab.
pub(crate) struct Tab {
    /// Its word.
    pub(crate) label: &'static str,
    /// How many things are behind it.
    pub(crate) count: Option<u64>,
    /// Where it leads.
    pub(crate) href: String,
    /// Whether it is shown.
    pub(crate) current: bool,
}

/// The tabs.
pub(crate) fn tabs(label: &str, tabs: &[Tab]) -> Markup {
    html! {
        nav.tabs aria-label=(label) {
            @for tab in tabs {
                a href=(tab.href) aria-current=[tab.current.then_some("page")] {
                    (tab.label)
                    @if let Some(count) = tab.count { span.count { (crate::ui::words::count(count)) } }
                }
            }
        }
    }
}
