//! Single values of an event.

use cresset_model::country::english_name;
use maud::{Markup, html};

use crate::ui::text::{plain, visible};

/// A value in the typeface of machines: addresses, ids, words of a vendor.
pub(crate) fn mono(text: &str) -> Markup {
    html! { span.mono { (visible(text)) } }
}

/// A country's code, its name on hover.
pub(crate) fn country(code: &str) -> Markup {
    let name = <[u8; 2]>::try_from(code.as_bytes())
        .ok()
        .and_then(english_name);
    html! { span.cc title=[name] { (visible(code)) } }
}

/// A small label.
pub(crate) fn tag(text: &str) -> Markup {
    html! { span.tag title=(plain(text)) { (visible(text)) } }
}
