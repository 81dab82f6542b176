//! Invents security events as the original service's producer did, one JSON document a line: some of them
//! severe, one in ten from an address of [`MALICIOUS`], which `config/malicious-ips.txt` lists.

mod address;
mod event;
mod make;
mod pace;

pub use address::{MALICIOUS, TALKERS_MAX};
pub use event::EVENT_BYTES_MAX;
pub use make::{Producer, ProducerConfig};
pub use pace::{CATCH_UP_MAX, Pace};
