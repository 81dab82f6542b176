//! About the least that the work takes: each line is expected to have the shape of the one before, so that
//! only the ends of its values are looked for; places come from a table of ranges; what is added is spliced
//! in. No duplicate key, no depth and no length is checked: it is a measure, not a reader.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use anyhow::{Context as _, ensure};

use super::{Out, Way};
use crate::city::City;

/// Leading bits of an address that the jump table resolves.
const JUMP_BITS: u32 = 20;
/// Bits of the map before the list.
const MAP_BITS: u32 = 20;
/// Lines that are written at once.
const LINES: usize = 1_000;

/// Tables, and the shape of the last line.
pub(crate) struct Limit<'a> {
    starts: Vec<u32>,
    places: Vec<Option<&'a str>>,
    jump: Vec<u32>,
    map: Vec<u64>,
    listed: Vec<u32>,
    shape: Shape,
}

/// What lies before each value, and what lies after the last.
#[derive(Default)]
struct Shape {
    before: Vec<(Vec<u8>, Kind)>,
    after: Vec<u8>,
    source: usize,
    severity: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Bare,
}

impl<'a> Limit<'a> {
    /// With what the database says, and a list of addresses, one a line.
    pub(crate) fn new(city: &'a City, list: &str) -> anyhow::Result<Self> {
        let starts: Vec<u32> = city.ranges.iter().map(|(start, _)| *start).collect();
        let place = |number: u32| city.places.get(number as usize).map(String::as_str);
        let mut listed = Vec::new();
        let mut map = vec![0; 1 << (MAP_BITS - 6)];
        for line in list.lines() {
            let address = u32::from(line.parse::<Ipv4Addr>()?);
            let high = address >> (32 - MAP_BITS);
            map[(high >> 6) as usize] |= 1_u64 << (high & 63);
            listed.push(address);
        }
        listed.sort_unstable();
        Ok(Self {
            jump: (0..=1_u64 << JUMP_BITS)
                .map(|high| {
                    let first = high << (32 - JUMP_BITS);
                    starts.partition_point(|start| u64::from(*start) < first) as u32
                })
                .collect(),
            places: city
                .ranges
                .iter()
                .map(|(_, at)| at.and_then(place))
                .collect(),
            starts,
            map,
            listed,
            shape: Shape::default(),
        })
    }

    fn place(&self, address: u32) -> &'a str {
        let high = (address >> (32 - JUMP_BITS)) as usize;
        let (from, to) = (self.jump[high] as usize, self.jump[high + 1] as usize);
        let after = from + self.starts[from..to].partition_point(|start| *start <= address);
        after
            .checked_sub(1)
            .and_then(|at| self.places[at])
            .unwrap_or_default()
    }

    fn is_listed(&self, address: u32) -> bool {
        let high = address >> (32 - MAP_BITS);
        self.map[(high >> 6) as usize] >> (high & 63) & 1 == 1
            && self.listed.binary_search(&address).is_ok()
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) -> anyhow::Result<()> {
        std::str::from_utf8(line)?;
        // Without an early end the compiler looks at many bytes at once.
        let controls = line
            .iter()
            .fold(0, |any, byte| any | u8::from(*byte < 0x20));
        ensure!(controls == 0, "a control character in a line");
        let found = if let Some(found) = self.shape.fits(line) {
            found
        } else {
            self.shape = Shape::of(line).context("no such shape")?;
            let found = self.shape.fits(line);
            found.context("the shape of a line does not fit it")?
        };
        let address = v4(found.source).context("no address")?;
        let high = matches!(found.severity, b"high" | b"critical");
        let threat = match (high, self.is_listed(address)) {
            (true, true) => r#""threat_info":"High severity & malicious IP detected""#,
            (true, false) => r#""threat_info":"High severity detected""#,
            (false, true) => r#""threat_info":"Malicious IP detected""#,
            (false, false) => "",
        };
        out.extend_from_slice(&line[..line.len() - 1]);
        for addition in [self.place(address), threat] {
            if !addition.is_empty() {
                out.push(b',');
                out.extend_from_slice(addition.as_bytes());
            }
        }
        out.extend_from_slice(b"}\n");
        Ok(())
    }
}

impl Way for Limit<'_> {
    fn run(&mut self, lines: &[u8], out: Out<'_>) -> anyhow::Result<()> {
        let mut written = Vec::new();
        let mut start = 0;
        for (index, end) in (1..).zip(memchr::memchr_iter(b'\n', lines)) {
            self.line(&lines[start..end], &mut written)?;
            start = end + 1;
            if index % LINES == 0 {
                out(&written);
                written.clear();
            }
        }
        ensure!(start == lines.len(), "the last line does not end");
        out(&written);
        Ok(())
    }
}

/// The values that the work needs.
struct Found<'a> {
    source: &'a [u8],
    severity: &'a [u8],
}

impl Shape {
    /// The shape of a line: keys, brackets and whatever else is no value, as they stand.
    fn of(line: &[u8]) -> Option<Self> {
        let mut shape = Self::default();
        let mut names: HashMap<Vec<u8>, usize> = HashMap::new();
        let (mut at, mut from, mut key) = (0, 0, &line[..0]);
        while at < line.len() {
            match line[at] {
                b'"' => {
                    let end = at + 1 + text_end(&line[at + 1..])?;
                    if line.get(end + 1) == Some(&b':') {
                        key = &line[at + 1..end];
                    } else {
                        names.entry(key.to_vec()).or_insert(shape.before.len());
                        shape.before.push((line[from..=at].to_vec(), Kind::Text));
                        from = end;
                    }
                    at = end + 1;
                }
                b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                    shape.before.push((line[from..at].to_vec(), Kind::Bare));
                    at += bare_end(&line[at..]);
                    from = at;
                }
                _ => at += 1,
            }
        }
        shape.after = line[from..].to_vec();
        shape.source = *names.get(&b"source_ip"[..])?;
        shape.severity = *names.get(&b"severity"[..])?;
        Some(shape)
    }

    fn fits<'l>(&self, line: &'l [u8]) -> Option<Found<'l>> {
        let mut found = Found {
            source: &[],
            severity: &[],
        };
        let mut rest = line;
        for (index, (before, kind)) in self.before.iter().enumerate() {
            rest = rest.strip_prefix(before.as_slice())?;
            let end = match kind {
                Kind::Text => text_end(rest)?,
                Kind::Bare => bare_end(rest),
            };
            if index == self.source {
                found.source = &rest[..end];
            } else if index == self.severity {
                found.severity = &rest[..end];
            }
            rest = &rest[end..];
        }
        (rest == self.after.as_slice() && !self.after.is_empty()).then_some(found)
    }
}

/// Where the text ends that begins here.
fn text_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let found = at + memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[found] == b'"' {
            return Some(found);
        }
        at = found + 2;
    }
}

fn bare_end(bytes: &[u8]) -> usize {
    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']');
    bytes.iter().position(ends).unwrap_or(bytes.len())
}

fn v4(text: &[u8]) -> Option<u32> {
    let (mut address, mut octet, mut octets) = (0_u32, 0_u32, 1);
    for byte in text {
        match byte {
            b'.' => {
                address = address << 8 | octet;
                octet = 0;
                octets += 1;
            }
            b'0'..=b'9' => octet = octet * 10 + u32::from(byte - b'0'),
            _ => return None,
        }
    }
    (octets == 4 && octet < 256).then_some(address << 8 | octet)
}
