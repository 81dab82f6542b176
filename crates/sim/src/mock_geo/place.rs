//! Where addresses lie: a few cities, dealt out by the networks of addresses.

use std::net::{IpAddr, Ipv6Addr};

use cresset_model::ip;
use serde_json::{Map, Value, json};

/// A city of the mock's world.
struct City {
    country: &'static str,
    country_code: &'static str,
    region: &'static str,
    region_name: &'static str,
    name: &'static str,
    lat: f64,
    lon: f64,
    timezone: &'static str,
}

const fn city(
    country: (&'static str, &'static str),
    region: (&'static str, &'static str),
    name: &'static str,
    place: (f64, f64),
    timezone: &'static str,
) -> City {
    City {
        country: country.1,
        country_code: country.0,
        region: region.0,
        region_name: region.1,
        name,
        lat: place.0,
        lon: place.1,
        timezone,
    }
}

const US: (&str, &str) = ("US", "United States");

const CITIES: [City; 12] = [
    city(
        ("CA", "Canada"),
        ("QC", "Quebec"),
        "Montreal",
        (45.6085, -73.5493),
        "America/Toronto",
    ),
    city(
        US,
        ("VA", "Virginia"),
        "Ashburn",
        (39.03, -77.5),
        "America/New_York",
    ),
    city(
        US,
        ("CA", "California"),
        "San Jose",
        (37.3382, -121.8863),
        "America/Los_Angeles",
    ),
    city(
        ("BR", "Brazil"),
        ("SP", "São Paulo"),
        "São Paulo",
        (-23.5505, -46.6333),
        "America/Sao_Paulo",
    ),
    city(
        ("GB", "United Kingdom"),
        ("ENG", "England"),
        "London",
        (51.5074, -0.127_758),
        "Europe/London",
    ),
    city(
        ("DE", "Germany"),
        ("HE", "Hesse"),
        "Frankfurt am Main",
        (50.1109, 8.682_13),
        "Europe/Berlin",
    ),
    city(
        ("NL", "Netherlands"),
        ("NH", "North Holland"),
        "Amsterdam",
        (52.3676, 4.904_14),
        "Europe/Amsterdam",
    ),
    city(
        ("PL", "Poland"),
        ("MZ", "Mazovia"),
        "Warsaw",
        (52.2297, 21.0122),
        "Europe/Warsaw",
    ),
    city(
        ("IN", "India"),
        ("MH", "Maharashtra"),
        "Mumbai",
        (19.076, 72.8777),
        "Asia/Kolkata",
    ),
    city(
        ("SG", "Singapore"),
        ("01", "Central Singapore"),
        "Singapore",
        (1.352_08, 103.82),
        "Asia/Singapore",
    ),
    city(
        ("JP", "Japan"),
        ("13", "Tokyo"),
        "Tokyo",
        (35.6895, 139.692),
        "Asia/Tokyo",
    ),
    city(
        ("AU", "Australia"),
        ("NSW", "New South Wales"),
        "Sydney",
        (-33.8688, 151.209),
        "Australia/Sydney",
    ),
];

/// The fields of an answer in the service's order.
const FIELDS: [&str; 11] = [
    "query",
    "status",
    "message",
    "country",
    "countryCode",
    "region",
    "regionName",
    "city",
    "lat",
    "lon",
    "timezone",
];

/// What the service says of an address, reduced to the comma-separated `fields`, if there are any.
pub(super) fn answer(query: &str, fields: Option<&str>) -> Value {
    let mut answer = Map::new();
    let whole = describe(query);
    for field in FIELDS {
        let wanted = fields.is_none_or(|fields| fields.split(',').any(|one| one == field));
        if let Some(value) = whole.get(field).filter(|_| wanted) {
            answer.insert(field.to_owned(), value.clone());
        }
    }
    Value::Object(answer)
}

fn describe(query: &str) -> Value {
    let fail = |message: &str| json!({"query": query, "status": "fail", "message": message});
    let Ok(address) = query.parse::<IpAddr>() else {
        return fail("invalid query");
    };
    if !ip::is_public(address) {
        return fail(if is_private(address) {
            "private range"
        } else {
            "reserved range"
        });
    }
    let city = &CITIES[dealt(address)];
    json!({
        "query": query,
        "status": "success",
        "country": city.country,
        "countryCode": city.country_code,
        "region": city.region,
        "regionName": city.region_name,
        "city": city.name,
        "lat": city.lat,
        "lon": city.lon,
        "timezone": city.timezone,
    })
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private(),
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

/// The addresses of one /24, or one /48, lie in one city.
fn dealt(address: IpAddr) -> usize {
    let network = match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4) >> 8),
        IpAddr::V6(v6) => u128::from(Ipv6Addr::from_bits(v6.to_bits() >> 80)),
    };
    let low = u64::try_from(network & u128::from(u64::MAX)).unwrap_or(0);
    let mixed = low.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let count = CITIES.len() as u64;
    usize::try_from(mixed % count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_lies_where_its_neighbors_lie_and_all_cities_are_dealt_out() {
        assert_eq!(
            answer("8.8.8.8", None)["city"],
            answer("8.8.8.9", None)["city"]
        );
        let dealt: std::collections::BTreeSet<usize> = (0..200)
            .map(|third| dealt(IpAddr::V4([8, 8, third, 8].into())))
            .collect();
        assert_eq!(dealt.len(), CITIES.len());
        assert_eq!(answer("2600::1", None)["status"], "success");
    }

    #[test]
    fn fields_are_chosen_in_the_order_of_the_service() {
        let chosen = answer("8.8.8.8", Some("lat,status,nonsense"));
        let keys: Vec<&String> = chosen.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["status", "lat"]);
    }

    #[test]
    fn what_lies_nowhere_is_said_so() {
        for (query, message) in [
            ("10.0.0.1", "private range"),
            ("fd00::1", "private range"),
            ("127.0.0.1", "reserved range"),
            ("192.0.2.1", "reserved range"),
            ("example", "invalid query"),
        ] {
            let expected = json!({"query": query, "status": "fail", "message": message});
            assert_eq!(answer(query, None), expected);
        }
    }
}
