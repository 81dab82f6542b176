//! One alert of the mock, and its two written forms.

use std::net::Ipv4Addr;

use cresset_model::Timestamp;
use cresset_model::ip;

use crate::rng::Rng;

/// The vendor formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `id`, `severity` ...
    Standard,
    /// `alertId`, `criticality` ...
    Legacy,
}

const STANDARD: [&str; 5] = ["firewall", "ngfw", "ips", "vpn_gateway", "router_acl"];
const LEGACY: [&str; 5] = ["waf", "swg", "nac", "api_gateway", "load_balancer"];
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];
/// The highest criticality.
pub(super) const LEVEL_MAX: u8 = 4;

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alert {
    pub(super) id: String,
    pub(super) format: Format,
    pub(super) source: &'static str,
    /// 1 low to 4 critical.
    pub(super) level: u8,
    pub(super) src: Ipv4Addr,
    pub(super) dst: Ipv4Addr,
    pub(super) created_at: Timestamp,
}

impl Alert {
    /// An alert of either format.
    pub(super) fn new(id: String, created_at: Timestamp, rng: &mut Rng) -> Self {
        let format = if rng.between(0, 1) == 0 {
            Format::Standard
        } else {
            Format::Legacy
        };
        Self::of_format(format, id, created_at, rng)
    }

    pub(super) fn of_format(
        format: Format,
        id: String,
        created_at: Timestamp,
        rng: &mut Rng,
    ) -> Self {
        let source = match format {
            Format::Standard => rng.pick(&STANDARD),
            Format::Legacy => rng.pick(&LEGACY),
        };
        Self {
            id,
            format,
            source,
            level: rng.byte(1, LEVEL_MAX),
            src: Ipv4Addr::new(192, 168, rng.byte(0, 255), rng.byte(1, 255)),
            dst: public_address(rng),
            // The written form has microseconds.
            created_at: Timestamp::from_nanos(created_at.nanos().div_euclid(1_000) * 1_000),
        }
    }

    pub(super) fn severity(&self) -> &'static str {
        SEVERITIES[usize::from(self.level.clamp(1, LEVEL_MAX)) - 1]
    }

    pub(super) fn text(&self) -> String {
        let source = self.source.to_ascii_uppercase();
        match self.format {
            Format::Standard => format!(
                "Standard security event from Source.{source} with Severity.{} severity.",
                self.severity().to_ascii_uppercase()
            ),
            Format::Legacy => {
                format!(
                    "Legacy event from Source.{source} with criticality {}.",
                    self.level
                )
            }
        }
    }

    /// The alert as it is sent.
    pub(super) fn json(&self) -> String {
        let Self {
            id,
            source,
            level,
            src,
            dst,
            ..
        } = self;
        let (text, at) = (self.text(), self.created_at.to_offset());
        match self.format {
            Format::Standard => format!(
                "{{\"id\":\"{id}\",\"source\":\"{source}\",\"severity\":\"{}\",\
                 \"description\":\"{text}\",\"src_ip\":\"{src}\",\"dst_ip\":\"{dst}\",\
                 \"created_at\":\"{at}\"}}",
                self.severity()
            ),
            Format::Legacy => format!(
                "{{\"alertId\":\"{id}\",\"source\":\"{source}\",\"criticality\":{level},\
                 \"summary\":\"{text}\",\"sourceAddress\":\"{src}\",\
                 \"destinationAddress\":\"{dst}\",\"timestamp\":\"{at}\"}}"
            ),
        }
    }

    /// The alert as a judge compares it: the same keys for both formats.
    pub(super) fn truth(&self) -> String {
        let format = match self.format {
            Format::Standard => "standard",
            Format::Legacy => "legacy",
        };
        format!(
            "{{\"source\":\"{}\",\"id\":\"{}\",\"format\":\"{format}\",\"severity\":\"{}\",\
             \"description\":\"{}\",\"src_ip\":\"{}\",\"dst_ip\":\"{}\",\"created_at\":\"{}\"}}\n",
            self.source,
            self.id,
            self.severity(),
            self.text(),
            self.src,
            self.dst,
            self.created_at.to_offset()
        )
    }
}

/// An address of the recorded range that belongs to the public internet.
fn public_address(rng: &mut Rng) -> Ipv4Addr {
    loop {
        let (first, last) = (
            rng.byte(50, 150),
            [rng.byte(0, 255), rng.byte(0, 255), rng.byte(1, 255)],
        );
        let address = Ipv4Addr::new(first, last[0], last[1], last[2]);
        if ip::is_public(address.into()) {
            return address;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(format: Format, source: &'static str, level: u8, at: &str) -> Alert {
        Alert {
            id: "alert-1795425969-0".to_owned(),
            format,
            source,
            level,
            src: Ipv4Addr::new(192, 168, 162, 248),
            dst: Ipv4Addr::new(132, 66, 34, 65),
            created_at: Timestamp::parse(at).unwrap(),
        }
    }

    #[test]
    fn both_formats_are_written_as_recorded() {
        let at = "2026-11-23T09:26:09.618262Z";
        assert_eq!(
            alert(Format::Legacy, "swg", 1, at).json(),
            r#"{"alertId":"alert-1795425969-0","source":"swg","criticality":1,"summary":"Legacy event from Source.SWG with criticality 1.","sourceAddress":"192.168.162.248","destinationAddress":"132.66.34.65","timestamp":"2026-11-23T09:26:09.618262+00:00"}"#
        );
        assert_eq!(
            alert(Format::Standard, "router_acl", 3, at).json(),
            r#"{"id":"alert-1795425969-0","source":"router_acl","severity":"high","description":"Standard security event from Source.ROUTER_ACL with Severity.HIGH severity.","src_ip":"192.168.162.248","dst_ip":"132.66.34.65","created_at":"2026-11-23T09:26:09.618262+00:00"}"#
        );
    }

    #[test]
    fn the_truth_has_the_same_keys_for_both_formats() {
        let at = "2026-11-23T09:26:09Z";
        assert_eq!(
            alert(Format::Legacy, "swg", 4, at).truth(),
            "{\"source\":\"swg\",\"id\":\"alert-1795425969-0\",\"format\":\"legacy\",\
             \"severity\":\"critical\",\
             \"description\":\"Legacy event from Source.SWG with criticality 4.\",\
             \"src_ip\":\"192.168.162.248\",\"dst_ip\":\"132.66.34.65\",\
             \"created_at\":\"2026-11-23T09:26:09+00:00\"}\n"
        );
    }

    #[test]
    fn alerts_come_from_inside_and_go_to_public_addresses() {
        let mut rng = Rng::of(1, 1);
        let now = Timestamp::parse("2026-11-23T09:26:09.123456789Z").unwrap();
        for index in 0..2_000 {
            let alert = Alert::new(format!("alert-1-{index}"), now, &mut rng);
            assert!(
                alert.src.is_private() && ip::is_public(alert.dst.into()),
                "{alert:?}"
            );
            assert!((50..=150).contains(&alert.dst.octets()[0]));
            assert_eq!(
                alert.created_at.to_exact(),
                "2026-11-23T09:26:09.123456+00:00"
            );
        }
    }
}
