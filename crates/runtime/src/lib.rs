//! Runners and loops: poll, backoff, redrive, supervisor, control. Knows ports only.
