//! Replays the corpus of a fuzz target: part of the tests of each crate that has targets.

use std::path::Path;

/// Files of a corpus: enough to reach what a campaign has reached, few enough to be kept.
const FILES_MAX: usize = 200;
/// Bytes of all files of a corpus.
const BYTES_MAX: usize = 500_000;

/// Calls the target with every input that is kept for it, and with nothing.
pub(crate) fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(name);
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("no corpus in {}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    assert!(paths.len() <= FILES_MAX, "{} files", paths.len());
    let mut bytes = 0;
    target(b"");
    for path in paths {
        let input = std::fs::read(&path).unwrap();
        bytes += input.len();
        let held = std::panic::catch_unwind(|| target(&input)).is_ok();
        assert!(
            held,
            "the property of `{name}` fails for {}",
            path.display()
        );
    }
    assert!(bytes <= BYTES_MAX, "{bytes} bytes in {}", folder.display());
}
