//! The way that comes to mind first: a value of any shape for each record, owned maps, the record of the
//! database decoded each time, a set of texts, and everything written anew.

use std::collections::HashSet;
use std::net::IpAddr;

use anyhow::Context as _;
use maxminddb::Reader;
use maxminddb::geoip2;
use serde_json::{Map, Value, json};

use super::{Out, Way};

/// Lines that are written at once.
const LINES: usize = 1_000;

/// The database and the list.
pub(crate) struct Dynamic<'a> {
    city: Reader<&'a [u8]>,
    listed: HashSet<String>,
}

impl<'a> Dynamic<'a> {
    /// With a database and a list of one entry a line.
    pub(crate) fn new(city: &'a [u8], list: &str) -> anyhow::Result<Self> {
        Ok(Self {
            city: Reader::from_source(city)?,
            listed: list.lines().map(str::to_owned).collect(),
        })
    }

    fn line(&self, line: &[u8], out: &mut Vec<u8>) -> anyhow::Result<()> {
        let mut record: Map<String, Value> = serde_json::from_slice(line)?;
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        let source = text("source_ip").context("no source_ip")?.to_owned();
        let high = matches!(
            text("severity").context("no severity")?,
            "high" | "critical"
        );
        let listed = self.listed.contains(&source);
        self.place(source.parse()?, &mut record)?;
        let threat = match (high, listed) {
            (true, true) => Some("High severity & malicious IP detected"),
            (true, false) => Some("High severity detected"),
            (false, true) => Some("Malicious IP detected"),
            (false, false) => None,
        };
        if let Some(threat) = threat {
            record.insert("threat_info".to_owned(), json!(threat));
        }
        serde_json::to_writer(&mut *out, &record)?;
        out.push(b'\n');
        Ok(())
    }

    fn place(&self, address: IpAddr, record: &mut Map<String, Value>) -> anyhow::Result<()> {
        let Some(found) = self.city.lookup(address)?.decode::<geoip2::City<'_>>()? else {
            return Ok(());
        };
        let region = found
            .subdivisions
            .first()
            .and_then(|first| first.names.english);
        for (name, value) in [
            ("country", json!(found.country.names.english)),
            ("regionName", json!(region)),
            ("city", json!(found.city.names.english)),
            ("lat", json!(found.location.latitude)),
            ("lon", json!(found.location.longitude)),
        ] {
            if !value.is_null() {
                record.insert(name.to_owned(), value);
            }
        }
        Ok(())
    }
}

impl Way for Dynamic<'_> {
    fn run(&mut self, lines: &[u8], out: Out<'_>) -> anyhow::Result<()> {
        let mut written = Vec::new();
        for (index, line) in (1..).zip(lines.split(|byte| *byte == b'\n')) {
            if !line.is_empty() {
                self.line(line, &mut written)?;
            }
            if index % LINES == 0 {
                out(&written);
                written.clear();
            }
        }
        out(&written);
        Ok(())
    }
}
