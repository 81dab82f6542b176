//! The page: one screen, drawn by the server, kept fresh by fragments; it works without script too.

mod actions;
mod assets;
mod live;
mod notifications;
mod page;
mod table;
mod text;
mod view;
mod words;

pub(crate) use actions::{interval, sync};
pub(crate) use assets::asset;
pub(crate) use live::live;
pub(crate) use page::page;
pub(crate) use table::alerts;
