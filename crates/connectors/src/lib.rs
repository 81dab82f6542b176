//! The only clients: stores, sources, lookups.
