//! One file for each command.

mod alerts;
mod backup;
mod config;
mod demo;
mod dispatch;
mod dlq;
mod doctor;
mod mock;
mod nasty;
mod outbox;
mod pipe;
mod produce;
mod run;
mod status;
mod sync;
mod validate;
mod verify;

pub(crate) use dispatch::dispatch;
