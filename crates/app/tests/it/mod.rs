//! One file for each subject.

mod cli;
mod demo;
mod process;
mod restart;
mod upstream;
