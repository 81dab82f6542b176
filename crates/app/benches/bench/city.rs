//! A city database as large as the real ones, invented from a seed: some six million nodes, 425,000 distinct
//! records nested as `MaxMind` nests them. The test databases that vendors give away fit into a cache, and
//! would flatter every look-up.

use crate::mmdb::{Data, Link, tree};
use crate::numbers::Numbers;

/// Places that hold most of the networks, as large cities do.
const LARGE_PLACES: u32 = 20_000;
const COUNTRIES: u32 = 240;
const REGIONS: u32 = 3_600;
/// First octets without any network: those that are not public, and those in which the producer's
/// documentation addresses lie.
const EMPTY_OCTETS: [u32; 9] = [0, 10, 100, 127, 169, 172, 192, 198, 203];
/// How many of a hundred networks are divided further, from the prefix length on at which one may be whole.
const DIVIDED: [u32; 8] = [88, 76, 62, 44, 18, 10, 4, 0];
/// The languages of names, English among them.
const LANGUAGES: [&str; 8] = ["de", "en", "es", "fr", "ja", "pt-BR", "ru", "zh-CN"];
const SYLLABLES: [&str; 16] = [
    "ka", "lo", "mün", "ster", "vil", "ra", "pö", "shi", "ton", "berg", "san", "mar", "que", "dor",
    "ley", "fjø",
];

/// How much there is.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    /// From this prefix length on a network may be whole.
    pub(crate) whole_from: u32,
    /// Distinct records.
    pub(crate) places: u32,
}

impl Extent {
    /// As much as in real databases.
    const REAL: Self = Self {
        whole_from: 20,
        places: 425_000,
    };
}

/// The database, and what it says without its tree.
pub(crate) struct City {
    /// The file.
    pub(crate) file: Vec<u8>,
    /// Nodes of its tree.
    pub(crate) nodes: usize,
    /// The first address of each range and the place it lies in, if any.
    pub(crate) ranges: Vec<(u32, Option<u32>)>,
    /// The members that each place adds to a record.
    pub(crate) places: Vec<String>,
}

impl City {
    /// Invents it.
    pub(crate) fn invent(seed: u64) -> Self {
        Self::invent_of(seed, Extent::REAL)
    }

    /// Invents one of another extent.
    pub(crate) fn invent_of(seed: u64, extent: Extent) -> Self {
        let mut numbers = Numbers::of(seed);
        let mut data = Data::default();
        let (offsets, places) = places(extent.places, &mut numbers, &mut data);
        let mut growth = Growth {
            numbers,
            offsets: &offsets,
            nodes: Vec::new(),
            ranges: Vec::new(),
            last: 0,
            extent,
        };
        growth.grow(0, 0);
        let Growth { nodes, ranges, .. } = growth;
        Self {
            file: tree(&nodes, &data, "Invented-City", &LANGUAGES),
            nodes: nodes.len(),
            ranges,
            places,
        }
    }
}

/// A tree that grows from its root.
struct Growth<'a> {
    numbers: Numbers,
    offsets: &'a [u32],
    nodes: Vec<[Link; 2]>,
    ranges: Vec<(u32, Option<u32>)>,
    last: u32,
    extent: Extent,
}

impl Growth<'_> {
    fn grow(&mut self, length: u32, first: u32) -> Link {
        let octet = first >> 24;
        if length == 8 && (octet >= 224 || EMPTY_OCTETS.contains(&octet)) {
            self.range(first, None);
            return Link::Empty;
        }
        if length >= self.extent.whole_from {
            let divided = DIVIDED
                .get((length - self.extent.whole_from) as usize)
                .copied();
            if self.numbers.below(100) >= divided.unwrap_or_default() {
                return self.whole(first);
            }
        }
        let index = self.nodes.len();
        self.nodes.push([Link::Empty; 2]);
        let left = self.grow(length + 1, first);
        let right = self.grow(length + 1, first | 1 << (31 - length));
        if let Some(node) = self.nodes.get_mut(index) {
            *node = [left, right];
        }
        Link::Node(index as u32)
    }

    /// A network within one place: that of its neighbor, a large one, or any.
    fn whole(&mut self, first: u32) -> Link {
        self.last = match self.numbers.below(10) {
            0..=3 => self.last,
            4..=6 => self.numbers.below(LARGE_PLACES.min(self.extent.places)),
            _ => self.numbers.below(self.extent.places),
        };
        self.range(first, Some(self.last));
        Link::Data(
            self.offsets
                .get(self.last as usize)
                .copied()
                .unwrap_or_default(),
        )
    }

    fn range(&mut self, first: u32, place: Option<u32>) {
        if self.ranges.last().is_none_or(|(_, last)| *last != place) {
            self.ranges.push((first, place));
        }
    }
}

/// Writes every place, and says where each lies and which members it adds.
fn places(count: u32, numbers: &mut Numbers, data: &mut Data) -> (Vec<u32>, Vec<String>) {
    let countries: Vec<(u32, String)> = (0..COUNTRIES)
        .map(|index| country(index, numbers, data))
        .collect();
    let regions: Vec<(u32, String)> = (0..REGIONS).map(|_| region(numbers, data)).collect();
    let (mut offsets, mut members) = (Vec::new(), Vec::new());
    for index in 0..count {
        let region = numbers.below(REGIONS) as usize;
        let (region_at, region_name) = &regions[region];
        let (country_at, country_name) = &countries[region % COUNTRIES as usize];
        let (name, lat, lon) = (name(numbers), degrees(numbers, 90), degrees(numbers, 180));
        offsets.push(data.end());
        data.map(4);
        data.text("city");
        data.map(2);
        data.text("geoname_id");
        data.uint32(2_000_000 + index);
        data.text("names");
        names(&name, &["de", "en", "fr"], data);
        data.text("country");
        data.pointer(*country_at);
        data.text("location");
        data.map(4);
        data.text("accuracy_radius");
        data.uint16(20);
        for (key, value) in [("latitude", lat), ("longitude", lon)] {
            data.text(key);
            data.double(value);
        }
        data.text("time_zone");
        data.text("Etc/UTC");
        data.text("subdivisions");
        data.array(1);
        data.pointer(*region_at);
        members.push(format!(
            r#""country":"{country_name}","regionName":"{region_name}","city":"{name}","lat":{lat},"lon":{lon}"#
        ));
    }
    (offsets, members)
}

fn country(index: u32, numbers: &mut Numbers, data: &mut Data) -> (u32, String) {
    let (at, name) = (data.end(), name(numbers));
    let letter = |number: u32| char::from(b'A' + (number % 26) as u8);
    data.map(3);
    data.text("geoname_id");
    data.uint32(1_000_000 + index);
    data.text("iso_code");
    data.text(
        &[letter(index / 26), letter(index)]
            .iter()
            .collect::<String>(),
    );
    data.text("names");
    names(&name, &LANGUAGES, data);
    (at, name)
}

fn region(numbers: &mut Numbers, data: &mut Data) -> (u32, String) {
    let (at, name) = (data.end(), name(numbers));
    data.map(2);
    data.text("iso_code");
    data.text("XY");
    data.text("names");
    names(&name, &LANGUAGES, data);
    (at, name)
}

/// A name in each language; the English one is the name itself.
fn names(name: &str, languages: &[&str], data: &mut Data) {
    data.map(languages.len());
    for language in languages {
        data.text(language);
        if *language == "en" {
            data.text(name);
        } else {
            data.text(&format!("{name} {language}"));
        }
    }
}

fn name(numbers: &mut Numbers) -> String {
    let syllables = 3 + numbers.below(3);
    let mut name: String = (0..syllables)
        .map(|_| SYLLABLES[numbers.below(SYLLABLES.len() as u32) as usize])
        .collect();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

/// Four digits after the point, the last of which is never zero: every writer of numbers writes them alike.
fn degrees(numbers: &mut Numbers, limit: u32) -> f64 {
    let tenths = i64::from(numbers.below(limit * 2_000 - 2)) - i64::from(limit * 1_000 - 1);
    let last = i64::from(numbers.below(9) + 1);
    let digits = if tenths < 0 {
        tenths * 10 - last
    } else {
        tenths * 10 + last
    };
    digits as f64 / 10_000.0
}
