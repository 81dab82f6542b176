//! The other programs: how each is told to do the same work, and where it does not.

use anyhow::ensure;

/// Another program.
#[derive(Clone, Copy)]
pub(super) struct Peer {
    /// Its name.
    pub(super) name: &'static str,
    /// The program on the path, which must know `--version`.
    pub(super) program: &'static str,
    /// What it is told. It runs in the folder of its configuration, with the events as its standard input.
    pub(super) arguments: &'static [&'static str],
    /// Its configuration in `bench/peers`.
    pub(super) configuration: &'static str,
    /// Where it comes from.
    pub(super) from: &'static str,
    /// What it does less than `cresset pipe`.
    pub(super) differs: &'static str,
    /// Whether it did the work, from the number of events, of the threats that we found and of its lines.
    pub(super) check: fn(usize, usize, usize) -> anyhow::Result<()>,
}

/// All of them.
pub(super) const PEERS: [Peer; 2] = [
    Peer {
        name: "Vector",
        program: "vector",
        arguments: &["--quiet", "--threads", "1", "--config", "vector.yaml"],
        configuration: "vector.yaml",
        from: "see vector.dev",
        differs: "writes nothing",
        check: |_, _, _| Ok(()),
    },
    Peer {
        name: "rsigma",
        program: "rsigma",
        arguments: &["engine", "eval", "--rules", "rsigma.yml"],
        configuration: "rsigma.yml",
        from: "`cargo install rsigma`",
        differs: "threat test only: no places, writes the matches",
        check: |_, threats, lines| {
            ensure!(
                threats == lines,
                "{lines} matches where {threats} are expected"
            );
            Ok(())
        },
    },
];
