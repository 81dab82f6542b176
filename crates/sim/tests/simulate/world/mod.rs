//! What there is in the world, each in a file of its own.

mod blocking;
mod books;
mod clients;
mod deliveries;
mod disk;
mod disk_outbox;
mod fate;
mod judge;
mod life;
mod plan;
mod receivers;
mod records;
mod routes;
mod run;
mod state;
mod story;
mod time;
mod upstream;

pub(crate) use run::run;
