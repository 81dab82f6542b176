//! Reading back: single alerts, pages, filters.

use cresset_model::alert::{AlertRow, Seq, StoredMatch};
use cresset_model::ports::{PageRequest, Query, Upsert};
use cresset_model::query::{
    AddressField, Field, Filter, Pattern, Range, Term, Test, TextField, TimeField,
};
use cresset_model::{Severity, SourceId};

use super::{Batch, Opened, T0, at, record, run};

pub(super) fn page(before: Option<Seq>, limit: usize) -> PageRequest {
    PageRequest {
        before,
        limit,
        total: true,
    }
}

/// All rows that match, by pages of three.
pub(super) async fn all(query: &dyn Query, filter: &Filter) -> Vec<AlertRow> {
    let (mut rows, mut before) = (Vec::new(), None);
    loop {
        let answer = query.alerts(filter.clone(), page(before, 3)).await.unwrap();
        assert!(answer.items.len() <= 3);
        rows.extend(answer.items);
        before = answer.next;
        if before.is_none() {
            return rows;
        }
    }
}

/// To break it: leave a column out of the insert, or swap two.
pub(crate) fn read_back(open: &dyn Fn() -> Opened) {
    // The first has neither country nor user, the second has both.
    for id in ["a-1", "a-2"] {
        read_one_back(&open(), id);
    }
}

fn read_one_back(opened: &Opened, id: &str) {
    run(async {
        let batch = Batch::new("s", 1).alert(id, "first \u{fffd} \"quoted\"");
        let receipt = opened.store.commit(batch.commit()).await.unwrap();
        assert_eq!(receipt.upserts, [Upsert::New]);
        assert_eq!(receipt.head, 1);
        assert_eq!(opened.store.head(), 1);
        let found = opened.query.alert(record("s", id)).await.unwrap();
        let detail = found.expect("the alert was committed");
        let number: u32 = id.bytes().map(u32::from).sum();
        let row = AlertRow {
            seq: detail.row.seq,
            id: record("s", id),
            source_id: SourceId::new("s"),
            source: "waf".to_owned(),
            upstream_id: id.to_owned(),
            severity: Severity::from_code((number % 6) as u8),
            description: "first \u{fffd} \"quoted\"".to_owned(),
            src_ip: super::batches::private_address(number),
            title: None,
            dst_ip: "::ffff:1.2.3.4".parse().ok(),
            created_at: T0.minus(std::time::Duration::from_secs(1)),
            ingested_at: T0,
            updated_at: T0,
            country: number.is_multiple_of(2).then(|| "CH".to_owned()),
            user: number.is_multiple_of(3).then(|| "ada".to_owned()),
            revision: 1,
            marks: cresset_model::provenance::Marks::GEO_FOUND,
        };
        assert_eq!(detail.row, row);
        let start = format!(r#"{{"id":"{id}""#);
        assert!(detail.raw.starts_with(start.as_bytes()));
        assert_eq!(detail.context, super::batches::context());
        assert!(detail.revisions.is_empty() && detail.matches.is_empty());
        assert_eq!(detail.enriched, None);
        assert_eq!(opened.query.alert(record("t", id)).await.unwrap(), None);
        assert_eq!(opened.query.facts().await.unwrap().alerts, 1);
    });
}

/// To break it: leave the matches of an older content, or those of an alert that is gone.
pub(crate) fn detections(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        let batch = Batch::new("s", 1)
            .alert("a", "one")
            .detected("High severity detected", "high")
            .alert("b", "plain")
            .alert("c", "one")
            .detected("Malicious IP detected", "203.0.113.9");
        opened.store.commit(batch.commit()).await.unwrap();
        let detail = |id: &'static str| async {
            let found = opened.query.alert(record("s", id)).await.unwrap();
            found.expect("the alert was committed")
        };
        let found = detail("c").await;
        assert_eq!(found.row.title.as_deref(), Some("Malicious IP detected"));
        assert_eq!(found.row.dst_ip, None);
        let enriched = br#"{"threat_info":"Malicious IP detected"}"#;
        assert_eq!(found.enriched.as_deref(), Some(enriched.as_slice()));
        assert_eq!(found.matches, expected("203.0.113.9"));
        assert_eq!(detail("b").await.matches, []);
        // What fired on the former content says nothing about the present one.
        let batch = Batch::new("s", 2)
            .alert("a", "two")
            .detected("Malicious IP detected", "other")
            .alert("c", "two");
        opened.store.commit(batch.commit()).await.unwrap();
        assert_eq!(detail("a").await.matches, expected("other"));
        let found = detail("c").await;
        assert_eq!((found.matches.len(), found.enriched), (0, None));
        assert_eq!((found.row.title, found.row.dst_ip.is_some()), (None, true));
    });
}

/// What [`Batch::detected`] makes.
pub(super) fn expected(value: &str) -> Vec<StoredMatch> {
    let rule = |rule: &str, field: &str| StoredMatch {
        rule: rule.to_owned(),
        field: field.to_owned(),
        value: value.to_owned(),
        list: None,
        entry: None,
        origin: None,
    };
    let by_list = StoredMatch {
        list: Some("bad".to_owned()),
        entry: Some("203.0.113.0/24".to_owned()),
        origin: Some("bad.txt".to_owned()),
        ..rule("threat.list", "source_ip")
    };
    vec![rule("threat.severity", "severity"), by_list]
}

/// To break it: order by `created_at`, or give `next` on the last page.
pub(crate) fn pages(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        for fetch in 1..=4 {
            let mut batch = Batch::new("s", fetch).at(at(fetch));
            for number in 0..3 {
                batch = batch.alert(&format!("a-{fetch}-{number}"), "x");
            }
            opened.store.commit(batch.commit()).await.unwrap();
        }
        let rows = all(opened.query.as_ref(), &Filter::default()).await;
        assert_eq!(rows.len(), 12);
        assert!(rows.is_sorted_by(|newer, older| newer.seq > older.seq));
        assert_eq!(rows.first().unwrap().upstream_id, "a-4-2");
        let exact = opened
            .query
            .alerts(Filter::default(), page(None, 12))
            .await
            .unwrap();
        assert_eq!((exact.items.len(), exact.next), (12, None));
        assert_eq!(
            exact.total.map(|total| (total.value, total.exact)),
            Some((12, true))
        );
        let none = opened
            .query
            .alerts(Filter::default(), page(None, 0))
            .await
            .unwrap();
        assert_eq!((none.items.len(), none.next), (0, None));
    });
}

/// To break it: answer any one of these terms in another way than `Filter::matches` does.
pub(crate) fn filters(open: &dyn Fn() -> Opened) {
    let opened = open();
    run(async {
        for fetch in 1..=6 {
            let mut batch = Batch::new(if fetch % 2 == 0 { "even" } else { "odd" }, fetch);
            for number in 0..7 {
                let id = format!("id-{}", fetch * 10 + number);
                let text = if number % 2 == 0 {
                    "login failed"
                } else {
                    "SQL injection"
                };
                batch = batch.alert(&id, text);
                if number == 3 {
                    batch = batch.detected("High severity detected", "high");
                }
            }
            opened
                .store
                .commit(batch.at(at(fetch * 60)).commit())
                .await
                .unwrap();
        }
        let everything = all(opened.query.as_ref(), &Filter::default()).await;
        assert_eq!(everything.len(), 42);
        for filter in some_filters() {
            let expected: Vec<_> = everything
                .iter()
                .filter(|row| filter.matches(row))
                .collect();
            let found = all(opened.query.as_ref(), &filter).await;
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?}");
            let answer = opened
                .query
                .alerts(filter.clone(), page(None, 1))
                .await
                .unwrap();
            let total = answer.total.expect("a total was asked for");
            assert_eq!(
                (total.value, total.exact),
                (expected.len() as u64, true),
                "{filter:?}"
            );
        }
    });
}

pub(super) fn some_filters() -> Vec<Filter> {
    let exact = |text: &str| Pattern::Exact(text.to_owned());
    let wild = |text: &str| Pattern::Wildcard(text.to_owned());
    let text = |field, patterns: Vec<Pattern>| Test::Text(field, patterns);
    let tests = vec![
        Test::Severity(vec![Range {
            least: Some(Severity::High),
            greatest: None,
        }]),
        Test::Severity(vec![Range::exactly(Severity::Low)]),
        text(TextField::Source, vec![exact("WAF")]),
        text(TextField::Source, vec![exact("edr")]),
        text(TextField::Pipeline, vec![exact("odd")]),
        text(TextField::Country, vec![exact("CH"), exact("DE")]),
        text(TextField::User, vec![wild("a?a")]),
        text(TextField::UpstreamId, vec![wild("id-1*")]),
        text(TextField::Description, vec![wild("*inject*")]),
        text(
            TextField::Id,
            vec![exact(&record("odd", "id-10").to_string().to_lowercase())],
        ),
        Test::Address(
            AddressField::DstIp,
            vec![cresset_model::ip::Network::parse("1.2.3.0/24").unwrap()],
        ),
        Test::Time(
            TimeField::IngestedAt,
            vec![Range {
                least: Some(at(120)),
                greatest: Some(at(240)),
            }],
        ),
        Test::Present(Field::Text(TextField::User)),
        Test::Present(Field::Severity),
        Test::Present(Field::Address(AddressField::DstIp)),
        Test::Word("HIGH SEVERITY".to_owned()),
        Test::Word("LOGIN".to_owned()),
        Test::Word("10.0.".to_owned()),
    ];
    let mut filters: Vec<Filter> = Vec::new();
    for test in &tests {
        for negated in [false, true] {
            let term = Term {
                negated,
                test: test.clone(),
            };
            filters.push(Filter { terms: vec![term] });
        }
    }
    for pair in tests.windows(2) {
        let both = Filter::default().and(pair[0].clone()).and(pair[1].clone());
        filters.push(both);
    }
    filters
}
