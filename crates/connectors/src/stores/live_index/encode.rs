//! The dictionaries of all columns: rows to codes, and forgetting what no row has any more.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use super::chunk::Chunk;
use super::dictionary::{Dictionary, NONE, Used};
use super::row::{EncodedRow, IndexRow, SeverityByte};

#[derive(Debug)]
pub(super) struct Dictionaries {
    pub(super) sources: Dictionary<Arc<str>>,
    pub(super) pipelines: Dictionary<Arc<str>>,
    pub(super) threats: Dictionary<Arc<str>>,
    pub(super) countries: Dictionary<Arc<str>>,
    pub(super) users: Dictionary<Arc<str>>,
    pub(super) v6: Dictionary<Ipv6Addr>,
}

impl Dictionaries {
    pub(super) fn new() -> Self {
        let (tiny, narrow) = (u32::from(u8::MAX), u32::from(u16::MAX));
        Self {
            sources: Dictionary::new(narrow),
            pipelines: Dictionary::new(tiny),
            threats: Dictionary::new(tiny),
            countries: Dictionary::new(narrow),
            users: Dictionary::new(u32::MAX),
            v6: Dictionary::new(u32::MAX),
        }
    }

    pub(super) fn encode(&mut self, row: &IndexRow<'_>) -> EncodedRow {
        EncodedRow {
            seq: row.seq,
            severity: SeverityByte::new(row),
            source: narrow(text(&mut self.sources, Some(row.source))),
            pipeline: tiny(text(&mut self.pipelines, Some(row.pipeline))),
            threat: tiny(text(&mut self.threats, row.threat)),
            country: narrow(text(&mut self.countries, row.country)),
            user: text(&mut self.users, row.user),
            src_ip: address(&mut self.v6, row.src_ip),
            dst_ip: row
                .dst_ip
                .map_or(NONE, |dst_ip| address(&mut self.v6, dst_ip)),
            created_at: row.created_at.nanos(),
            ingested_at: row.ingested_at.nanos(),
            updated_at: row.updated_at.nanos(),
        }
    }

    /// Bytes of all of them.
    pub(super) fn bytes(&self) -> usize {
        self.sources.bytes()
            + self.pipelines.bytes()
            + self.threats.bytes()
            + self.countries.bytes()
            + self.users.bytes()
            + self.v6.bytes()
    }

    /// Forgets the values that no row has and gives the rows the new codes of the others.
    pub(super) fn sweep(&mut self, chunks: &mut VecDeque<Chunk>) {
        sweep(&mut self.sources, chunks, |chunk| &mut chunk.sources);
        sweep(&mut self.pipelines, chunks, |chunk| &mut chunk.pipelines);
        sweep(&mut self.threats, chunks, |chunk| &mut chunk.threats);
        sweep(&mut self.countries, chunks, |chunk| &mut chunk.countries);
        sweep(&mut self.users, chunks, |chunk| &mut chunk.users);
        self.sweep_v6(chunks);
    }

    fn sweep_v6(&mut self, chunks: &mut VecDeque<Chunk>) {
        let mut used = Used::none_of(&self.v6);
        for chunk in chunks.iter_mut() {
            each_v6(chunk, |code| used.insert(*code));
        }
        if let Some(new_codes) = self.v6.retain(&used) {
            for chunk in chunks {
                each_v6(chunk, |code| *code = renamed(&new_codes, *code));
            }
        }
    }
}

fn text(dictionary: &mut Dictionary<Arc<str>>, value: Option<&str>) -> u32 {
    value.map_or(NONE, |value| {
        dictionary.encode(value, |text| Arc::from(text))
    })
}

fn address(v6: &mut Dictionary<Ipv6Addr>, value: IpAddr) -> u32 {
    match value {
        IpAddr::V4(address) => u32::from(address),
        IpAddr::V6(address) => v6.encode(&address, |address| *address),
    }
}

/// The code in 16 bits; the dictionary gives no greater one.
fn narrow(code: u32) -> u16 {
    u16::try_from(code).unwrap_or(u16::MAX)
}

/// The code in 8 bits; the dictionary gives no greater one.
fn tiny(code: u32) -> u8 {
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// A code that has no new name is the overflow and stays.
fn renamed(new_codes: &[u32], code: u32) -> u32 {
    new_codes.get(code as usize).copied().unwrap_or(code)
}

/// A code as a column keeps it.
trait Code: Copy {
    fn wide(self) -> u32;
    fn from_wide(code: u32) -> Self;
}

impl Code for u8 {
    fn wide(self) -> u32 {
        self.into()
    }

    fn from_wide(code: u32) -> Self {
        tiny(code)
    }
}

impl Code for u16 {
    fn wide(self) -> u32 {
        self.into()
    }

    fn from_wide(code: u32) -> Self {
        narrow(code)
    }
}

impl Code for u32 {
    fn wide(self) -> u32 {
        self
    }

    fn from_wide(code: u32) -> Self {
        code
    }
}

fn sweep<C: Code>(
    dictionary: &mut Dictionary<Arc<str>>,
    chunks: &mut VecDeque<Chunk>,
    column: impl Fn(&mut Chunk) -> &mut Vec<C>,
) {
    let mut used = Used::none_of(dictionary);
    for chunk in chunks.iter_mut() {
        for code in column(chunk) {
            used.insert(code.wide());
        }
    }
    if let Some(new_codes) = dictionary.retain(&used) {
        for chunk in chunks {
            for code in column(chunk) {
                *code = C::from_wide(renamed(&new_codes, code.wide()));
            }
        }
    }
}

fn each_v6(chunk: &mut Chunk, mut visit: impl FnMut(&mut u32)) {
    let sides = [
        (&mut chunk.src_ips, SeverityByte::SRC_IS_V6),
        (&mut chunk.dst_ips, SeverityByte::DST_IS_V6),
    ];
    for (column, flag) in sides {
        for (code, severity) in column.iter_mut().zip(&chunk.severities) {
            if severity.0 & flag != 0 {
                visit(code);
            }
        }
    }
}
