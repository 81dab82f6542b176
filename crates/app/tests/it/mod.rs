//! One file for each subject.

mod cli;
mod demo;
mod events;
mod examples;
mod files;
mod hook;
mod hostile;
mod nasty;
mod pipe;
mod process;
mod produce;
mod pushes;
mod reload;
mod restart;
mod upstream;
