use super::super::enrich::EnrichConfig;
use super::super::tests::{check_pipeline, loaded, pipeline_with};
use super::*;

fn keys(geo_http: &str) -> String {
    format!("source: {{ push: {{}} }}\nadapter: nullify\nenrich: [ geo_http: {{ {geo_http} }} ]")
}

fn read(geo_http: &str) -> GeoHttpConfig {
    let enrich = loaded(&pipeline_with(&keys(geo_http)), &[])
        .pipelines
        .remove(0)
        .enrich
        .remove(0);
    match enrich {
        EnrichConfig::GeoHttp(config) => *config,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_key_has_a_default() {
    assert_eq!(
        read(""),
        GeoHttpConfig {
            of: AddressField::SrcIp,
            url: HttpUrl::parse("http://ip-api.com").unwrap(),
            batch: true,
            cache_age_max: Duration::from_hours(24),
            cache_bytes_max: 16 << 20,
            timeout: Duration::from_secs(2),
            allow_private: None,
        }
    );
}

#[test]
fn every_key_is_read() {
    assert_eq!(
        read(
            "of: dst_ip, url: http://127.0.0.1:1/geo, batch: false, cache: 1s, cache_size: 64KiB, timeout: 100ms, allow_private: 127.0.0.1:1"
        ),
        GeoHttpConfig {
            of: AddressField::DstIp,
            url: HttpUrl::parse("http://127.0.0.1:1/geo").unwrap(),
            batch: false,
            cache_age_max: Duration::from_secs(1),
            cache_bytes_max: 64 << 10,
            timeout: Duration::from_millis(100),
            allow_private: HostPort::parse("127.0.0.1:1"),
        }
    );
}

#[test]
fn faulty_values_are_named() {
    check_pipeline(
        &keys("cache: 31d, cache_size: 1KiB, timeout: 31s, batch: yes"),
        &[
            "6:34: \"cache\" is out of range: 31d: from 1s to 30d are allowed",
            "6:51: \"cache_size\" is out of range: 1KiB: from 64KiB to 4GiB are allowed",
            "6:66: \"timeout\" is out of range: 31s: from 100ms to 30s are allowed",
            "6:78: \"batch\" is not true or false: \"yes\": write true or false",
        ],
    );
    check_pipeline(
        &keys("url: ip-api.com, token: x"),
        &[
            "6:32: \"url\" does not begin with http:// or https://: \"ip-api.com\": write an address such as https://alerts.example.com/v1/alerts",
            "6:44: unknown key \"token\": valid keys here: of, url, batch, cache, cache_size, timeout, allow_private",
        ],
    );
    check_pipeline(
        &keys("url: http://10.0.0.1/"),
        &[
            "6:32: \"url\" leads to the private address 10.0.0.1:80: if that is meant, add allow_private: 10.0.0.1:80",
        ],
    );
    check_pipeline(
        &keys("url: 'http://ip-api.com/?key=hunter2'"),
        &[
            "6:32: \"url\" holds a query: write the address of the service only, such as http://ip-api.com",
        ],
    );
}
