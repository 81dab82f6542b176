//! All fuzz targets in one program: `CRESSET_FUZZ_TARGET` names the one that runs. Everything else on the
//! command line is libFuzzer's.

#![no_main]

/// The binary crate has no library; its configuration stands alone.
#[path = "../../crates/app/src/config/mod.rs"]
#[allow(dead_code, unused_imports, reason = "only the reading of it is asked for")]
mod config;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

/// A property that must hold for any bytes.
type Target = fn(&[u8]);

/// Every target, under the name of its corpus.
const TARGETS: [(&str, Target); 14] = [
    ("answers", cresset_pipeline::fuzz::answers),
    ("configuration", config::fuzz::configuration),
    ("cursors", cresset_server::fuzz::cursors),
    ("indicators", cresset_connectors::lookups::fuzz::indicators),
    ("json", cresset_pipeline::fuzz::json),
    ("lines", cresset_pipeline::fuzz::lines),
    ("mmdb", cresset_connectors::lookups::fuzz::mmdb),
    ("packed", cresset_runtime::push::fuzz::packed),
    ("query", cresset_model::fuzz::query),
    ("records", cresset_pipeline::fuzz::records),
    ("signature", cresset_connectors::notifiers::fuzz::signature),
    ("template", cresset_connectors::notifiers::fuzz::template),
    ("users", cresset_connectors::lookups::fuzz::users),
    ("words", cresset_model::fuzz::words),
];

static CHOSEN: OnceLock<Target> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var("CRESSET_FUZZ_TARGET").unwrap_or_default();
        let found = TARGETS.iter().find(|(known, _)| *known == name);
        let names = TARGETS.map(|(known, _)| known).join(", ");
        let (_, target) = found.unwrap_or_else(|| panic!("`{name}` is none of {names}"));
        CHOSEN.get_or_init(|| *target);
    },
    |data: &[u8]| {
        if let Some(target) = CHOSEN.get() {
            target(data);
        }
    }
);
