//! Ways to do the same work: events in, enriched events out.

pub(crate) mod dynamic;
pub(crate) mod limit;
pub(crate) mod shipped;

/// Takes finished lines.
pub(crate) type Out<'a> = &'a mut dyn FnMut(&[u8]);

/// A way.
pub(crate) trait Way {
    /// Enriches lines.
    fn run(&mut self, lines: &[u8], out: Out<'_>) -> anyhow::Result<()>;
}
