//! The binary from outside: processes, ports, signals, files.

#[cfg(test)]
mod it;
#[cfg(test)]
mod ports;
