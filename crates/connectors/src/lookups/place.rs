//! The shapes in which databases describe a place.
//!
//! Nested, as `MaxMind` and DB-IP do: `country.iso_code`, `country.names.en`, `subdivisions[0].names.en`,
//! `city.names.en`, `location.latitude`. Flat, as `IPinfo` and others do: `country` as a code or a name,
//! `country_code`, `country_name`, `region`, `city`, `lat` and `lon` as numbers or text.

use std::fmt;

use cresset_model::city::Location;
use cresset_model::country::english_name;
use cresset_model::tables::CountryCode;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Bytes of a name; a longer one is left out.
pub(super) const NAME_BYTES_MAX: usize = 256;

/// A record in any of the shapes. Where a database says the same twice, the more telling key wins.
#[derive(Debug, Default)]
pub(super) struct PlaceRecord<'a> {
    country: Value<'a>,
    country_code: Value<'a>,
    country_name: Value<'a>,
    registered_country: Value<'a>,
    /// `regionName` or `region_name`.
    region_name: Value<'a>,
    /// `subdivisions`, `stateprov`, `state1` or `state`.
    subdivision: Value<'a>,
    /// Some databases keep a code here.
    region: Value<'a>,
    city: Value<'a>,
    location: Value<'a>,
    latitude: Value<'a>,
    longitude: Value<'a>,
}

impl PlaceRecord<'_> {
    pub(super) fn location(&self) -> Location {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let country_code = [self.country, self.country_code, self.registered_country]
            .iter()
            .find_map(Value::country_code);
        let country = [self.country_name, self.country, self.registered_country]
            .iter()
            .filter_map(Value::name)
            // Two letters are a code, in whatever key they stand.
            .find(|name| name.len() > 2)
            .or_else(|| country_code.and_then(english_name));
        let region = [self.region_name, self.subdivision, self.region]
            .iter()
            .find_map(Value::name);
        Location {
            country_code,
            country: owned(country),
            region_name: owned(region),
            city: owned(self.city.name()),
            lat: self.latitude.number().or(self.location.latitude),
            lon: self.longitude.number().or(self.location.longitude),
        }
    }
}

/// Any value, as far as a place can be read from it: text, a number, or a map with `iso_code`, `names`,
/// `latitude` and `longitude`. Of a list the first element counts.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Value<'a> {
    text: Option<&'a str>,
    number: Option<f64>,
    code: Option<&'a str>,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

impl<'a> Value<'a> {
    fn name(&self) -> Option<&'a str> {
        let name = self.text?.trim();
        // A dash stands for the unknown in some databases.
        (!name.is_empty() && name != "-" && name.len() <= NAME_BYTES_MAX).then_some(name)
    }

    fn country_code(&self) -> Option<CountryCode> {
        let code: CountryCode = self.code.or(self.text)?.trim().as_bytes().try_into().ok()?;
        code.iter()
            .all(u8::is_ascii_alphabetic)
            .then(|| code.map(|letter| letter.to_ascii_uppercase()))
    }

    fn number(&self) -> Option<f64> {
        let written = || self.text?.trim().parse().ok();
        self.number
            .or_else(written)
            .filter(|number| number.is_finite())
    }
}

impl<'de> Deserialize<'de> for PlaceRecord<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = PlaceRecord<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map that describes a place")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut record = PlaceRecord::default();
        while let Some(key) = map.next_key::<&'de str>()? {
            let value = match key {
                "country" => &mut record.country,
                "country_code" | "countryCode" => &mut record.country_code,
                "country_name" | "countryName" => &mut record.country_name,
                "registered_country" => &mut record.registered_country,
                "regionName" | "region_name" => &mut record.region_name,
                "subdivisions" | "stateprov" | "state1" | "state" => &mut record.subdivision,
                "region" => &mut record.region,
                "city" | "city_name" => &mut record.city,
                "location" => &mut record.location,
                "latitude" | "lat" => &mut record.latitude,
                "longitude" | "lon" | "lng" => &mut record.longitude,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *value = map.next_value()?;
        }
        Ok(record)
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of a place")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value {
            text: Some(text),
            ..Value::default()
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut value = Value::default();
        while let Some(key) = map.next_key::<&'de str>()? {
            match key {
                "iso_code" => value.code = map.next_value::<Self::Value>()?.text,
                // `en` stands inside `names`.
                "names" | "en" => value.text = map.next_value::<Self::Value>()?.text,
                "name" => {
                    let name = map.next_value::<Self::Value>()?.text;
                    value.text = value.text.or(name);
                }
                "latitude" => value.latitude = map.next_value::<Self::Value>()?.number(),
                "longitude" => value.longitude = map.next_value::<Self::Value>()?.number(),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let first = seq.next_element()?.unwrap_or_default();
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first)
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Value {
            number: Some(number),
            ..Value::default()
        })
    }

    fn visit_f32<E>(self, number: f32) -> Result<Self::Value, E> {
        // By way of its shortest digits, so that 50.1 stays 50.1.
        Ok(Value {
            number: number.to_string().parse().ok(),
            ..Value::default()
        })
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        let number = i32::try_from(number).ok().map(f64::from);
        Ok(Value {
            number,
            ..Value::default()
        })
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        let number = u32::try_from(number).ok().map(f64::from);
        Ok(Value {
            number,
            ..Value::default()
        })
    }

    fn visit_u128<E>(self, _: u128) -> Result<Self::Value, E> {
        Ok(Value::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Value::default())
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Self::Value, E> {
        Ok(Value::default())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ALL: [cresset_model::city::CityField; 5] = cresset_model::city::CityField::ALL;

    fn check(record: &serde_json::Value, code: Option<&str>, members: &str) {
        let text = record.to_string();
        let parsed: PlaceRecord<'_> = serde_json::from_str(&text).unwrap();
        let fragment = parsed.location().render(&ALL);
        let found = fragment
            .country_code
            .map(|code| String::from_utf8(code.to_vec()).unwrap());
        assert_eq!(found.as_deref(), code, "{record}");
        assert_eq!(fragment.members, members, "{record}");
    }

    #[test]
    fn nested_records_are_read() {
        check(
            &json!({
                "continent": {"names": {"en": "Europe"}},
                "country": {"iso_code": "DE", "names": {"de": "Deutschland", "en": "Germany"}},
                "registered_country": {"iso_code": "US", "names": {"en": "United States"}},
                "subdivisions": [{"iso_code": "HE", "names": {"en": "Hesse"}}, {"names": {"en": "x"}}],
                "city": {"geoname_id": 1, "names": {"en": "Frankfurt", "fr": "Francfort"}},
                "location": {"latitude": 50.1, "longitude": 8.6, "time_zone": "Europe/Berlin"},
            }),
            Some("DE"),
            r#""country":"Germany","regionName":"Hesse","city":"Frankfurt","lat":50.1,"lon":8.6"#,
        );
        check(
            &json!({"registered_country": {"iso_code": "NL", "names": {"de": "Niederlande"}}}),
            Some("NL"),
            r#""country":"Netherlands""#,
        );
        check(
            &json!({"country": {"iso_code": "US", "name": "USA"}, "subdivisions": []}),
            Some("US"),
            r#""country":"USA""#,
        );
    }

    #[test]
    fn flat_records_are_read() {
        check(
            &json!({
                "country": "US", "country_name": "United States", "region": "California",
                "city": "Fremont", "lat": "37.5", "lng": "-122",
            }),
            Some("US"),
            r#""country":"United States","regionName":"California","city":"Fremont","lat":37.5,"lon":-122"#,
        );
        check(
            &json!({
                "region": "CA", "regionName": "California", "country": "United States",
                "countryCode": "us", "latitude": 37, "longitude": -122.5,
            }),
            Some("US"),
            r#""country":"United States","regionName":"California","lat":37,"lon":-122.5"#,
        );
        check(
            &json!({"country_code": "FR", "stateprov": " Bretagne ", "city": "-"}),
            Some("FR"),
            r#""country":"France","regionName":"Bretagne""#,
        );
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        check(
            &json!({
                "country": ["DE"], "country_code": true, "city": {"names": 7}, "region": null,
                "latitude": "north", "lon": "inf", "location": {"latitude": 1e9},
            }),
            Some("DE"),
            r#""country":"Germany""#,
        );
        check(
            &json!({"country": "U1", "autonomous_system_number": 1}),
            None,
            "",
        );
        check(&json!({"city": "c".repeat(NAME_BYTES_MAX + 1)}), None, "");
        let longest = "c".repeat(NAME_BYTES_MAX);
        check(
            &json!({"city": longest}),
            None,
            &format!("\"city\":\"{longest}\""),
        );
    }
}
