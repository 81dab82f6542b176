use std::path::PathBuf;

use cresset_model::city::CityField;

use super::super::table_file::TableFile;
use super::*;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata/mmdb")
        .join(name)
}

fn members<'a>(table: &'a CityTable, address: &str) -> Option<&'a str> {
    let fragment = table.place(address.parse().unwrap())?;
    Some(fragment.members)
}

#[test]
fn a_city_database_is_read() {
    let path = testdata("GeoLite2-City-Test.mmdb");
    let table = read_city(&path, "src_ip", &CityField::ALL).unwrap();
    let linkoping = r#""country":"Sweden","regionName":"Östergötland County","city":"Linköping","lat":58.4167,"lon":15.6167"#;
    assert_eq!(members(&table, "89.160.20.112"), Some(linkoping));
    assert_eq!(members(&table, "::ffff:89.160.20.127"), Some(linkoping));
    assert_eq!(
        members(&table, "81.2.69.142"),
        Some(
            r#""country":"United Kingdom","regionName":"England","city":"London","lat":51.5142,"lon":-0.0931"#
        )
    );
    assert_eq!(
        members(&table, "2001:218::1"),
        Some(r#""country":"Japan","lat":35.68536,"lon":139.75309"#)
    );
    assert_eq!(members(&table, "9.9.9.9"), None);
    let found = table.place("89.160.20.112".parse().unwrap()).unwrap();
    assert_eq!(found.country_code, Some(*b"SE"));
    assert_eq!(table.info.of, "src_ip");
    assert_eq!(table.info.name, path.display().to_string());
    assert!(
        table.info.description.starts_with("GeoLite2-City, "),
        "{}",
        table.info.description
    );
    assert!(table.info.built.starts_with("20"), "{}", table.info.built);
}

#[test]
fn only_the_fields_asked_for_are_rendered_and_a_country_database_will_do() {
    let fields = [CityField::Lon, CityField::Country, CityField::City];
    let table = read_city(&testdata("GeoLite2-City-Test.mmdb"), "src_ip", &fields).unwrap();
    assert_eq!(
        members(&table, "81.2.69.142"),
        Some(r#""lon":-0.0931,"country":"United Kingdom","city":"London""#)
    );
    let path = testdata("GeoLite2-Country-Test.mmdb");
    let table = read_city(&path, "src_ip", &CityField::ALL).unwrap();
    assert_eq!(
        members(&table, "81.2.69.142"),
        Some(r#""country":"United Kingdom""#)
    );
}

/// Every range must answer as the file itself does, at its first and its last address.
#[test]
fn ranges_agree_with_the_file_on_a_walk_over_its_networks() {
    let path = testdata("GeoLite2-City-Test.mmdb");
    let table = read_city(&path, "src_ip", &CityField::ALL).unwrap();
    let reader = Reader::from_source(std::fs::read(&path).unwrap()).unwrap();
    let mut asked = 0;
    for network in reader.networks(WithinOptions::default()).unwrap() {
        let found = network.unwrap();
        let record: Option<PlaceRecord<'_>> = found.decode().unwrap();
        let expected = record.unwrap().location().render(&CityField::ALL);
        let network = found.network().unwrap();
        for address in [network.ip(), last_of(network.ip(), network.prefix())] {
            if cresset_model::ip::is_public(address) && !expected.members.is_empty() {
                assert_eq!(table.place(address), Some(expected.place()), "{address}");
                asked += 1;
            }
        }
    }
    assert!(asked > 200, "{asked}");
    assert!(table.fragments() < table.ranges());
}

fn last_of(base: IpAddr, prefix: u8) -> IpAddr {
    let ones = |width: u32| {
        u128::MAX
            .checked_shr(128 - (width - u32::from(prefix)))
            .unwrap_or(0)
    };
    match base {
        IpAddr::V4(v4) => IpAddr::V4((u32::from(v4) | u32::try_from(ones(32)).unwrap()).into()),
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) | ones(128)).into()),
    }
}

#[test]
fn the_built_in_geography_names_countries_in_english() {
    let table = builtin_city("source_ip", &CityField::ALL);
    assert_eq!(
        members(&table, "8.8.8.8"),
        Some(r#""country":"United States""#)
    );
    assert_eq!(
        members(&table, "193.0.6.139"),
        Some(r#""country":"Netherlands""#)
    );
    assert_eq!(
        members(&table, "2001:67c:2e8:22::c100:68b"),
        Some(r#""country":"Netherlands""#)
    );
    assert_eq!(members(&table, "192.0.2.1"), None);
    assert_eq!(
        (table.info.of.as_str(), table.info.name.as_str()),
        ("source_ip", "builtin")
    );
    let geo = builtin("source_ip");
    for start in geo.v4.starts.iter().step_by(997) {
        let address = IpAddr::V4((*start).into());
        let found = table.place(address).and_then(|found| found.country_code);
        assert_eq!(found, geo.country(address).0, "{address}");
    }
}

#[test]
fn without_a_field_the_code_is_still_known() {
    let table = builtin_city("source_ip", &[CityField::Lat]);
    let found = table.place("8.8.8.8".parse().unwrap()).unwrap();
    assert_eq!((found.members, found.country_code), ("", Some(*b"US")));
}

#[test]
fn broken_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(testdata("GeoLite2-City-Test.mmdb")).unwrap();
    let cut = folder.path().join("cut.mmdb");
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    for path in [
        testdata("GeoIP2-City-Test-Invalid-Node-Count.mmdb"),
        testdata("GeoIP2-City-Test-Broken-Double-Format.mmdb"),
        cut,
    ] {
        let error = read_city(&path, "src_ip", &CityField::ALL).unwrap_err();
        let expected = format!("{} is not a valid MaxMind database", path.display());
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}

#[test]
fn a_changed_database_is_read_again_with_its_fields() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city.mmdb");
    std::fs::copy(testdata("GeoLite2-Country-Test.mmdb"), &path).unwrap();
    let fields = vec![CityField::City];
    let mut file = TableFile::new(&path, "src_ip", move |path: &Path, of: &str| {
        read_city(path, of, &fields)
    });
    let table = file.reload_if_changed().unwrap().unwrap();
    assert_eq!(members(&table, "81.2.69.142"), Some(""));
    std::fs::copy(testdata("GeoLite2-City-Test.mmdb"), &path).unwrap();
    let table = file.reload_if_changed().unwrap().unwrap();
    assert_eq!(members(&table, "81.2.69.142"), Some(r#""city":"London""#));
    assert!(file.reload_if_changed().unwrap().is_none());
}
