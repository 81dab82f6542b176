//! The binary from outside: processes, ports, signals, files.

mod it;
