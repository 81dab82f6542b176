use proptest::prelude::*;

use super::*;

fn place(name: &str) -> GeoFragment {
    GeoFragment {
        country_code: None,
        members: name.to_owned(),
    }
}

fn table(ranges: &[(u32, &str)]) -> CityTable {
    let mut builder = CityTable::builder();
    for (start, name) in ranges {
        let fragment = builder.fragment(&place(name));
        assert!(builder.v4(*start, fragment), "{start}");
    }
    builder.finish(TableInfo::default())
}

fn members<'a>(table: &'a CityTable, address: &str) -> Option<&'a str> {
    Some(table.place(address.parse().unwrap())?.members)
}

fn check(location: &Location, fields: &[CityField], expected: &str) {
    assert_eq!(location.render(fields).members, expected);
}

#[test]
fn a_location_is_rendered_in_the_order_of_the_fields() {
    let frankfurt = Location {
        country_code: Some(*b"DE"),
        country: Some("Germany".to_owned()),
        region_name: Some("Hesse".to_owned()),
        city: Some("Frankfurt".to_owned()),
        lat: Some(50.1),
        lon: Some(8.6),
    };
    let expected =
        r#""country":"Germany","regionName":"Hesse","city":"Frankfurt","lat":50.1,"lon":8.6"#;
    check(&frankfurt, &CityField::ALL, expected);
    check(
        &frankfurt,
        &[CityField::Lon, CityField::Country],
        r#""lon":8.6,"country":"Germany""#,
    );
    check(&frankfurt, &[], "");
    assert_eq!(frankfurt.render(&[]).country_code, Some(*b"DE"));
}

#[test]
fn what_is_unknown_empty_or_outside_the_globe_is_left_out() {
    let mut odd = Location {
        city: Some(String::new()),
        lat: Some(-90.0),
        lon: Some(180.0),
        ..Location::default()
    };
    check(&odd, &CityField::ALL, r#""lat":-90,"lon":180"#);
    (odd.lat, odd.lon) = (Some(90.000_1), Some(f64::NAN));
    check(&odd, &CityField::ALL, "");
    (odd.lat, odd.lon) = (Some(-0.0), Some(f64::NEG_INFINITY));
    check(&odd, &CityField::ALL, r#""lat":0"#);
}

#[test]
fn numbers_are_written_in_their_shortest_digits() {
    for (lat, expected) in [
        (51.508_7, "51.5087"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e-7, "0.0000001"),
        (37.0, "37"),
    ] {
        let location = Location {
            lat: Some(lat),
            ..Location::default()
        };
        check(&location, &[CityField::Lat], &format!("\"lat\":{expected}"));
    }
}

#[test]
fn text_is_escaped() {
    let location = Location {
        city: Some("\"Q\\\n\u{1}\u{7f}Žilina".to_owned()),
        ..Location::default()
    };
    check(
        &location,
        &CityField::ALL,
        r#""city":"\"Q\\\u000a\u0001\u007fŽilina""#,
    );
}

#[test]
fn every_field_is_found_by_its_name() {
    for field in CityField::ALL {
        assert_eq!(CityField::from_name(field.as_str()), Some(field));
    }
    assert_eq!(CityField::from_name("region"), None);
}

#[test]
fn equal_fragments_are_kept_once_and_equal_neighbors_merge() {
    let table = table(&[
        (0x0100_0000, "a"),
        (0x0100_0100, "a"),
        (0x0100_0200, "b"),
        (0x0100_0300, ""),
        (0x0800_0000, "a"),
    ]);
    assert_eq!((table.fragments(), table.ranges()), (2, 4));
    assert_eq!(members(&table, "1.0.1.255"), Some("a"));
    assert_eq!(members(&table, "1.0.2.0"), Some("b"));
    assert_eq!(members(&table, "1.0.3.0"), None);
    assert_eq!(members(&table, "223.255.255.255"), Some("a"));
    assert_eq!(members(&table, "::ffff:1.0.2.7"), Some("b"));
    assert_eq!(members(&table, "0.255.255.255"), None);
    assert_eq!(members(&table, "10.0.0.1"), None, "private");
    assert_eq!(members(&CityTable::default(), "1.0.0.1"), None);
    assert!(
        table.size_bytes() >= 4 << JUMP_BITS,
        "{}",
        table.size_bytes()
    );
}

#[test]
fn a_code_without_members_is_a_place_too() {
    let mut builder = CityTable::builder();
    let code = |code: Option<CountryCode>| GeoFragment {
        country_code: code,
        members: String::new(),
    };
    assert_eq!(builder.fragment(&code(None)), FragmentNumber::NOWHERE);
    let us = builder.fragment(&code(Some(*b"US")));
    assert_ne!(us, FragmentNumber::NOWHERE);
    assert_ne!(us, builder.fragment(&code(Some(*b"CA"))));
    assert_eq!(us, builder.fragment(&code(Some(*b"US"))));
    assert_eq!(builder.fragments(), 2);
}

#[test]
fn a_place_of_any_length_is_read_back_and_one_beyond_all_is_nowhere() {
    for length in [1, 127, 128, 16_383, 16_384, MEMBERS_BYTES_MAX - 1] {
        let name = "x".repeat(length);
        let table = table(&[(0x0100_0000, &name), (0x0200_0000, "after")]);
        assert_eq!(members(&table, "1.0.0.1"), Some(name.as_str()), "{length}");
        assert_eq!(members(&table, "2.0.0.1"), Some("after"));
    }
    let mut builder = CityTable::builder();
    let long = place(&"x".repeat(MEMBERS_BYTES_MAX));
    assert_eq!(builder.fragment(&long), FragmentNumber::NOWHERE);
}

#[test]
fn starts_must_ascend() {
    let mut builder = CityTable::builder();
    let a = builder.fragment(&place("a"));
    assert!(builder.v6(5, a));
    assert!(!builder.v6(5, FragmentNumber::NOWHERE));
    assert!(!builder.v6(4, a));
    assert!(builder.v4(4, a));
    assert!(!builder.v4(4, a));
}

#[test]
fn version_6_addresses_are_found() {
    let mut builder = CityTable::builder();
    let a = builder.fragment(&place("a"));
    assert!(builder.v6(0x2600_0000 << 96, a));
    assert!(builder.v6(0x2601_0000 << 96, FragmentNumber::NOWHERE));
    let table = builder.finish(TableInfo::default());
    assert_eq!(members(&table, "2600:ffff::1"), Some("a"));
    assert_eq!(members(&table, "2601::"), None);
    assert_eq!(members(&table, "25ff::"), None);
}

proptest! {
    #[test]
    fn the_jump_finds_what_a_plain_search_finds(
        starts in prop::collection::btree_set(any::<u32>(), 0..200),
        asked in prop::collection::vec(any::<u32>(), 50),
    ) {
        let starts: Vec<u32> = starts.into_iter().collect();
        let names: Vec<String> = (0..starts.len()).map(|index| format!("f{index}")).collect();
        let ranges: Vec<(u32, &str)> =
            starts.iter().copied().zip(names.iter().map(String::as_str)).collect();
        let table = table(&ranges);
        let near = starts.iter().flat_map(|at| [*at, at.wrapping_sub(1), at.wrapping_add(1)]);
        for address in asked.iter().copied().chain(near) {
            let after = starts.partition_point(|start| *start <= address);
            let expected = after.checked_sub(1).and_then(|index| names.get(index));
            let found = table.read(table.search(table.near(address).unwrap()));
            let found = found.map(|place| place.members);
            prop_assert_eq!(found, expected.map(String::as_str), "{}", address);
        }
    }

    #[test]
    fn many_at_once_lie_where_each_lies(
        starts in prop::collection::btree_set(any::<u32>(), 0..50),
        asked in prop::collection::vec(prop::option::of(any::<[u8; 16]>()), 50),
    ) {
        let ranges: Vec<(u32, &str)> = starts.into_iter().map(|start| (start, "here")).collect();
        let table = table(&ranges);
        // Half of them are of each family.
        let address = |bytes: [u8; 16]| match bytes {
            [0..=127, a, b, c, d, ..] => IpAddr::from([a, b, c, d]),
            bytes => IpAddr::from(bytes),
        };
        let asked: Vec<Option<IpAddr>> = asked.into_iter().map(|asked| asked.map(address)).collect();
        let mut scratch = PlacesScratch::default();
        for _ in 0..2 {
            let found = table.places(asked.iter().copied(), &mut scratch);
            let one: Vec<_> = asked.iter().map(|asked| table.place((*asked)?)).collect();
            prop_assert_eq!(found, one);
        }
    }
}
