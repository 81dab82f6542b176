//! Lines for sinks and alerts: a record as received with our members before its closing brace. Nothing is
//! serialized anew, so that what a vendor sent stays as it was, digit by digit.

use cresset_model::city::CityField;
use cresset_model::text::Span;

use crate::decode::scan::Record;

#[cfg(test)]
mod tests;

/// The name of the threat test's member.
const THREAT_INFO: &str = "threat_info";
/// The names of a geography with cities, and that of the threat test.
const ADDED: [&str; 6] = [
    CityField::Country.as_str(),
    CityField::RegionName.as_str(),
    CityField::City.as_str(),
    CityField::Lat.as_str(),
    CityField::Lon.as_str(),
    THREAT_INFO,
];

/// Which names a pipeline adds. A record's own members of these names give way, whether or not there is
/// something to put in their place: a sender must not be able to pass for an enrichment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Names {
    /// Those of a geography with cities.
    pub(crate) city: bool,
    /// That of the threat test.
    pub(crate) threat: bool,
}

impl Names {
    /// Whether a pipeline adds anything.
    pub(crate) fn any(self) -> bool {
        self.city || self.threat
    }

    /// The names themselves.
    pub(crate) fn list(self) -> &'static [&'static str] {
        match (self.city, self.threat) {
            (true, true) => &ADDED,
            (true, false) => ADDED.split_last().map_or(&[], |(_, city)| city),
            (false, true) => &[THREAT_INFO],
            (false, false) => &[],
        }
    }
}

/// Where a record takes its additions. Spans lie in the bytes of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Splice {
    /// From the opening brace up to the closing one, which is left out.
    body: Span,
    /// When members of the record give way: those that stay, as first and number among all of the batch.
    stay: Option<(u32, u32)>,
    /// Whether no member is left.
    empty: bool,
    /// Whether line breaks lie between its tokens.
    line_breaks: bool,
}

impl Splice {
    /// Looks a record over, which begins at `base` in its batch and has just been read as an object, while
    /// `names` were watched. Members that stay are added to `stays`, if any give way.
    pub(crate) fn of(record: &Record<'_>, base: u32, names: Names, stays: &mut Vec<Span>) -> Self {
        let text = record.text.as_bytes();
        let open = text.iter().position(|byte| *byte == b'{').unwrap_or(0);
        let close = text.iter().rposition(|byte| *byte == b'}').unwrap_or(open);
        let body = shifted(open, close, base);
        let mut splice = Self {
            body,
            stay: None,
            empty: record.fields.is_empty(),
            line_breaks: record.traits.line_breaks,
        };
        if record.traits.watched {
            let first = stays.len();
            keep(record, (open, close), base, names, stays);
            let index = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            splice.stay = Some((index(first), index(stays.len() - first)));
            splice.empty = stays.len() == first;
        }
        splice
    }

    /// Writes the record with `additions`, members without braces and commas around them, and a line feed;
    /// names the line without it.
    pub(crate) fn write(
        &self,
        bytes: &[u8],
        stays: &[Span],
        additions: [&str; 2],
        out: &mut Vec<u8>,
    ) -> Span {
        let start = out.len();
        match self.stay {
            None => out.extend_from_slice(self.body.of(bytes)),
            Some((first, count)) => {
                let (first, count) = (first as usize, count as usize);
                out.push(b'{');
                let members = stays.get(first..first + count).unwrap_or_default();
                for (index, member) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(member.of(bytes));
                }
            }
        }
        if self.line_breaks {
            // Within strings there are none: they only stand where a blank may.
            for byte in out.get_mut(start..).unwrap_or_default() {
                if matches!(byte, b'\n' | b'\r') {
                    *byte = b' ';
                }
            }
        }
        let mut empty = self.empty;
        for addition in additions
            .into_iter()
            .filter(|addition| !addition.is_empty())
        {
            if !empty {
                out.push(b',');
            }
            empty = false;
            out.extend_from_slice(addition.as_bytes());
        }
        out.extend_from_slice(b"}\n");
        Span::between(start, out.len() - 1)
    }
}

/// The member that says a sentence of the threat test, which has nothing to escape.
pub(crate) fn write_threat(sentence: Option<&str>, out: &mut String) {
    out.clear();
    if let Some(sentence) = sentence {
        for part in ["\"", THREAT_INFO, "\":\"", sentence, "\""] {
            out.push_str(part);
        }
    }
}

/// Adds the members that stay, each with the blanks around it.
fn keep(
    record: &Record<'_>,
    (open, close): (usize, usize),
    base: u32,
    names: Names,
    stays: &mut Vec<Span>,
) {
    let text = record.text.as_bytes();
    let mut start = open + 1;
    for field in record.fields {
        let end = field.end();
        // Between a value and the next key there are only blanks and one comma.
        let gap = text.get(end..close).unwrap_or_default();
        let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let end = end + gap.iter().take_while(is_blank).count();
        let key = record.key(field);
        if !names.list().iter().any(|name| name.as_bytes() == key) {
            stays.push(shifted(start, end, base));
        }
        start = end + 1;
    }
}

fn shifted(start: usize, end: usize, base: u32) -> Span {
    let span = Span::between(start, end);
    Span {
        start: base + span.start,
        len: span.len,
    }
}
