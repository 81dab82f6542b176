//! Clients against real servers, whose certificate nobody trusts by default.

#[cfg(test)]
mod mail;
#[cfg(test)]
mod servers;
