use std::net::IpAddr;

use cresset_model::alert::AlertRow;
use cresset_model::ip::Network;
use cresset_model::provenance::Marks;
use cresset_model::query::{AddressField, Field, Pattern, Range, Term, Test, TextField, TimeField};
use cresset_model::{AlertId, Severity, SourceId, Timestamp};
use proptest::prelude::*;

use super::*;

mod surveys;

const SOURCES: [&str; 4] = ["waf", "WAF", "edr", ""];
const COUNTRIES: [Option<&str>; 4] = [None, Some("RU"), Some("CN"), Some("")];
const USERS: [Option<&str>; 5] = [None, Some("ann"), Some("bob"), Some("bo*"), Some("")];
const THREATS: [Option<&str>; 3] = [None, Some("High severity detected"), Some("")];
const ADDRESSES: [&str; 6] = [
    "10.0.0.1",
    "10.0.0.2",
    "203.0.113.9",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "::1",
];

/// What a row is made of: small numbers that choose values.
type Seed = [u8; 9];

fn row(seq: Seq, ingested_at: i64, seed: Seed) -> AlertRow {
    let pick = |index: usize, len: usize| usize::from(seed[index]) % len;
    let address = |index| ADDRESSES[pick(index, ADDRESSES.len())].parse().unwrap();
    let has_dst = seed[5] % 16 < 12;
    AlertRow {
        seq,
        id: AlertId(u128::from(seq)),
        source_id: SourceId::new(["edge", "core"][pick(0, 2)]),
        source: SOURCES[pick(1, 4)].to_owned(),
        upstream_id: ["", "u-1"][pick(2, 2)].to_owned(),
        severity: Severity::from_code(seed[3] % 6),
        title: THREATS[pick(6, 3)].map(str::to_owned),
        description: ["", "beacon", "scan"][pick(2, 3)].to_owned(),
        src_ip: address(4),
        dst_ip: has_dst.then(|| address(5)),
        created_at: Timestamp::from_nanos(i64::from(seed[6] % 8)),
        ingested_at: Timestamp::from_nanos(ingested_at),
        updated_at: Timestamp::from_nanos(ingested_at.max(i64::from(seed[7] % 8))),
        country: COUNTRIES[pick(8, 4)].map(str::to_owned),
        user: USERS[pick(7, 5)].map(str::to_owned),
        revision: 1,
        marks: Marks::default(),
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// A commit of rows, each so many numbers after the one before it.
    Commit(Vec<(u8, Seed)>),
    /// A change of the row at this place.
    Change(usize, Seed),
    /// The oldest go.
    RemoveOldest(usize),
    /// Every row whose number and the mask have a bit in common stays.
    RemoveHoles(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let seed = any::<Seed>;
    let step = prop_oneof![
        4 => prop::collection::vec((any::<u8>(), seed()), 1..20).prop_map(Step::Commit),
        3 => (any::<usize>(), seed()).prop_map(|(at, seed)| Step::Change(at, seed)),
        1 => (0_usize..20).prop_map(Step::RemoveOldest),
        1 => any::<u8>().prop_map(Step::RemoveHoles),
    ];
    prop::collection::vec(step, 1..16)
}

/// The index beside a plain list of rows.
struct Pair {
    index: LiveIndex,
    rows: Vec<AlertRow>,
    next: Seq,
    ingested_at: i64,
}

impl Pair {
    fn new(chunk_rows: usize) -> Self {
        Self {
            index: LiveIndex::with_chunk_rows(0, chunk_rows),
            rows: Vec::new(),
            next: 1,
            ingested_at: 0,
        }
    }

    fn append(&mut self, gap: Seq, seed: Seed) {
        self.next += gap;
        let row = row(self.next, self.ingested_at, seed);
        self.index.append(&IndexRow::from(&row));
        self.rows.push(row);
    }

    fn remove(&mut self, goes: impl Fn(&AlertRow) -> bool) {
        let mut seqs: Vec<Seq> = self
            .rows
            .iter()
            .filter(|row| goes(row))
            .map(|r| r.seq)
            .collect();
        self.rows.retain(|row| !goes(row));
        // In any order, once more than needed, and with a number that never was.
        seqs.reverse();
        seqs.extend(seqs.first().copied());
        seqs.push(self.next + 1);
        self.index.remove(&seqs);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Commit(rows) => {
                self.ingested_at += i64::from(rows.len() % 2 == 0);
                for (gap, seed) in rows {
                    // Now and then a gap that 32 bits do not count.
                    let gap = if gap > 250 {
                        1 << 33
                    } else {
                        Seq::from(gap % 3) + 1
                    };
                    self.append(gap, seed);
                }
            }
            Step::Change(at, seed) if !self.rows.is_empty() => {
                let at = at % self.rows.len();
                let old = &mut self.rows[at];
                *old = row(old.seq, old.ingested_at.nanos(), seed);
                self.index.change(&IndexRow::from(&*old));
            }
            Step::Change(..) => {
                let gone = row(self.next, 0, Seed::default());
                self.index.change(&IndexRow::from(&gone));
            }
            Step::RemoveOldest(count) => {
                let seqs: Vec<Seq> = self.rows.iter().take(count).map(|row| row.seq).collect();
                self.remove(|row| seqs.contains(&row.seq));
            }
            Step::RemoveHoles(mask) => self.remove(|row| row.seq & Seq::from(mask) == 0),
        }
    }

    /// Compares a page and a count with what [`Filter::matches`] says of every row.
    fn check(&self, filter: &Filter, before: Option<Seq>, limit: usize) {
        let is_before = |seq: Seq| before.is_none_or(|before| seq < before);
        let expected: Vec<Seq> = self
            .rows
            .iter()
            .rev()
            .filter(|row| is_before(row.seq) && filter.matches(row))
            .map(|row| row.seq)
            .collect();
        let page = self.index.page(filter, before, limit);
        assert!(page.seqs.len() <= limit);
        assert!(page.seqs.is_sorted_by(|newer, older| newer > older));
        assert!(page.exhausted || page.seqs.len() == limit);
        let passed: Vec<Seq> = page
            .seqs
            .iter()
            .copied()
            .filter(|seq| {
                let at = self.rows.binary_search_by_key(seq, |row| row.seq).unwrap();
                is_before(*seq) && filter.matches(&self.rows[at])
            })
            .collect();
        if page.exact {
            assert_eq!(passed, page.seqs, "{filter}");
            assert_eq!(
                self.index.count(filter, before),
                Some(expected.len() as u64),
                "{filter}"
            );
        } else {
            assert_eq!(self.index.count(filter, before), None, "{filter}");
        }
        let reached =
            |seq: &Seq| page.exhausted || page.seqs.last().is_some_and(|last| seq >= last);
        let due: Vec<Seq> = expected.into_iter().filter(reached).collect();
        assert_eq!(passed, due, "{filter}");
        assert_eq!(self.index.rows(), self.rows.len());
    }
}

fn ranges<T: Copy + Ord + std::fmt::Debug>(
    value: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = Vec<Range<T>>> {
    let end = || prop::option::of(value.clone());
    let range = (end(), end()).prop_map(|(least, greatest)| Range { least, greatest });
    prop::collection::vec(range, 1..3)
}

fn tests() -> impl Strategy<Value = Test> {
    let pattern = prop::sample::select(vec![
        Pattern::Exact("waf".to_owned()),
        Pattern::Exact("RU".to_owned()),
        Pattern::Exact("bo*".to_owned()),
        Pattern::Exact(String::new()),
        Pattern::Exact("edge".to_owned()),
        Pattern::Exact("nobody".to_owned()),
        Pattern::Exact("High severity detected".to_owned()),
        Pattern::Wildcard("b*".to_owned()),
        Pattern::Wildcard("?D*".to_owned()),
        Pattern::Wildcard("*".to_owned()),
    ]);
    let network = prop::sample::select(vec![
        "10.0.0.0/30",
        "10.0.0.1",
        "0.0.0.0/0",
        "::ffff:0:0/96",
        "2001:db8::/32",
        "::/0",
        "192.0.2.0/24",
    ]);
    let network = network.prop_map(|text| Network::parse(text).unwrap());
    let field = prop::sample::select(Field::NAMES.map(|(_, field)| field).to_vec());
    let text = field.clone().prop_map(|field| match field {
        Field::Text(text) => text,
        _ => TextField::User,
    });
    let address = prop::sample::select(vec![AddressField::SrcIp, AddressField::DstIp]);
    let time = prop::sample::select(vec![
        TimeField::CreatedAt,
        TimeField::IngestedAt,
        TimeField::UpdatedAt,
    ]);
    prop_oneof![
        ranges((0_u8..6).prop_map(Severity::from_code)).prop_map(Test::Severity),
        (text, prop::collection::vec(pattern, 1..4))
            .prop_map(|(field, all)| Test::Text(field, all)),
        (address, prop::collection::vec(network, 1..3))
            .prop_map(|(field, all)| Test::Address(field, all)),
        (time, ranges((0_i64..8).prop_map(Timestamp::from_nanos)))
            .prop_map(|(field, all)| Test::Time(field, all)),
        field.prop_map(Test::Present),
        prop::sample::select(vec!["beacon", "ann", "10.0"]).prop_map(|w| Test::Word(w.to_owned())),
    ]
}

fn filters() -> impl Strategy<Value = Filter> {
    let term = (any::<bool>(), tests()).prop_map(|(negated, test)| Term { negated, test });
    prop::collection::vec(term, 0..4).prop_map(|terms| Filter { terms })
}

proptest! {
    #[test]
    fn pages_and_counts_are_what_the_filter_says(
        steps in steps(),
        queries in prop::collection::vec((filters(), any::<Option<u8>>(), 0_usize..12), 1..8),
        chunk_rows in prop::sample::select(vec![1, 2, 7, 64]),
    ) {
        let mut pair = Pair::new(chunk_rows);
        for step in steps {
            pair.take(step);
            for (filter, before, limit) in &queries {
                pair.check(filter, before.map(Seq::from), *limit);
                pair.check(filter, None, 1_000);
            }
        }
    }
}

/// A generator of seeds that is the same each time.
fn seeds() -> impl Iterator<Item = Seed> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let low = state.to_le_bytes();
        [
            low[0],
            low[1],
            low[2],
            low[3],
            low[4],
            low[5],
            low[6],
            low[7],
            low[0] ^ low[5],
        ]
    })
}

fn filled(rows: usize) -> Pair {
    let mut pair = Pair::new(CHUNK_ROWS);
    for (count, seed) in seeds().take(rows).enumerate() {
        pair.ingested_at = i64::try_from(count / 500).unwrap();
        pair.append(1, seed);
    }
    pair
}

fn parse(query: &str) -> Filter {
    Filter::parse(query, Timestamp::from_nanos(0)).unwrap()
}

#[test]
fn many_chunks_and_blocks_answer_as_one_row_would() {
    let mut pair = filled(2 * CHUNK_ROWS + 2_000);
    let queries = [
        "",
        "severity:>=high country:RU user:ann",
        "-src_ip:10.0.0.0/8 -dst_ip:::/0",
        "created_at:<=1970-01-01T00:00:00.000000003Z",
        "from:1970-01-01T00:00:00.000000050Z updated_at:..1970-01-01T00:00:00.000000060Z",
        "user:nobody",
        "-user:nobody source:waf",
        "dst_ip: country:RU",
        "-dst_ip: severity:>=low",
    ];
    let check = |pair: &Pair| {
        for query in queries {
            for before in [None, Some(20_000)] {
                pair.check(&parse(query), before, 1_500);
                pair.check(&parse(query), before, 50);
            }
        }
    };
    check(&pair);
    pair.remove(|row| row.seq < 5_000 || row.seq % 3 == 0);
    check(&pair);
    pair.remove(|row| row.seq % 64 != 1);
    check(&pair);
    assert_eq!(pair.index.chunks.len(), 1, "small neighbors are joined");
    pair.remove(|_| true);
    check(&pair);
    assert!(pair.index.chunks.is_empty());
}

#[test]
fn a_row_takes_at_most_32_bytes() {
    let pair = filled(CHUNK_ROWS);
    assert!(
        pair.index.bytes() / CHUNK_ROWS <= 32,
        "{}",
        pair.index.bytes()
    );
}

#[test]
fn a_page_reaches_the_end_or_says_that_it_has_not() {
    let pair = filled(10);
    let page = |limit, before| pair.index.page(&Filter::default(), before, limit);
    assert_eq!(page(3, None).seqs, [11, 10, 9]);
    assert!(!page(3, None).exhausted);
    assert_eq!(page(3, Some(4)).seqs, [3, 2]);
    assert!(page(3, Some(4)).exhausted);
    assert!(page(2, Some(4)).exhausted, "the oldest row is on the page");
    assert!(!page(0, None).exhausted);
    assert!(page(5, Some(2)).exhausted);
}

#[test]
fn undecidable_terms_leave_candidates() {
    let pair = filled(100);
    let all = pair.index.page(&parse("severity:high"), None, 100);
    for query in [
        "severity:high beacon",
        "severity:high -beacon",
        "severity:high id:x",
        "severity:high -upstream_id:",
        "severity:high description:b*",
    ] {
        let page = pair.index.page(&parse(query), None, 100);
        assert_eq!(
            (page.seqs, page.exact),
            (all.seqs.clone(), false),
            "{query}"
        );
        assert_eq!(pair.index.count(&parse(query), None), None);
    }
    let nothing = pair.index.page(&parse("beacon user:nobody"), None, 100);
    assert!(nothing.exact && nothing.exhausted && nothing.seqs.is_empty());
}

#[test]
fn a_row_that_is_there_is_replaced_and_one_that_is_late_is_left_out() {
    let mut index = LiveIndex::new(1 << 20);
    for seq in [2, 4] {
        index.append(&IndexRow::from(&row(seq, 5, [0; 9])));
    }
    index.append(&IndexRow::from(&row(3, 5, [0; 9])));
    index.change(&IndexRow::from(&row(5, 5, [0; 9])));
    index.append(&IndexRow::from(&row(2, 5, [3; 9])));
    assert_eq!(index.rows(), 2);
    assert_eq!(index.page(&parse("severity:medium"), None, 9).seqs, [2]);
}

fn with_user(seq: Seq, user: &str) -> AlertRow {
    AlertRow {
        user: Some(user.to_owned()),
        src_ip: IpAddr::from(u128::from(seq).to_be_bytes()),
        ..row(seq, 0, [0; 9])
    }
}

#[test]
fn values_that_senders_choose_count_and_are_forgotten() {
    let mut index = LiveIndex::new(1 << 20);
    let mut seq = 0;
    while !index.is_over_budget() {
        seq += 1;
        index.append(&IndexRow::from(&with_user(seq, &format!("{seq:0>400}"))));
    }
    assert!(
        (1_500..2_500).contains(&seq),
        "{seq} users of 400 letters fill a mebibyte"
    );
    let gone: Vec<Seq> = (1..seq - 10).collect();
    index.remove(&gone);
    assert!(index.bytes() < 1 << 14, "{}", index.bytes());
    assert!(!index.is_over_budget());
    assert_eq!(index.dictionaries.users.entries().count(), 11);
    assert_eq!(index.dictionaries.v6.entries().count(), 11);
    for left in seq - 10..=seq {
        let query = format!("user:*{left} src_ip:{}", with_user(left, "").src_ip);
        assert_eq!(index.page(&parse(&query), None, 9).seqs, [left]);
    }
}

#[test]
fn changes_do_not_fill_the_dictionaries() {
    let mut index = LiveIndex::new(1 << 20);
    index.append(&IndexRow::from(&with_user(1, "first")));
    for count in 0..10 * SWEEP_ROWS_MIN {
        index.change(&IndexRow::from(&with_user(1, &format!("user {count}"))));
    }
    assert!(index.dictionaries.users.entries().count() <= SWEEP_ROWS_MIN + 1);
    let last = format!("user:\"user {}\"", 10 * SWEEP_ROWS_MIN - 1);
    assert_eq!(index.count(&parse(&last), None), Some(1));
}

#[test]
fn a_full_dictionary_leaves_candidates_and_no_wrong_answer() {
    let mut index = LiveIndex::new(1 << 30);
    let places = u64::from(u16::MAX) - 1;
    for seq in 1..=places {
        append_one(&mut index, seq, &format!("source {seq}"));
    }
    assert_eq!(index.count(&parse("source:\"SOURCE 7\""), None), Some(1));
    append_one(&mut index, places + 1, "source 7");
    append_one(&mut index, places + 2, "one too many");
    for query in ["source:\"source 7\"", "-source:\"*e ?*\"", "source:nobody"] {
        let page = index.page(&parse(query), None, 1);
        assert!(!page.exact && page.seqs == [places + 2], "{query}");
        assert_eq!(index.count(&parse(query), None), None);
    }
    let known = index.page(&parse("source:\"source 7\""), None, 9);
    assert_eq!(known.seqs, [places + 2, places + 1, 7]);

    index.remove(&(1..places).collect::<Vec<_>>());
    assert_eq!(index.rows(), 3);
    assert_eq!(
        index.page(&parse("source:\"source 7\""), None, 9).seqs,
        [places + 2, places + 1]
    );
    index.remove(&[places + 2]);
    for seq in places + 3..places + 2_000 {
        append_one(&mut index, seq, "last");
    }
    index.remove(&(places + 3..places + 1_999).collect::<Vec<_>>());
    assert_eq!(index.count(&parse("source:\"source 7\""), None), Some(1));
}

fn append_one(index: &mut LiveIndex, seq: Seq, source: &str) {
    let row = AlertRow {
        source: source.to_owned(),
        ..row(seq, 0, [0; 9])
    };
    index.append(&IndexRow::from(&row));
}
