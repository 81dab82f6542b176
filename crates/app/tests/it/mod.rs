//! One file for each subject.

mod backups;
mod cli;
mod dead_letters;
mod demo;
mod doctor;
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
mod watchdogs;
