use std::path::PathBuf;

use cresset_model::provenance::Marks;

use super::*;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata/mmdb")
        .join(name)
}

fn country(table: &GeoTable, address: &str) -> Option<String> {
    let (country, marks) = table.country(address.parse().unwrap());
    assert_eq!(country.is_some(), marks == Marks::GEO_FOUND, "{address}");
    country.map(|code| String::from_utf8(code.to_vec()).unwrap())
}

fn check(table: &GeoTable, address: &str, expected: Option<&str>) {
    assert_eq!(country(table, address).as_deref(), expected, "{address}");
}

#[test]
fn the_built_in_geography_knows_well_known_addresses() {
    let table = builtin("dst_ip");
    assert!(
        matches!(table.v4.starts, Cow::Borrowed(_)),
        "nothing is copied"
    );
    assert_eq!(table.v4.starts.len(), table.v4.countries.len());
    assert_eq!(table.v6.starts.len(), table.v6.countries.len());
    check(&table, "8.8.8.8", Some("US"));
    check(&table, "193.0.6.139", Some("NL"));
    check(&table, "2001:67c:2e8:22::c100:68b", Some("NL"));
    check(&table, "::ffff:8.8.8.8", Some("US"));
    check(&table, "192.168.0.1", None);
}

#[test]
fn the_built_in_geography_says_where_it_comes_from() {
    let info = builtin("dst_ip").info;
    assert_eq!(info.of, "dst_ip");
    assert_eq!(info.name, "builtin");
    assert_eq!(info.description, "IPFire location database, CC BY-SA 4.0");
    assert_eq!(info.built, "2026-09-23");
}

#[test]
fn country_and_city_databases_are_read() {
    for (name, database_type) in [
        ("GeoLite2-Country-Test.mmdb", "GeoLite2-Country, "),
        ("GeoLite2-City-Test.mmdb", "GeoLite2-City, "),
    ] {
        let path = testdata(name);
        let table = read_mmdb(&path, "src_ip").unwrap();
        check(&table, "81.2.69.142", Some("GB"));
        check(&table, "::ffff:81.2.69.142", Some("GB"));
        check(&table, "89.160.20.112", Some("SE"));
        check(&table, "2001:218::1", Some("JP"));
        check(&table, "9.9.9.9", None);
        assert_eq!(table.info.of, "src_ip");
        assert_eq!(table.info.name, path.display().to_string());
        assert!(
            table.info.description.starts_with(database_type),
            "{}",
            table.info.description
        );
        assert!(table.info.built.starts_with("20"), "{}", table.info.built);
    }
}

/// Every range must answer as the file itself does, at its first and its last address.
#[test]
fn ranges_agree_with_the_file_at_every_border() {
    let path = testdata("GeoLite2-City-Test.mmdb");
    let table = read_mmdb(&path, "src_ip").unwrap();
    let reader = Reader::from_source(std::fs::read(&path).unwrap()).unwrap();
    let asked = |address: IpAddr| {
        let record: Option<Record> = reader.lookup(address).unwrap().decode().unwrap();
        record.and_then(|record| record.country())
    };
    let mut borders: Vec<IpAddr> = Vec::new();
    for start in table.v4.starts.iter() {
        borders.extend([*start, start.wrapping_sub(1)].map(|at| IpAddr::V4(at.into())));
    }
    for start in table.v6.starts.iter().filter(|start| **start > 1 << 32) {
        borders.extend([*start, start - 1].map(|at| IpAddr::V6(at.into())));
    }
    assert!(borders.len() > 200, "{}", borders.len());
    for address in borders {
        // The file answers for 6to4, Teredo and mapped addresses through an alias; the table does not.
        if let (Some(code), _) = table.country(address) {
            assert_eq!(pack_country(code), asked(address), "{address}");
        }
    }
    assert!(table.v4.starts.is_sorted() && table.v6.starts.is_sorted());
    let merged =
        |countries: &[Option<NonZeroU16>]| countries.windows(2).all(|two| two[0] != two[1]);
    assert!(merged(&table.v4.countries) && merged(&table.v6.countries));
}

#[test]
fn broken_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(testdata("GeoLite2-Country-Test.mmdb")).unwrap();
    let written = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    for path in [
        testdata("GeoIP2-City-Test-Invalid-Node-Count.mmdb"),
        testdata("GeoIP2-City-Test-Broken-Double-Format.mmdb"),
        written("empty.mmdb", b""),
        written("text.mmdb", b"192.0.2.1,US"),
        written("cut.mmdb", &whole[..whole.len() / 2]),
        written("headless.mmdb", &whole[whole.len() / 2..]),
    ] {
        let error = read_mmdb(&path, "dst_ip").unwrap_err().to_string();
        let expected = format!("{} is not a valid MaxMind database", path.display());
        assert!(error.starts_with(&expected), "{error}");
    }
    let missing = folder.path().join("missing.mmdb");
    let error = read_mmdb(&missing, "dst_ip").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot read {}", missing.display())
    );
}

fn code_of(value: &serde_json::Value) -> Option<String> {
    let record: Record = serde_json::from_value(value.clone()).unwrap();
    let packed = record.country()?;
    Some(String::from_utf8(packed.get().to_le_bytes().to_vec()).unwrap())
}

#[test]
fn a_country_is_found_in_every_shape() {
    use serde_json::json;
    for (record, expected) in [
        (
            json!({"country": {"iso_code": "US", "geoname_id": 1}}),
            Some("US"),
        ),
        (json!({"country_code": "de", "continent": "EU"}), Some("DE")),
        (json!({"country": "FR"}), Some("FR")),
        (
            json!({"country": "Germany", "country_code": "DE"}),
            Some("DE"),
        ),
        (
            json!({"registered_country": {"iso_code": "NL"}}),
            Some("NL"),
        ),
        (
            json!({"registered_country": {"iso_code": "NL"}, "country": {"iso_code": "BE"}}),
            Some("BE"),
        ),
        (
            json!({"country": {"names": {"en": "x"}}, "country_code": 7}),
            None,
        ),
        (
            json!({"country": ["US"], "country_code": true, "registered_country": 1.5}),
            None,
        ),
        (json!({"country": "U1"}), None),
        (json!({"autonomous_system_number": 1}), None),
    ] {
        assert_eq!(code_of(&record).as_deref(), expected, "{record}");
    }
}

fn ranges(networks: &[(&str, u8, &str)]) -> Result<Vec<(u32, Option<String>)>, &'static str> {
    let mut builder = Builder::new(Cover::v4());
    for (base, prefix, code) in networks {
        let code: Option<[u8; 2]> = code.as_bytes().try_into().ok();
        builder.add(base.parse().unwrap(), *prefix, code.and_then(pack_country))?;
    }
    let ranges = builder.finish(|start| u32::try_from(start).unwrap());
    let codes = ranges
        .countries
        .iter()
        .map(|code| code.map(|code| String::from_utf8(code.get().to_le_bytes().to_vec()).unwrap()));
    Ok(ranges.starts.iter().copied().zip(codes).collect())
}

#[test]
fn neighbors_merge_and_gaps_have_no_country() {
    let us = Some("US".to_owned());
    assert_eq!(
        ranges(&[
            ("1.0.0.0", 25, "US"),
            ("1.0.0.128", 25, "US"),
            ("2.0.0.0", 8, "")
        ]),
        Ok(vec![
            (0, None),
            (0x0100_0000, us.clone()),
            (0x0100_0100, None)
        ])
    );
    assert_eq!(ranges(&[("0.0.0.0", 0, "US")]), Ok(vec![(0, us.clone())]));
    assert_eq!(
        ranges(&[("255.255.255.255", 32, "US")]),
        Ok(vec![(0, None), (u32::MAX, us)])
    );
    assert_eq!(
        ranges(&[("1.0.0.0", 24, "US"), ("1.0.0.128", 25, "DE")]),
        Err("its networks overlap")
    );
    assert_eq!(
        ranges(&[("0.0.0.0", 0, "US"), ("1.0.0.0", 25, "DE")]),
        Err("its networks overlap")
    );
}
