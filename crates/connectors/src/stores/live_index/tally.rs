//! Counts by the value of one field, while blocks of rows go by.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::sync::Arc;

use cresset_model::query::{FacetField, SeverityCounts};
use cresset_model::{Severity, ip};

use super::chunk::Chunk;
use super::dictionary::{Dictionary, NONE};
use super::encode::Dictionaries;
use super::picked::Picked;
use super::row::SeverityByte;
use super::scan::part;

/// Places of a split count: one for each value of the severity bits.
const SPLIT: usize = SeverityByte::SEVERITIES;
/// Codes up to which a count that is not split is kept in several places as well: the rows of one value
/// take them in turn, so that equal neighbors do not wait for each other.
const SPREAD_CODES_MAX: usize = 1 << 10;

/// The counts of one field.
#[derive(Debug)]
pub(super) struct Tally {
    field: FacetField,
    /// Whether the places of a code are severities.
    is_split: bool,
    /// By code, or by severity for that field.
    codes: Counts,
    /// Each IPv4 address that went by, above the severity; sorted at the end, as no hash of what senders
    /// choose is both quick and safe.
    v4: Vec<u64>,
}

#[derive(Debug)]
enum Counts {
    One(Vec<u32>),
    Many(Vec<[u32; SPLIT]>),
}

impl Counts {
    fn add(&mut self, code: usize, place: usize) {
        match self {
            Self::One(counts) => {
                if let Some(count) = counts.get_mut(code) {
                    *count += 1;
                }
            }
            Self::Many(counts) => {
                if let Some(count) = counts.get_mut(code) {
                    count[place % SPLIT] += 1;
                }
            }
        }
    }

    /// The counts of each code.
    fn each(&self, mut visit: impl FnMut(usize, &[u32])) {
        match self {
            Self::One(counts) => counts
                .chunks(1)
                .enumerate()
                .for_each(|(code, count)| visit(code, count)),
            Self::Many(counts) => counts
                .iter()
                .enumerate()
                .for_each(|(code, counts)| visit(code, counts)),
        }
    }
}

/// One value with its counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    value: Value,
    /// In all.
    pub(super) count: u64,
    /// By severity, where the tally is split.
    pub(super) counts: SeverityCounts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Severity(Severity),
    Code(u32),
    V4(u32),
}

impl Tally {
    /// Nothing counted yet; `None` if the values of some rows are not known.
    pub(super) fn new(
        field: FacetField,
        dictionaries: &Dictionaries,
        is_split: bool,
    ) -> Option<Self> {
        let codes = match field {
            FacetField::Severity => SPLIT,
            FacetField::SrcIp | FacetField::DstIp => known_codes(&dictionaries.v6)?,
            _ => known_codes(texts(field, dictionaries)?)?,
        };
        let codes = if is_split || codes <= SPREAD_CODES_MAX {
            Counts::Many(vec![[0; SPLIT]; codes])
        } else {
            Counts::One(vec![0; codes])
        };
        Some(Self {
            field,
            is_split,
            codes,
            v4: Vec::new(),
        })
    }

    /// Counts the rows that pass.
    pub(super) fn add(&mut self, chunk: &Chunk, rows: &Range<usize>, picked: &Picked) {
        let severities = part(&chunk.severities, rows);
        match self.field {
            FacetField::Severity => picked.each(|row| {
                if let Some(byte) = severities.get(row) {
                    let place = if self.is_split {
                        byte.severity_index()
                    } else {
                        row
                    };
                    self.codes.add(byte.severity_index(), place);
                }
            }),
            FacetField::Source => self.by_code(part(&chunk.sources, rows), severities, picked),
            FacetField::Country => self.by_code(part(&chunk.countries, rows), severities, picked),
            FacetField::User => self.by_code(part(&chunk.users, rows), severities, picked),
            FacetField::Threat => self.by_code(part(&chunk.threats, rows), severities, picked),
            FacetField::Pipeline => self.by_code(part(&chunk.pipelines, rows), severities, picked),
            FacetField::SrcIp => {
                let flagged = (part(&chunk.src_ips, rows), SeverityByte::SRC_IS_V6);
                self.by_address(flagged, severities, picked);
            }
            FacetField::DstIp => {
                let flagged = (part(&chunk.dst_ips, rows), SeverityByte::DST_IS_V6);
                self.by_address(flagged, severities, picked);
            }
        }
    }

    fn by_code<C: Copy + Into<u32>>(
        &mut self,
        codes: &[C],
        severities: &[SeverityByte],
        picked: &Picked,
    ) {
        // The loops are apart so that nothing is asked twice of a row.
        match (&mut self.codes, self.is_split) {
            (Counts::One(counts), _) => picked.each(|row| {
                let code = codes.get(row).map(|code| (*code).into() as usize);
                if let Some(count) = code.and_then(|code| counts.get_mut(code)) {
                    *count += 1;
                }
            }),
            (Counts::Many(counts), false) => picked.each(|row| {
                let code = codes.get(row).map(|code| (*code).into() as usize);
                if let Some(count) = code.and_then(|code| counts.get_mut(code)) {
                    count[row % SPLIT] += 1;
                }
            }),
            (Counts::Many(counts), true) => picked.each(|row| {
                let code = codes.get(row).map(|code| (*code).into() as usize);
                let severity = severities.get(row);
                if let Some((count, severity)) =
                    code.and_then(|code| counts.get_mut(code)).zip(severity)
                {
                    count[severity.severity_index()] += 1;
                }
            }),
        }
    }

    fn by_address(
        &mut self,
        (column, flag): (&[u32], u8),
        severities: &[SeverityByte],
        picked: &Picked,
    ) {
        picked.each(|row| {
            let Some((address, byte)) = column.get(row).zip(severities.get(row)) else {
                return;
            };
            let place = if self.is_split {
                byte.severity_index()
            } else {
                0
            };
            if byte.0 & flag == 0 {
                self.v4.push(u64::from(*address) << 8 | place as u64);
            } else {
                self.codes.add(*address as usize, place);
            }
        });
    }

    /// Every value that occurred, in no order.
    pub(super) fn finish(mut self, dictionaries: &Dictionaries) -> Vec<Counted> {
        let mut counted: Vec<Counted> = Vec::new();
        self.codes.each(|code, counts| {
            if counts.iter().all(|count| *count == 0) {
                return;
            }
            let value = match self.field {
                FacetField::Severity => {
                    Value::Severity(Severity::from_code(u8::try_from(code).unwrap_or_default()))
                }
                _ => Value::Code(u32::try_from(code).unwrap_or(NONE)),
            };
            counted.push(Counted::of(value, counts, self.is_split));
        });
        self.v4.sort_unstable();
        for run in self.v4.chunk_by(|a, b| a >> 8 == b >> 8) {
            let mut counts = [0; SPLIT];
            for entry in run {
                counts[(*entry & 7) as usize] += 1;
            }
            let address = run.first().map_or(0, |entry| entry >> 8);
            let value = Value::V4(u32::try_from(address).unwrap_or_default());
            counted.push(Counted::of(value, &counts, self.is_split));
        }
        self.join_absent(&mut counted, dictionaries);
        counted
    }

    /// An empty text is no value, as no value is none.
    fn join_absent(&self, counted: &mut Vec<Counted>, dictionaries: &Dictionaries) {
        let Some(empty) = texts(self.field, dictionaries).and_then(|texts| texts.code("")) else {
            return;
        };
        let Some(at) = counted
            .iter()
            .position(|one| one.value == Value::Code(empty))
        else {
            return;
        };
        let empty = counted.swap_remove(at);
        match counted
            .iter_mut()
            .find(|one| one.value == Value::Code(NONE))
        {
            Some(none) => {
                none.count += empty.count;
                none.counts.merge(&empty.counts);
            }
            None => counted.push(Counted {
                value: Value::Code(NONE),
                ..empty
            }),
        }
    }
}

impl Counted {
    fn of(value: Value, counts: &[u32], is_split: bool) -> Self {
        let mut by_severity = SeverityCounts::default();
        if is_split {
            for (severity, count) in Severity::ALL.into_iter().zip(counts) {
                by_severity.add(severity, u64::from(*count));
            }
        }
        Self {
            value,
            count: counts.iter().map(|count| u64::from(*count)).sum(),
            counts: by_severity,
        }
    }

    /// The text of the value.
    pub(super) fn text(&self, field: FacetField, dictionaries: &Dictionaries) -> Option<String> {
        match self.value {
            Value::Severity(severity) => Some(severity.as_str().to_owned()),
            Value::V4(address) => Some(ip::to_string(IpAddr::V4(Ipv4Addr::from(address)))),
            Value::Code(code) => {
                if let Some(texts) = texts(field, dictionaries) {
                    return texts.value(code).map(|text| text.as_ref().to_owned());
                }
                let address = dictionaries.v6.value(code)?;
                Some(ip::to_string(IpAddr::V6(*address)))
            }
        }
    }

    /// Whether the value has one of these texts.
    pub(super) fn is_one_of(
        &self,
        named: &[String],
        field: FacetField,
        dictionaries: &Dictionaries,
    ) -> bool {
        let text = self.text(field, dictionaries);
        text.is_some_and(|text| {
            named.iter().any(|name| {
                *name == text || (field == FacetField::Source && name.eq_ignore_ascii_case(&text))
            })
        })
    }
}

/// Moves the `top` most frequent to the front, in no order among themselves.
pub(super) fn select_top(counted: &mut [Counted], top: usize) {
    if top > 0 && top < counted.len() {
        counted.select_nth_unstable_by(top - 1, |a, b| b.count.cmp(&a.count));
    }
}

/// Codes of a dictionary that knows all of its rows' values.
fn known_codes<K: super::dictionary::Entry>(dictionary: &Dictionary<K>) -> Option<usize> {
    (!dictionary.has_overflowed()).then(|| dictionary.codes_end())
}

/// The dictionary of a field of text.
fn texts(field: FacetField, dictionaries: &Dictionaries) -> Option<&Dictionary<Arc<str>>> {
    match field {
        FacetField::Source => Some(&dictionaries.sources),
        FacetField::Country => Some(&dictionaries.countries),
        FacetField::User => Some(&dictionaries.users),
        FacetField::Threat => Some(&dictionaries.threats),
        FacetField::Pipeline => Some(&dictionaries.pipelines),
        FacetField::Severity | FacetField::SrcIp | FacetField::DstIp => None,
    }
}
