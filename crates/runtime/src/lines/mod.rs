//! Runs sources of lines: files, standard input. Rows and the place in the file commit together.

mod files;
mod lane;
mod runner;
#[cfg(test)]
mod tests;

pub use runner::{LINGER, LinePorts, LineRunner};
