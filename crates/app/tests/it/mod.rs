//! One file for each subject.

mod cli;
mod demo;
mod events;
mod examples;
mod files;
mod pipe;
mod process;
mod produce;
mod restart;
mod upstream;
