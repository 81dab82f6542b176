//! A geography with regions, cities and coordinates: ranges of addresses, and one rendered fragment for
//! each distinct record.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use crate::id::hash128;
use crate::place::{CountryCode, GeoFragment, Place};
use crate::provenance::TableInfo;

/// The leading bits of an IPv4 address that the jump table resolves at once: a mebibyte of table. With
/// 3.7 million ranges a look-up takes a quarter of the time of a plain search; 16 bits take half as long
/// again, 20 bits four times the memory for little.
const JUMP_BITS: u32 = 18;

/// A member that a city table splices into a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CityField {
    /// The English name of the country.
    Country,
    /// The English name of the region.
    RegionName,
    /// The English name of the city.
    City,
    /// Degrees of latitude.
    Lat,
    /// Degrees of longitude.
    Lon,
}

impl CityField {
    /// All of them, in the order in which they are written by default.
    pub const ALL: [Self; 5] = [
        Self::Country,
        Self::RegionName,
        Self::City,
        Self::Lat,
        Self::Lon,
    ];

    /// The name in records and in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::RegionName => "regionName",
            Self::City => "city",
            Self::Lat => "lat",
            Self::Lon => "lon",
        }
    }

    /// The field of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }
}

/// What a database says of a place, before it is rendered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Location {
    /// ISO 3166-1 alpha-2.
    pub country_code: Option<CountryCode>,
    /// The English name of the country.
    pub country: Option<String>,
    /// The English name of the region.
    pub region_name: Option<String>,
    /// The English name of the city.
    pub city: Option<String>,
    /// Degrees of latitude, -90 to 90.
    pub lat: Option<f64>,
    /// Degrees of longitude, -180 to 180.
    pub lon: Option<f64>,
}

impl Location {
    /// Writes the members of `fields`, in their order; what is unknown, empty or outside the globe is left
    /// out.
    pub fn render(&self, fields: &[CityField]) -> GeoFragment {
        let mut members = String::new();
        for field in fields {
            match field {
                CityField::Country => text(&mut members, *field, self.country.as_deref()),
                CityField::RegionName => text(&mut members, *field, self.region_name.as_deref()),
                CityField::City => text(&mut members, *field, self.city.as_deref()),
                CityField::Lat => degrees(&mut members, *field, self.lat, 90.0),
                CityField::Lon => degrees(&mut members, *field, self.lon, 180.0),
            }
        }
        members.shrink_to_fit();
        GeoFragment {
            country_code: self.country_code,
            members,
        }
    }
}

fn text(members: &mut String, field: CityField, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        name(members, field);
        write_json_string(members, value);
    }
}

fn degrees(members: &mut String, field: CityField, value: Option<f64>, limit: f64) {
    // Not-a-number fails the comparison.
    if let Some(value) = value.filter(|value| value.abs() <= limit) {
        name(members, field);
        // The shortest digits that read back as the same number, never with an exponent; a negative zero
        // loses its sign. Writing to a string cannot fail.
        write!(members, "{}", value + 0.0).unwrap_or_default();
    }
}

fn name(members: &mut String, field: CityField) {
    if !members.is_empty() {
        members.push(',');
    }
    members.push('"');
    members.push_str(field.as_str());
    members.push_str("\":");
}

fn write_json_string(out: &mut String, value: &str) {
    out.push('"');
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{0}'..='\u{1f}' | '\u{7f}' => {
                // Writing to a string cannot fail.
                write!(out, "\\u{:04x}", u32::from(character)).unwrap_or_default();
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// The table. The text of a place lies right behind its head, so that one look at memory finds both.
#[derive(Debug, Clone, Default)]
pub struct CityTable {
    /// Where it comes from.
    pub info: TableInfo,
    /// The first address of each range and where its fragment lies in the texts, side by side.
    v4: Vec<(u32, u32)>,
    /// For each value of the leading bits, the number of ranges that start before it.
    v4_jump: Vec<u32>,
    v6_starts: Vec<u128>,
    v6_fragments: Vec<u32>,
    /// The fragments, each behind a head; [`NOWHERE`] comes first.
    texts: String,
    fragments: usize,
}

/// Stands for no place, and keeps the first place of the texts from being a fragment's.
const NOWHERE: &str = "\n";
/// Bytes of a fragment's head: its country, blank if it has none, and its length in three digits of 7 bits.
const HEAD_BYTES: usize = 5;
/// Bytes of a fragment; names in databases are far shorter.
const MEMBERS_BYTES_MAX: usize = 1 << 21;

/// Memory of [`CityTable::places`], kept from call to call.
#[derive(Debug, Default)]
pub struct PlacesScratch {
    steps: Vec<Step>,
}

/// How far the look-up of an address has come.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The ranges among which it lies.
    Near { address: u32, from: u32, to: u32 },
    /// Where its fragment lies in the texts; 0 is nowhere.
    At(u32),
}

impl CityTable {
    /// Collects a table.
    pub fn builder() -> CityTableBuilder {
        CityTableBuilder::default()
    }

    /// Where the address lies. Private and reserved addresses lie nowhere.
    pub fn place(&self, address: IpAddr) -> Option<Place<'_>> {
        self.read(self.search(self.begin(address)))
    }

    /// Where each address lies, in their order. Every step is taken for all of them before the next one is
    /// begun: the processor waits for the memory of many at once.
    pub fn places<'a>(
        &'a self,
        addresses: impl Iterator<Item = Option<IpAddr>>,
        scratch: &mut PlacesScratch,
    ) -> Vec<Option<Place<'a>>> {
        let steps = &mut scratch.steps;
        steps.clear();
        steps.extend(addresses.map(|address| address.map_or(Step::At(0), |a| self.begin(a))));
        for step in &mut *steps {
            *step = Step::At(self.search(*step));
        }
        let at = |step: &Step| self.read(self.search(*step));
        steps.iter().map(at).collect()
    }

    /// Ranges of addresses.
    pub fn ranges(&self) -> usize {
        self.v4.len() + self.v6_starts.len()
    }

    /// Distinct fragments.
    pub fn fragments(&self) -> usize {
        self.fragments
    }

    /// Bytes of memory that the table takes.
    pub fn size_bytes(&self) -> usize {
        size_of_val(self.v4.as_slice())
            + size_of_val(self.v4_jump.as_slice())
            + size_of_val(self.v6_starts.as_slice())
            + size_of_val(self.v6_fragments.as_slice())
            + self.texts.capacity()
    }

    /// The first step. The jump leaves a handful of ranges, which lie side by side, to be searched.
    fn begin(&self, address: IpAddr) -> Step {
        let address = match address {
            IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        if !crate::ip::is_public(address) {
            return Step::At(0);
        }
        match address {
            IpAddr::V4(v4) => self.near(u32::from(v4)).unwrap_or(Step::At(0)),
            IpAddr::V6(v6) => Step::At(self.find_v6(u128::from(v6)).unwrap_or(0)),
        }
    }

    fn near(&self, address: u32) -> Option<Step> {
        let high = (address >> (32 - JUMP_BITS)) as usize;
        let [from, to] = *self.v4_jump.get(high..high + 2)?.as_array()?;
        Some(Step::Near { address, from, to })
    }

    /// The second step: where the fragment lies, 0 if nowhere.
    fn search(&self, step: Step) -> u32 {
        match step {
            Step::At(at) => at,
            Step::Near { address, from, to } => {
                let (from, to) = (from as usize, to as usize);
                let near = self.v4.get(from..to).unwrap_or_default();
                let after = from + near.partition_point(|(start, _)| *start <= address);
                let range = after.checked_sub(1).and_then(|last| self.v4.get(last));
                range.map_or(0, |(_, at)| *at)
            }
        }
    }

    fn find_v6(&self, address: u128) -> Option<u32> {
        let after = self.v6_starts.partition_point(|start| *start <= address);
        self.v6_fragments.get(after.checked_sub(1)?).copied()
    }

    /// The last step: what lies there.
    fn read(&self, at: u32) -> Option<Place<'_>> {
        if at == 0 {
            return None;
        }
        let at = at as usize;
        let [one, two, a, b, c] = *self.texts.as_bytes().get(at..at + HEAD_BYTES)?.as_array()?;
        let len = usize::from(a) | usize::from(b) << 7 | usize::from(c) << 14;
        let text = at + HEAD_BYTES;
        Some(Place {
            country_code: (one != b' ').then_some([one, two]),
            members: self.texts.get(text..text + len)?,
        })
    }
}

/// Collects a [`CityTable`]: fragments, and ascending ranges that refer to them.
#[derive(Debug)]
pub struct CityTableBuilder {
    v4: Vec<(u32, u32)>,
    v6_starts: Vec<u128>,
    v6_fragments: Vec<u32>,
    texts: String,
    /// Where each fragment lies by a hash of its content.
    known: HashMap<u128, FragmentNumber>,
}

/// A fragment of a builder, or nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FragmentNumber(u32);

impl FragmentNumber {
    /// No place at all.
    pub const NOWHERE: Self = Self(0);
}

impl Default for CityTableBuilder {
    fn default() -> Self {
        Self {
            v4: Vec::new(),
            v6_starts: Vec::new(),
            v6_fragments: Vec::new(),
            texts: NOWHERE.to_owned(),
            known: HashMap::new(),
        }
    }
}

impl CityTableBuilder {
    /// Takes a fragment in; equal ones get the same number, one that says nothing is nowhere, and so is one
    /// that is longer than any place's.
    pub fn fragment(&mut self, fragment: &GeoFragment) -> FragmentNumber {
        let members = fragment.members.as_str();
        if members.is_empty() && fragment.country_code.is_none() {
            return FragmentNumber::NOWHERE;
        }
        // Numbers are 32 bits; a table with as much text would not fit into memory.
        let Ok(next) = u32::try_from(self.texts.len()) else {
            return FragmentNumber::NOWHERE;
        };
        if members.len() >= MEMBERS_BYTES_MAX {
            return FragmentNumber::NOWHERE;
        }
        let code = fragment.country_code.unwrap_or([b' '; 2]);
        let hash = hash128(&[&code, members.as_bytes()]);
        let number = *self.known.entry(hash).or_insert(FragmentNumber(next));
        if number.0 == next {
            // A code that is no text is none.
            let code = std::str::from_utf8(&code).unwrap_or("  ");
            self.texts.push_str(code);
            for shift in [0, 7, 14] {
                let digit = (members.len() >> shift) & 0x7f;
                self.texts
                    .push(char::from(u8::try_from(digit).unwrap_or_default()));
            }
            self.texts.push_str(members);
        }
        number
    }

    /// Distinct fragments so far.
    pub fn fragments(&self) -> usize {
        self.known.len()
    }

    /// Bytes of the distinct fragments' text so far.
    pub fn text_bytes(&self) -> usize {
        self.texts.len()
    }

    /// From this IPv4 address on lies the fragment. Starts must ascend, otherwise the range is refused and
    /// `false` returned; a neighbor with the same fragment becomes part of the range before it.
    pub fn v4(&mut self, start: u32, fragment: FragmentNumber) -> bool {
        match self.v4.last() {
            Some((last, _)) if *last >= start => return false,
            Some((_, last)) if *last == fragment.0 => {}
            _ => self.v4.push((start, fragment.0)),
        }
        true
    }

    /// The same for an IPv6 address.
    pub fn v6(&mut self, start: u128, fragment: FragmentNumber) -> bool {
        if self.v6_starts.last().is_some_and(|last| *last >= start) {
            return false;
        }
        if self.v6_fragments.last() != Some(&fragment.0) {
            self.v6_starts.push(start);
            self.v6_fragments.push(fragment.0);
        }
        true
    }

    /// The table.
    pub fn finish(mut self, info: TableInfo) -> CityTable {
        let fragments = self.known.len();
        self.known = HashMap::new();
        self.v4.shrink_to_fit();
        self.v6_starts.shrink_to_fit();
        self.v6_fragments.shrink_to_fit();
        self.texts.shrink_to_fit();
        CityTable {
            info,
            v4_jump: jump_table(&self.v4),
            v4: self.v4,
            v6_starts: self.v6_starts,
            v6_fragments: self.v6_fragments,
            texts: self.texts,
            fragments,
        }
    }
}

/// One entry more than there are values of the leading bits, so that every value has an end.
fn jump_table(ranges: &[(u32, u32)]) -> Vec<u32> {
    let mut jump = Vec::with_capacity((1 << JUMP_BITS) + 1);
    let mut before = 0;
    for high in 0..1_u32 << JUMP_BITS {
        let first = high << (32 - JUMP_BITS);
        while ranges.get(before).is_some_and(|(start, _)| *start < first) {
            before += 1;
        }
        // There are at most as many ranges as addresses, and the last one has no room for 2^32.
        jump.push(u32::try_from(before).unwrap_or(u32::MAX));
    }
    jump.push(u32::try_from(ranges.len()).unwrap_or(u32::MAX));
    jump
}

#[cfg(test)]
mod tests;
