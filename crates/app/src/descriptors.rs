//! How many files and connections the process may have open.

use cresset_server::Bounds;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{debug, warn};

/// Descriptors that are left to files, the store and the sources.
const RESERVED: u64 = 512;

/// Raises the limit of this process as far as it may, and lowers the connections to what is left of it.
pub(crate) fn fit(bounds: &Bounds) -> Bounds {
    let allowed = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: allowed.maximum,
        ..allowed
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        debug!(%error, "limit of open files not raised");
    }
    let fitted = fitted(bounds, getrlimit(Resource::Nofile).current);
    if fitted.connections_max < bounds.connections_max {
        warn!(
            configured = bounds.connections_max,
            connections_max = fitted.connections_max,
            "fewer connections than configured: raise the limit of open files, such as with ulimit -n"
        );
    }
    fitted
}

/// The bounds with so many descriptors; `None`: there is no limit.
fn fitted(bounds: &Bounds, descriptors: Option<u64>) -> Bounds {
    let spare = descriptors.map_or(u64::MAX, |all| all.saturating_sub(RESERVED).max(all / 2));
    let spare = usize::try_from(spare).unwrap_or(usize::MAX).max(1);
    let connections_max = bounds.connections_max.min(spare);
    Bounds {
        connections_max,
        address_connections_max: bounds.address_connections_max.min(connections_max),
        ..bounds.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(descriptors: Option<u64>, connections: usize, of_address: usize) {
        let fitted = fitted(&Bounds::default(), descriptors);
        let got = (fitted.connections_max, fitted.address_connections_max);
        assert_eq!(got, (connections, of_address), "{descriptors:?}");
    }

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        check(None, 12_288, 4_096);
        check(Some(1 << 20), 12_288, 4_096);
        check(Some(12_800), 12_288, 4_096);
        check(Some(12_799), 12_287, 4_096);
        check(Some(1_024), 512, 512);
        check(Some(64), 32, 32);
        check(Some(0), 1, 1);
    }
}
