//! The house rules that a reader of the code may rely on, each with a test that breaks it. There is no
//! list of exceptions.

mod arrows;
mod cycles;
mod finding;
mod functions;
mod ignored;
mod links;
mod manifest;
mod mask;
mod names;
mod proofs;
mod purity;
mod rules;
mod size;
mod token;
mod tree;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use rules::findings;
