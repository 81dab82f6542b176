use super::super::tests::{check_pipeline, loaded, pipeline_with};
use super::*;

fn read(adapter: &str, enrich: &str) -> Vec<EnrichConfig> {
    let text = pipeline_with(&format!(
        "source: {{ push: {{}} }}\nadapter: {adapter}\nenrich: [ {enrich} ]"
    ));
    loaded(&text, &[]).pipelines.remove(0).enrich
}

#[track_caller]
fn check_enrich(enrich: &str, expected: &[&str]) {
    check_pipeline(
        &format!("source: {{ push: {{}} }}\nadapter: nullify\nenrich: [ {enrich} ]"),
        expected,
    );
}

#[test]
fn the_adapter_decides_whose_place_is_added_and_how() {
    let geo = |of, fields| {
        EnrichConfig::Geo(GeoConfig {
            of,
            database: GeoDatabase::Builtin,
            fields,
        })
    };
    assert_eq!(
        read("nullify", "geo: {}"),
        [geo(AddressField::SrcIp, Some(CityField::ALL.to_vec()))]
    );
    assert_eq!(read("seed_a", "geo: {}"), [geo(AddressField::DstIp, None)]);
    let fields = vec![CityField::City, CityField::Country];
    assert_eq!(
        read("seed_a", "geo: { of: src_ip, fields: [ city, country ] }"),
        [geo(AddressField::SrcIp, Some(fields))]
    );
}

#[test]
fn what_an_enrichment_adds_is_asked_of_it() {
    let enrich = read("nullify", "geo_http: {}, user: { table: demo }");
    assert_eq!(enrich[0].geo_of(), Some(AddressField::SrcIp));
    assert_eq!(enrich[0].city_fields(), Some(&CityField::ALL[..]));
    assert_eq!(enrich[0].user_of(), None);
    assert_eq!(enrich[1].geo_of(), None);
    assert_eq!(enrich[1].city_fields(), None);
    assert_eq!(enrich[1].user_of(), Some(AddressField::SrcIp));
    assert_eq!(read("seed_a", "geo: {}")[0].city_fields(), None);
}

#[test]
fn fields_are_known_and_named_once() {
    check_enrich(
        "geo: { fields: [ country, region, city, city, Lat ] }",
        &[
            "6:41: unknown fields \"region\": did you mean \"regionName\"? valid values: country, regionName, city, lat, lon",
            "6:55: field \"city\" is named twice: remove one of them",
            "6:61: unknown fields \"Lat\": did you mean \"lat\"? valid values: country, regionName, city, lat, lon",
        ],
    );
    check_enrich(
        "geo: { fields: [] }",
        &["6:30: \"fields\" names none: name at least one, or remove the key"],
    );
    check_enrich(
        "geo: { fields: city }",
        &[
            "6:30: \"fields\" is a value, not a list: write [a, b] or one line for each item, with a dash",
        ],
    );
}

#[test]
fn a_table_stands_in_for_a_service_of_the_same_address() {
    check_enrich("geo: {}, geo_http: {}", &[]);
    check_enrich(
        "geo_http: {}, geo: { of: dst_ip }",
        &[
            "6:29: \"geo\" and \"geo_http\" look up two addresses: src_ip and dst_ip: give both the same of: the one stands in for the other",
        ],
    );
    check_enrich(
        "geo: { of: source_ip }",
        &["6:26: unknown of \"source_ip\": did you mean \"src_ip\"? valid values: src_ip, dst_ip"],
    );
}
