//! One file for each subject.

mod cli;
mod demo;
mod events;
mod examples;
mod process;
mod produce;
mod reload;
mod restart;
mod upstream;
