//! A world in one process, from one seed: upstream, clients, service, store, receivers and clock on one
//! thread under a paused clock, with every fault drawn from the seed, and a judge at the end.

#[cfg(test)]
mod runs;
#[cfg(test)]
mod world;
