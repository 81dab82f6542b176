//! The pages: plain models and how they look, and the handlers that fill the models from the ports.

pub(crate) mod alert;
pub(crate) mod alerts;
pub(crate) mod dead_letters;
pub(crate) mod deliveries;
mod nothing_stored;
pub(crate) mod overview;
pub(crate) mod sources;
mod window;
