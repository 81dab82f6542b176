//! The kit of parts: functions from plain values to markup. Whatever comes from an event goes through
//! [`super::text`], so that nothing of it is obeyed and nothing of it is hidden.

#![expect(unused_imports, reason = "the kit is whole before every page uses it")]

mod bars;
mod button;
mod empty;
mod facet;
mod field;
mod instant;
mod json;
mod kpi;
mod notice;
mod pill;
mod query_bar;
mod severity;
mod table;
mod tabs;

pub(crate) use bars::{Bar, bars};
pub(crate) use button::{copy_button, post_button};
pub(crate) use empty::{Empty, empty, unreadable};
pub(crate) use facet::{Facet, FacetValue, facet};
pub(crate) use field::{country, mono, tag};
pub(crate) use instant::{ago, brief, clock, until};
pub(crate) use json::{Member, json, members};
pub(crate) use kpi::{Kpi, kpi};
pub(crate) use notice::{Banner, banner};
pub(crate) use pill::{Tone, dot, pill};
pub(crate) use query_bar::{QueryBar, query_bar};
pub(crate) use severity::{
    class as severity_class, severity, severity_mark, severity_solid, word as severity_word,
};
pub(crate) use table::{Column, table};
pub(crate) use tabs::{Tab, tabs};
