//! Banners: yellow while something may pass, red when somebody must act.

use maud::{Markup, html};

use super::pill::Tone;
use crate::ui::icon::{Icon, icon};

/// A banner.
pub(crate) struct Banner {
    /// Its color and icon.
    pub(crate) tone: Tone,
    /// What is the matter, in one or two words.
    pub(crate) title: String,
    /// What is so, and what follows.
    pub(crate) text: Markup,
    /// Buttons.
    pub(crate) actions: Markup,
}

/// The banner. Only red ones interrupt a screen reader.
pub(crate) fn banner(banner: &Banner) -> Markup {
    let (class, sign) = match banner.tone {
        Tone::Err => ("banner error", Icon::CircleAlert),
        Tone::Warn => ("banner", Icon::RefreshCw),
        Tone::Ok => ("banner fine", Icon::CircleCheck),
        Tone::Run | Tone::Idle => ("banner note", Icon::Info),
    };
    let role = if banner.tone == Tone::Err {
        "alert"
    } else {
        "status"
    };
    html! {
        div class=(class) role=(role) {
            (icon(sign))
            div.grow { b { (banner.title) } " " (banner.text) }
            div.row { (banner.actions) }
        }
    }
}
