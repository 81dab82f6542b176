//! Counts by the value of one field, while blocks of rows go by.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::sync::Arc;

use cresset_model::query::{FacetField, SeverityCounts};
use cresset_model::{Severity, ip};

use super::chunk::Chunk;
use super::dictionary::{Dictionary, NONE};
use super::encode::Dictionaries;
use super::row::SeverityByte;
use super::scan::part;

/// Places of a split count: one for each value of the severity bits.
const SPLIT: usize = SeverityByte::SEVERITIES;

/// The counts of one field.
#[derive(Debug)]
pub(super) struct Tally {
    field: FacetField,
    /// How many counts a code has: one, or one for each severity.
    stride: usize,
    /// By code, or by severity for that field.
    codes: Vec<u32>,
    /// Each IPv4 address that went by, above the severity; sorted at the end, as no hash of what senders
    /// choose is both quick and safe.
    v4: Vec<u64>,
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
        let stride = if is_split { SPLIT } else { 1 };
        Some(Self {
            field,
            stride,
            codes: vec![0; codes * stride],
            v4: Vec::new(),
        })
    }

    /// Counts the rows that pass.
    pub(super) fn add(&mut self, chunk: &Chunk, rows: &Range<usize>, keep: &[bool]) {
        let severities = part(&chunk.severities, rows);
        match self.field {
            FacetField::Severity => {
                let own = severities.iter().map(|byte| byte.severity_index());
                self.by_code(own, severities, keep);
            }
            FacetField::Source => self.by_code(wide(part(&chunk.sources, rows)), severities, keep),
            FacetField::Country => {
                self.by_code(wide(part(&chunk.countries, rows)), severities, keep);
            }
            FacetField::User => {
                let users = part(&chunk.users, rows).iter().map(|code| *code as usize);
                self.by_code(users, severities, keep);
            }
            FacetField::Threat => self.by_code(wide(part(&chunk.threats, rows)), severities, keep),
            FacetField::Pipeline => {
                self.by_code(wide(part(&chunk.pipelines, rows)), severities, keep);
            }
            FacetField::SrcIp => {
                self.by_address(
                    part(&chunk.src_ips, rows),
                    SeverityByte::SRC_IS_V6,
                    severities,
                    keep,
                );
            }
            FacetField::DstIp => {
                self.by_address(
                    part(&chunk.dst_ips, rows),
                    SeverityByte::DST_IS_V6,
                    severities,
                    keep,
                );
            }
        }
    }

    fn by_code(
        &mut self,
        codes: impl Iterator<Item = usize>,
        severities: &[SeverityByte],
        keep: &[bool],
    ) {
        if self.stride == 1 {
            for (code, keep) in codes.zip(keep) {
                if let Some(count) = self.codes.get_mut(code) {
                    *count += u32::from(*keep);
                }
            }
            return;
        }
        for ((code, severity), keep) in codes.zip(severities).zip(keep) {
            if let Some(count) = self.codes.get_mut(code * SPLIT + severity.severity_index()) {
                *count += u32::from(*keep);
            }
        }
    }

    fn by_address(&mut self, column: &[u32], flag: u8, severities: &[SeverityByte], keep: &[bool]) {
        for ((address, severity), keep) in column.iter().zip(severities).zip(keep) {
            if !keep {
                continue;
            }
            let index = if self.stride == 1 {
                0
            } else {
                severity.severity_index()
            };
            if severity.0 & flag == 0 {
                self.v4.push(u64::from(*address) << 8 | index as u64);
            } else if let Some(count) = self.codes.get_mut(*address as usize * self.stride + index)
            {
                *count += 1;
            }
        }
    }

    /// Every value that occurred, in no order.
    pub(super) fn finish(mut self, dictionaries: &Dictionaries) -> Vec<Counted> {
        let mut counted: Vec<Counted> = Vec::new();
        for (code, counts) in self.codes.chunks(self.stride).enumerate() {
            let value = match self.field {
                FacetField::Severity => {
                    Value::Severity(Severity::from_code(u8::try_from(code).unwrap_or_default()))
                }
                _ => Value::Code(u32::try_from(code).unwrap_or(NONE)),
            };
            if counts.iter().any(|count| *count > 0) {
                counted.push(Counted::of(value, counts));
            }
        }
        self.v4.sort_unstable();
        for run in self.v4.chunk_by(|a, b| a >> 8 == b >> 8) {
            let mut counts = [0; SPLIT];
            for entry in run {
                counts[(*entry & 7) as usize] += 1;
            }
            let address = run.first().map_or(0, |entry| entry >> 8);
            let value = Value::V4(u32::try_from(address).unwrap_or_default());
            counted.push(Counted::of(
                value,
                counts.get(..self.stride).unwrap_or_default(),
            ));
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
    fn of(value: Value, counts: &[u32]) -> Self {
        let mut by_severity = SeverityCounts::default();
        if counts.len() == SPLIT {
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

fn wide<C: Copy + Into<usize>>(codes: &[C]) -> impl Iterator<Item = usize> {
    codes.iter().map(|code| (*code).into())
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
