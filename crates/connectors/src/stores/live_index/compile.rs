//! A filter made ready for scanning: each test is asked once for every value of a dictionary, and what
//! is left to do for a row is to look at codes and numbers.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use cresset_model::ip::Network;
use cresset_model::query::{AddressField, Field, Filter, Range, Term, Test, TextField, TimeField};
use cresset_model::{Severity, Timestamp};

use super::chunk::Span;
use super::codes::CodeSet;
use super::encode::Dictionaries;
use super::row::SeverityByte;

/// What rows must pass.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The cheapest first.
    pub(super) checks: Vec<Check>,
    /// Whether the checks say all that the filter says; otherwise rows pass that it refuses.
    pub(super) exact: bool,
    /// Whether no row can pass.
    pub(super) nothing: bool,
}

/// One term; negation is already worked in.
#[derive(Debug)]
pub(super) enum Check {
    /// `ingested_at`, by the run.
    Ingested(Times),
    /// By severity bits.
    Severity([bool; SeverityByte::SEVERITIES]),
    /// `source`.
    Source(CodeSet),
    /// `pipeline`.
    Pipeline(CodeSet),
    /// `threat`.
    Threat(CodeSet),
    /// `country`.
    Country(CodeSet),
    /// `user`.
    User(CodeSet),
    /// `created_at`.
    Created(Times),
    /// An address.
    Address(AddressField, Addresses),
    /// `updated_at`.
    Updated(Times),
}

/// Ranges of instants in nanoseconds, ends included.
#[derive(Debug)]
pub(super) struct Times {
    ranges: Vec<(i64, i64)>,
    negated: bool,
}

impl Times {
    fn new(ranges: &[Range<Timestamp>], negated: bool) -> Self {
        let ends = |range: &Range<Timestamp>| {
            (
                range.least.map_or(i64::MIN, Timestamp::nanos),
                range.greatest.map_or(i64::MAX, Timestamp::nanos),
            )
        };
        Self {
            ranges: ranges.iter().map(ends).collect(),
            negated,
        }
    }

    pub(super) fn pass(&self, nanos: i64) -> bool {
        let within = |(least, greatest): &(i64, i64)| *least <= nanos && nanos <= *greatest;
        self.ranges.iter().any(within) != self.negated
    }

    /// What is to be said of every instant of a span alike, if anything.
    pub(super) fn of_all(&self, span: Span) -> Option<bool> {
        let holds =
            |(least, greatest): &(i64, i64)| *least <= span.least && span.greatest <= *greatest;
        let meets =
            |(least, greatest): &(i64, i64)| *least <= span.greatest && span.least <= *greatest;
        if self.ranges.iter().any(holds) {
            return Some(!self.negated);
        }
        (!self.ranges.iter().any(meets)).then_some(self.negated)
    }
}

/// Networks for IPv4 rows, codes for IPv6 rows.
#[derive(Debug)]
pub(super) struct Addresses {
    networks: Vec<(u32, u32)>,
    negated: bool,
    pub(super) v6: CodeSet,
}

impl Addresses {
    fn new(networks: &[Network], negated: bool, v6: CodeSet) -> Self {
        let masked = networks.iter().filter_map(|network| match network.base {
            IpAddr::V4(base) => Some((u32::from(base), mask(network.prefix))),
            IpAddr::V6(_) => None,
        });
        Self {
            networks: masked.collect(),
            negated,
            v6,
        }
    }

    /// Any address at all: the mask of nothing holds every IPv4 address.
    fn present(negated: bool, v6: CodeSet) -> Self {
        Self {
            networks: vec![(0, 0)],
            negated,
            v6,
        }
    }

    /// The network that every IPv4 address which passes is in, where there is just one.
    pub(super) fn only_network(&self) -> Option<(u32, u32)> {
        match self.networks.as_slice() {
            [network] if !self.negated => Some(*network),
            _ => None,
        }
    }

    pub(super) fn pass_v4(&self, address: u32) -> bool {
        let within = |(base, mask): &(u32, u32)| address & mask == *base;
        self.networks.iter().any(within) != self.negated
    }
}

fn mask(prefix: u8) -> u32 {
    let host_bits = 32_u32.saturating_sub(u32::from(prefix));
    u32::MAX.checked_shl(host_bits).unwrap_or(0)
}

impl Plan {
    pub(super) fn new(filter: &Filter, dictionaries: &Dictionaries) -> Self {
        let mut plan = Self {
            exact: true,
            ..Self::default()
        };
        for term in &filter.terms {
            plan.add(term, dictionaries);
        }
        plan.checks.sort_by_key(Check::cost);
        if plan.nothing {
            // Nothing is what the filter says, whatever its other terms mean.
            plan.exact = true;
        }
        plan
    }

    fn add(&mut self, term: &Term, dictionaries: &Dictionaries) {
        let negated = term.negated;
        match &term.test {
            Test::Severity(ranges) => {
                self.add_severity(negated, |severity| Test::severity_holds(ranges, severity));
            }
            Test::Text(field, patterns) => {
                let holds = |text: &str| Test::text_holds(*field, patterns, text);
                self.add_text(*field, negated, dictionaries, holds);
            }
            Test::Address(field, networks) => {
                let within = |address: &Ipv6Addr| {
                    let address = IpAddr::V6(*address);
                    networks.iter().any(|network| network.contains(address))
                };
                let v6 = CodeSet::new(&dictionaries.v6, negated, within);
                self.exact &= v6.is_exact();
                let addresses = Addresses::new(networks, negated, v6);
                self.checks.push(Check::Address(*field, addresses));
            }
            Test::Time(field, ranges) => {
                let times = Times::new(ranges, negated);
                self.checks.push(match field {
                    TimeField::CreatedAt => Check::Created(times),
                    TimeField::IngestedAt => Check::Ingested(times),
                    TimeField::UpdatedAt => Check::Updated(times),
                });
            }
            Test::Present(Field::Severity) => {
                self.add_severity(negated, |severity| severity != Severity::Unknown);
            }
            Test::Present(Field::Address(AddressField::DstIp)) => {
                let v6 = CodeSet::new(&dictionaries.v6, negated, |_| true);
                self.exact &= v6.is_exact();
                let present = Addresses::present(negated, v6);
                let check = Check::Address(AddressField::DstIp, present);
                self.checks.push(check);
            }
            Test::Present(
                Field::Text(TextField::Id) | Field::Address(AddressField::SrcIp) | Field::Time(_),
            ) => {
                // Every alert has one.
                self.nothing |= negated;
            }
            Test::Present(Field::Text(field)) => {
                self.add_text(*field, negated, dictionaries, |text| !text.is_empty());
            }
            Test::Word(_) => self.exact = false,
        }
    }

    fn add_severity(&mut self, negated: bool, holds: impl Fn(Severity) -> bool) {
        let mut passing = [false; SeverityByte::SEVERITIES];
        for (passes, severity) in passing.iter_mut().zip(Severity::ALL) {
            *passes = holds(severity) != negated;
        }
        self.nothing |= !passing.contains(&true);
        self.checks.push(Check::Severity(passing));
    }

    fn add_text(
        &mut self,
        field: TextField,
        negated: bool,
        dictionaries: &Dictionaries,
        holds: impl Fn(&str) -> bool,
    ) {
        let set = |dictionary| CodeSet::new(dictionary, negated, |text: &Arc<str>| holds(text));
        let (set, check): (_, fn(CodeSet) -> Check) = match field {
            TextField::Source => (set(&dictionaries.sources), Check::Source),
            TextField::Pipeline => (set(&dictionaries.pipelines), Check::Pipeline),
            TextField::Threat => (set(&dictionaries.threats), Check::Threat),
            TextField::Country => (set(&dictionaries.countries), Check::Country),
            TextField::User => (set(&dictionaries.users), Check::User),
            TextField::Id | TextField::UpstreamId | TextField::Description => {
                // These are not kept, and a negation of what is not known drops nothing either.
                self.exact = false;
                return;
            }
        };
        self.exact &= set.is_exact();
        self.nothing |= set.is_empty();
        if !set.is_full() {
            self.checks.push(check(set));
        }
    }
}

impl Check {
    /// A rank by the work for one row and by how much is usually left.
    fn cost(&self) -> u8 {
        match self {
            Self::Ingested(_) => 0,
            Self::Severity(_) => 1,
            Self::Source(_) | Self::Pipeline(_) | Self::Threat(_) | Self::Country(_) => 2,
            Self::User(_) => 3,
            Self::Created(_) => 4,
            Self::Address(..) => 5,
            Self::Updated(_) => 6,
        }
    }
}
