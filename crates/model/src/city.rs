//! A geography with regions, cities and coordinates: ranges of addresses, and one rendered fragment for
//! each distinct record.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use crate::id::hash128;
use crate::place::{CountryCode, GeoFragment};
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
    pub fn as_str(self) -> &'static str {
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

/// The table.
#[derive(Debug, Clone, Default)]
pub struct CityTable {
    /// Where it comes from.
    pub info: TableInfo,
    /// The first address of each range and its fragment's number, side by side: one look at memory for both.
    v4: Vec<(u32, u32)>,
    /// For each value of the leading bits, the number of ranges that start before it.
    v4_jump: Vec<u32>,
    v6_starts: Vec<u128>,
    v6_fragments: Vec<u32>,
    fragments: Vec<GeoFragment>,
}

impl CityTable {
    /// Collects a table.
    pub fn builder() -> CityTableBuilder {
        CityTableBuilder::default()
    }

    /// Where the address lies. Private and reserved addresses lie nowhere.
    pub fn fragment(&self, address: IpAddr) -> Option<&GeoFragment> {
        let address = match address {
            IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        if !crate::ip::is_public(address) {
            return None;
        }
        let number = match address {
            IpAddr::V4(v4) => self.find_v4(u32::from(v4)),
            IpAddr::V6(v6) => self.find_v6(u128::from(v6)),
        }?;
        self.fragments.get(number.checked_sub(1)? as usize)
    }

    /// Ranges of addresses.
    pub fn ranges(&self) -> usize {
        self.v4.len() + self.v6_starts.len()
    }

    /// Distinct fragments.
    pub fn fragments(&self) -> usize {
        self.fragments.len()
    }

    /// Bytes of memory that the table takes.
    pub fn size_bytes(&self) -> usize {
        let texts: usize = self
            .fragments
            .iter()
            .map(|fragment| fragment.members.capacity())
            .sum();
        size_of_val(self.v4.as_slice())
            + size_of_val(self.v4_jump.as_slice())
            + size_of_val(self.v6_starts.as_slice())
            + size_of_val(self.v6_fragments.as_slice())
            + size_of_val(self.fragments.as_slice())
            + texts
    }

    /// The fragment's number, from 1; 0 stands for nowhere. The jump leaves a handful of ranges, which lie
    /// side by side, to be searched.
    fn find_v4(&self, address: u32) -> Option<u32> {
        let high = (address >> (32 - JUMP_BITS)) as usize;
        let (from, to) = (
            *self.v4_jump.get(high)? as usize,
            *self.v4_jump.get(high + 1)? as usize,
        );
        let near = self.v4.get(from..to)?;
        let after = from + near.partition_point(|(start, _)| *start <= address);
        let (_, fragment) = self.v4.get(after.checked_sub(1)?)?;
        Some(*fragment)
    }

    fn find_v6(&self, address: u128) -> Option<u32> {
        let after = self.v6_starts.partition_point(|start| *start <= address);
        self.v6_fragments.get(after.checked_sub(1)?).copied()
    }
}

/// Collects a [`CityTable`]: fragments, and ascending ranges that refer to them.
#[derive(Debug, Default)]
pub struct CityTableBuilder {
    v4: Vec<(u32, u32)>,
    v6_starts: Vec<u128>,
    v6_fragments: Vec<u32>,
    fragments: Vec<GeoFragment>,
    /// The number of each fragment by a hash of its content.
    numbers: HashMap<u128, FragmentNumber>,
    text_bytes: usize,
}

/// A fragment of a builder, or nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FragmentNumber(u32);

impl FragmentNumber {
    /// No place at all.
    pub const NOWHERE: Self = Self(0);
}

impl CityTableBuilder {
    /// Takes a fragment in; equal ones get the same number, one that says nothing is nowhere.
    pub fn fragment(&mut self, fragment: GeoFragment) -> FragmentNumber {
        let code = fragment.country_code.unwrap_or_default();
        if fragment.members.is_empty() && fragment.country_code.is_none() {
            return FragmentNumber::NOWHERE;
        }
        // Table numbers are 32 bits; a table with as many fragments would not fit into memory.
        let Ok(next) = u32::try_from(self.fragments.len() + 1) else {
            return FragmentNumber::NOWHERE;
        };
        let hash = hash128(&[&code, fragment.members.as_bytes()]);
        let number = *self.numbers.entry(hash).or_insert(FragmentNumber(next));
        if number.0 == next {
            self.text_bytes += fragment.members.len();
            self.fragments.push(fragment);
        }
        number
    }

    /// Distinct fragments so far.
    pub fn fragments(&self) -> usize {
        self.fragments.len()
    }

    /// Bytes of the distinct fragments' text so far.
    pub fn text_bytes(&self) -> usize {
        self.text_bytes
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
        self.v4.shrink_to_fit();
        self.v6_starts.shrink_to_fit();
        self.v6_fragments.shrink_to_fit();
        self.fragments.shrink_to_fit();
        CityTable {
            info,
            v4_jump: jump_table(&self.v4),
            v4: self.v4,
            v6_starts: self.v6_starts,
            v6_fragments: self.v6_fragments,
            fragments: self.fragments,
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
