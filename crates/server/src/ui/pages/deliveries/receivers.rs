//! The receivers: where they are, and what they answer to a test.

use cresset_model::ports::{NotifierInfo, ReceiverInfo};
use maud::{Markup, html};

use super::address::Address;
use super::{Model, Tested};
use crate::form;
use crate::ui::components::{Empty, Tone, empty, mono, pill, post_button};
use crate::ui::icon::{Icon, icon, icon_tiny};
use crate::ui::text::{visible, visible_lines};

/// The card.
pub(super) fn receivers(model: &Model) -> Markup {
    html! {
        section.card {
            header { h2 { "Receivers" } span.muted { (model.receivers.len()) " configured" } }
            @if model.receivers.is_empty() {
                (empty(&Empty {
                    icon: Icon::Send,
                    title: "Nobody is told",
                    text: html! {
                        "Name one under " code { "receivers" } " in the configuration, and send alerts to it under "
                        code { "route" } "; " code { "cresset validate" } " says what is wrong."
                    },
                    actions: html! {},
                }))
            }
            @for receiver in &model.receivers {
                (card(&model.address, receiver, model.tested.as_ref()))
            }
            @if let Some(tested) = model.tested.as_ref().filter(|tested| tested.results.is_err()) {
                div.recv { (results(tested)) }
            }
        }
    }
}

fn card(address: &Address, receiver: &ReceiverInfo, tested: Option<&Tested>) -> Markup {
    let tested = tested.filter(|tested| tested.receiver == receiver.name && tested.results.is_ok());
    let name = receiver.name.clone();
    let only = address.showing(|changed| changed.receiver = Some(name));
    let action = format!("/ui/receivers/{}/test", form::encode(&receiver.name));
    html! {
        article.recv {
            div.row {
                a.val href=(only.href()) title="Show its deliveries" { b { (visible(&receiver.name)) } }
                span.grow {}
                (post_button(&action, "sm", &html! { (icon_tiny(Icon::Send)) "Send a test" }))
            }
            ul {
                @for (place, notifier) in receiver.notifiers.iter().enumerate() {
                    li { (icon(kind_icon(notifier))) (mono(&format!("{}/{place}", receiver.name))) span.soft.clip {
                            (visible(notifier.kind))
                            @if notifier.endpoint != notifier.kind { " " (mono(&notifier.endpoint)) }
                        } }
                }
            }
            @if let Some(tested) = tested { (results(tested)) }
        }
    }
}

fn kind_icon(notifier: &NotifierInfo) -> Icon {
    match notifier.kind {
        "webhook" => Icon::Webhook,
        "smtp" => Icon::Mail,
        "console" => Icon::Terminal,
        _ => Icon::Send,
    }
}

fn results(tested: &Tested) -> Markup {
    html! {
        div.tested id="tested" role="status" {
            p.muted { "Answer to the test, after " (tested.took.as_millis()) " ms" }
            @match &tested.results {
                Err(why) => p { (pill(Tone::Err, "Failed")) " " (mono(&tested.receiver)) ": " (visible_lines(why)) },
                Ok(results) => {
                    @for (notifier, result) in results {
                        p {
                            @match result {
                                None => { (pill(Tone::Ok, "Taken")) " " (mono(notifier)) " took the message" }
                                Some(why) => { (pill(Tone::Err, "Failed")) " " (mono(notifier)) ": " (visible_lines(why)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
