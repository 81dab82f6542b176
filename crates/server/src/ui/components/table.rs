//! Tables.

use maud::{Markup, html};

/// A column.
pub(crate) struct Column {
    /// Its heading.
    pub(crate) name: &'static str,
    /// The class of its heading: `num` for numbers, or nothing.
    pub(crate) class: &'static str,
}

/// The table; `rows` are `tr` elements. It scrolls by itself where the page is narrow.
pub(crate) fn table(caption: &str, columns: &[Column], rows: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption.sr { (caption) }
                thead {
                    tr { @for column in columns { th scope="col" class=(column.class) { (column.name) } } }
                }
                tbody { (rows) }
            }
        }
    }
}
