//! Buttons that do something; without script they are forms.

use maud::{Markup, html};

use crate::ui::icon::{Icon, icon_tiny};

/// A form of one button. The answer to its post is the fresh page.
pub(crate) fn post_button(action: &str, class: &str, label: &Markup) -> Markup {
    html! {
        form.inline action=(action) method="post" hx-post=(action) hx-target="#main" hx-swap="outerMorph" {
            button class={ "btn " (class) } type="submit" { (label) }
        }
    }
}

/// Copies a text; the script shows it, as without script nothing can be copied.
pub(crate) fn copy_button(label: &str, text: &str) -> Markup {
    html! {
        button class="btn sm" type="button" data-copy=(text) hidden { (icon_tiny(Icon::Copy)) (label) }
    }
}
