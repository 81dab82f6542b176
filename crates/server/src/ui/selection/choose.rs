//! Takes values of a field in and out, one at a time, whatever the query says about the field already.

use std::net::IpAddr;

use cresset_model::ip::Network;
use cresset_model::query::{Choice, FacetField, Field, Filter, Pattern, Range, Term, Test};
use cresset_model::{Severity, Timestamp};

use super::Selection;

impl Selection {
    /// The same with a value taken in, or out where it is in or excluded already. `None` stands for
    /// alerts without one.
    #[must_use]
    pub(crate) fn toggling(&self, field: FacetField, value: Option<&str>, now: Timestamp) -> Self {
        let mut terms = self.about(field);
        let choice = self.filter.choice(field, value);
        match (field, value) {
            (FacetField::Severity, Some(word)) => self.toggle_severity(&mut terms, word),
            (_, None) if choice == Choice::Included => terms.retain(|term| !asks_for_none(term)),
            (_, None) => {
                terms.retain(|term| term.negated && !asks_for_none(term));
                terms.push(present(field, true));
            }
            (_, Some(value)) => match choice {
                Choice::Included => take_out(&mut terms, field, value, false),
                Choice::Excluded => take_out(&mut terms, field, value, true),
                Choice::Open => {
                    terms.retain(|term| !asks_for_none(term));
                    take_in(&mut terms, field, value);
                }
            },
        }
        self.saying(field, &terms, now)
    }

    /// The same with a value excluded, or no longer where it was.
    #[must_use]
    pub(crate) fn excluding(&self, field: FacetField, value: Option<&str>, now: Timestamp) -> Self {
        let mut terms = self.about(field);
        let choice = self.filter.choice(field, value);
        let Some(value) = value else {
            terms.retain(|term| !matches!(term.test, Test::Present(_)));
            terms.push(present(field, false));
            return self.saying(field, &terms, now);
        };
        if choice == Choice::Excluded {
            take_out(&mut terms, field, value, true);
        } else {
            take_out(&mut terms, field, value, false);
            if let Some(test) = exactly(field, value) {
                terms.push(Term {
                    negated: true,
                    test,
                });
            }
        }
        self.saying(field, &terms, now)
    }

    /// The same with a value taken in, if nothing is said about it yet.
    #[must_use]
    pub(crate) fn adding(&self, field: FacetField, value: Option<&str>, now: Timestamp) -> Self {
        match self.filter.choice(field, value) {
            Choice::Included => self.clone(),
            Choice::Open | Choice::Excluded => self.toggling(field, value, now),
        }
    }

    /// The same without one of its parameters.
    #[must_use]
    pub(crate) fn without_pair(&self, index: usize) -> Self {
        let mut changed = self.clone();
        if index < changed.pairs.len() {
            changed.pairs.remove(index);
        }
        changed
    }

    fn about(&self, field: FacetField) -> Vec<Term> {
        let is_about = |term: &&Term| term.test.field() == Some(field.field());
        self.filter.terms.iter().filter(is_about).cloned().collect()
    }

    /// A list of severities says the same as any threshold, and each can be taken out of it.
    fn toggle_severity(&self, terms: &mut Vec<Term>, word: &str) {
        let Some(toggled) = Severity::from_word(word) else {
            return;
        };
        let was = self.filter.choice(FacetField::Severity, Some(word));
        let included = |severity: &Severity| {
            let choice = self
                .filter
                .choice(FacetField::Severity, Some(severity.as_str()));
            (choice == Choice::Included) != (*severity == toggled && was != Choice::Excluded)
        };
        let chosen: Vec<Range<Severity>> = Severity::ALL
            .into_iter()
            .rev()
            .filter(included)
            .map(Range::exactly)
            .collect();
        terms.retain(|term| term.negated && !names(term, FacetField::Severity, word));
        if !chosen.is_empty() {
            terms.push(Term {
                negated: false,
                test: Test::Severity(chosen),
            });
        }
    }

    /// The same with these terms about a field and no others.
    fn saying(&self, field: FacetField, terms: &[Term], now: Timestamp) -> Self {
        let mut changed = self.clone();
        let of_field = |name: &str| Field::named(name) == Some(field.field());
        changed.pairs.retain(|(name, _)| !of_field(name));
        let mut query = changed.value("q").to_owned();
        if let Ok(parsed) = Filter::parse(&query, now) {
            let others = parsed.without(field.field());
            // What needs no change keeps its wording: a relative time stays one.
            if others != parsed {
                query = others.to_string();
            }
        }
        for term in terms {
            let written = Filter {
                terms: vec![term.clone()],
            }
            .to_string();
            let (name, value) = written.split_once(':').unwrap_or((&written, ""));
            match (value.is_empty(), name.strip_prefix('-')) {
                (true, _) => query = [query.as_str(), &written].join(" "),
                (false, Some(name)) => changed.pairs.push((name.to_owned(), format!("-{value}"))),
                // A leading minus would negate.
                (false, None) if value.starts_with('-') => {
                    let quoted = format!("\"{value}\"");
                    changed.pairs.push((name.to_owned(), quoted));
                }
                (false, None) => changed.pairs.push((name.to_owned(), value.to_owned())),
            }
        }
        changed.with("q", query.trim())
    }
}

fn present(field: FacetField, negated: bool) -> Term {
    Term {
        negated,
        test: Test::Present(field.field()),
    }
}

fn asks_for_none(term: &Term) -> bool {
    term.negated && matches!(term.test, Test::Present(_))
}

/// Whether a term alone decides about a value.
fn names(term: &Term, field: FacetField, value: &str) -> bool {
    let alone = Filter {
        terms: vec![term.clone()],
    };
    alone.choice(field, Some(value)) != Choice::Open
}

fn exactly(field: FacetField, value: &str) -> Option<Test> {
    Some(match field.field() {
        Field::Severity => Test::Severity(vec![Range::exactly(Severity::from_word(value)?)]),
        Field::Text(text) => Test::Text(text, vec![Pattern::Exact(value.to_owned())]),
        Field::Address(address) => Test::Address(address, vec![Network::parse(value)?]),
        Field::Time(_) => return None,
    })
}

/// Adds a value to the alternatives that are asked for.
fn take_in(terms: &mut Vec<Term>, field: FacetField, value: &str) {
    let Some(test) = exactly(field, value) else {
        return;
    };
    for term in terms.iter_mut().filter(|term| !term.negated) {
        match (&mut term.test, &test) {
            (Test::Text(_, all), Test::Text(_, more)) => all.extend(more.iter().cloned()),
            (Test::Address(_, all), Test::Address(_, more)) => all.extend(more),
            _ => continue,
        }
        return;
    }
    terms.push(Term {
        negated: false,
        test,
    });
}

/// Removes a value from the alternatives, and a pattern or network that holds it.
fn take_out(terms: &mut Vec<Term>, field: FacetField, value: &str, negated: bool) {
    for term in terms.iter_mut().filter(|term| term.negated == negated) {
        match &mut term.test {
            Test::Text(text, all) => {
                let text = *text;
                all.retain(|one| !Test::text_holds(text, std::slice::from_ref(one), value));
            }
            Test::Address(_, all) => {
                let address: Option<IpAddr> = value.parse().ok();
                all.retain(|one| !address.is_some_and(|address| one.contains(address)));
            }
            _ => {}
        }
    }
    terms.retain(|term| match &term.test {
        Test::Text(_, all) => !all.is_empty(),
        Test::Address(_, all) => !all.is_empty(),
        Test::Severity(_) => term.negated != negated || !names(term, field, value),
        _ => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form;
    use crate::ui::visit::Visit;

    fn select(query: &str) -> Selection {
        let visit = Visit {
            pairs: form::pairs(query),
            ..Visit::default()
        };
        Selection::read(&visit, Timestamp::from_nanos(0))
    }

    fn check(query: &str, changed: &Selection, expected: &str) {
        let pairs: Vec<String> = changed
            .pairs()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(pairs.join("&"), expected, "{query}");
        // What was written reads back, so that the next link can build on it.
        assert!(select(&changed.query()).flaws.is_empty(), "{query}");
    }

    #[test]
    fn values_go_in_and_out() {
        let now = Timestamp::from_nanos(0);
        let toggle = |query: &str, field, value: Option<&str>, expected: &str| {
            check(query, &select(query).toggling(field, value, now), expected);
        };
        let country = FacetField::Country;
        toggle("", country, Some("RU"), "country=RU");
        toggle("country=RU", country, Some("CN"), "country=RU,CN");
        toggle("country=RU&country=CN", country, Some("RU"), "country=CN");
        toggle(
            "q=country:RU+ann",
            country,
            Some("CN"),
            "country=RU,CN&q=ann",
        );
        toggle("country=RU", country, Some("RU"), "");
        toggle("country=-RU", country, Some("RU"), "");
        toggle("country=RU", country, None, "q=-country:");
        toggle("q=-country:", country, None, "");
        toggle("q=-country:", country, Some("RU"), "country=RU");
        toggle(
            "user=a",
            FacetField::User,
            Some("-x, y"),
            "user=a,\"-x, y\"",
        );
        toggle("", FacetField::User, Some("-x"), "user=\"-x\"");
        toggle("src_ip=10.0.0.0/8", FacetField::SrcIp, Some("10.0.0.1"), "");
        toggle("", FacetField::DstIp, Some("10.0.0.1"), "dst_ip=10.0.0.1");
        let severity = FacetField::Severity;
        toggle("", severity, Some("high"), "severity=high");
        toggle("severity=high", severity, Some("low"), "severity=high,low");
        toggle("criticality=high", severity, Some("high"), "");
        toggle(
            "severity=>=high",
            severity,
            Some("high"),
            "severity=critical,unknown",
        );
        toggle(
            "q=from:-6h+severity:low",
            severity,
            Some("low"),
            "q=ingested_at:>=1969-12-31T18:00:00Z",
        );
        toggle(
            "q=ann+from:-6h",
            severity,
            Some("low"),
            "severity=low&q=ann from:-6h",
        );
    }

    #[test]
    fn values_are_excluded_and_let_in_again() {
        let now = Timestamp::from_nanos(0);
        let exclude = |query: &str, field, value: Option<&str>, expected: &str| {
            check(query, &select(query).excluding(field, value, now), expected);
        };
        let country = FacetField::Country;
        exclude("", country, Some("RU"), "country=-RU");
        exclude(
            "country=RU,CN",
            country,
            Some("RU"),
            "country=CN&country=-RU",
        );
        exclude(
            "country=-RU",
            country,
            Some("CN"),
            "country=-RU&country=-CN",
        );
        exclude("country=-RU", country, Some("RU"), "");
        exclude("", country, None, "q=country:");
        exclude(
            "severity=high",
            FacetField::Severity,
            Some("high"),
            "severity=-high",
        );
        exclude("severity=-high", FacetField::Severity, Some("high"), "");
        let added = select("country=RU").adding(country, Some("RU"), now);
        check("adding", &added, "country=RU");
    }
}
