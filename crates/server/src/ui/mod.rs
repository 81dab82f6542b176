//! The pages: drawn by the server, kept fresh by one stream of events, and working without script too.

mod actions;
mod assets;
mod charts;
mod commands;
mod components;
mod frame;
mod icon;
mod live;
mod pages;
mod refusals;
mod routes;
mod selection;
mod shell;
mod text;
mod theme;
mod visit;
mod words;

pub(crate) use routes::routes;
