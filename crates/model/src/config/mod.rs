//! Configuration as a tree with places, and a reader that collects every fault instead of stopping at
//! the first.
