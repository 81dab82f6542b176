//! `cresset doctor`: checks a data directory, a configuration with what it names, or a running service.
//! Changes nothing.

mod configuration;
mod directory;
mod examine;
mod line;
mod numbers;
mod process;
mod service;

pub(crate) use examine::run;
