use proptest::prelude::*;

use super::*;
use crate::indicator::parse_entry;

fn list(entries: &[&str]) -> IndicatorList {
    let mut builder = IndicatorList::builder("bad", TableInfo::default());
    for entry in entries {
        builder.add(parse_entry(entry).unwrap()).unwrap();
    }
    builder.build()
}

fn found(entry: Option<Found<'_>>) -> Option<String> {
    entry.map(|entry| entry.to_string())
}

#[test]
fn an_address_is_found_itself_or_by_its_longest_network() {
    let list = list(&[
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.2.0/24",
        "10.1.2.3",
        "10.255.255.0/24",
        "255.255.255.255",
        "255.0.0.0/8",
        "2001:db8::/32",
        "2001:db8::1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:0/112",
    ]);
    for (address, entry) in [
        ("10.1.2.3", Some("10.1.2.3")),
        ("10.1.2.4", Some("10.1.2.0/24")),
        ("10.1.3.0", Some("10.1.0.0/16")),
        ("10.0.255.255", Some("10.0.0.0/8")),
        ("10.2.0.0", Some("10.0.0.0/8")),
        ("10.255.255.255", Some("10.255.255.0/24")),
        ("11.0.0.0", None),
        ("9.255.255.255", None),
        ("0.0.0.0", None),
        ("254.255.255.255", None),
        ("255.255.255.255", Some("255.255.255.255")),
        ("255.255.255.254", Some("255.0.0.0/8")),
        ("::ffff:10.1.2.3", Some("10.1.2.3")),
        ("2001:db8::1", Some("2001:db8::1")),
        ("2001:db8::2", Some("2001:db8::/32")),
        ("2001:db9::", None),
        (
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            Some("ffff:ffff:ffff:ffff:ffff:ffff:ffff:0/112"),
        ),
    ] {
        let got = found(list.address(address.parse().unwrap()));
        assert_eq!(got.as_deref(), entry, "{address}");
    }
}

#[test]
fn a_domain_is_found_by_itself_and_by_what_is_above_it() {
    let list = list(&["evil.example", "a.b.evil.example", "other.test"]);
    for (name, entry) in [
        ("evil.example", Some("evil.example")),
        ("EVIL.example.", Some("evil.example")),
        ("b.evil.example", Some("evil.example")),
        ("a.b.evil.example", Some("a.b.evil.example")),
        ("x.a.b.evil.example", Some("a.b.evil.example")),
        ("notevil.example", None),
        ("example", None),
        ("", None),
        ("..", None),
    ] {
        assert_eq!(found(list.domain(name)).as_deref(), entry, "{name}");
    }
    assert_eq!(list.domain(&"a.".repeat(5_000)), None);
    let deepest = format!("{}evil.example", "a.".repeat(120));
    assert_eq!(
        found(list.domain(&deepest)).as_deref(),
        Some("evil.example")
    );
}

#[test]
fn urls_and_hashes_are_found_in_any_writing() {
    let hash = "0123456789abcdef0123456789abcdef";
    let list = list(&["hxxp://evil[.]example/a", hash]);
    let url = |text: &str| found(list.url(text));
    assert_eq!(
        url("HTTP://EVIL.example:80/a#x").as_deref(),
        Some("http://evil.example/a")
    );
    assert_eq!(url("http://evil.example/b"), None);
    assert_eq!(url("evil.example"), None);
    let got = found(list.file_hash(&hash.to_uppercase()));
    assert_eq!(got.as_deref(), Some(hash));
    assert_eq!(list.file_hash(&hash[1..]), None);
    assert_eq!(list.file_hash(&hash.replace('f', "e")), None);
}

#[test]
fn repeats_count_once_and_an_empty_list_finds_nothing() {
    let twice = list(&[
        "1.2.3.4",
        "1.2.3.4/32",
        "10.0.0.0/8",
        "10.9.9.9/8",
        "evil.example",
        "*.EVIL.example",
        "http://e.example",
        "http://e.example/",
        "::1",
        "::1",
    ]);
    assert_eq!(
        twice.counts(),
        IndicatorCounts {
            addresses: 2,
            networks: 1,
            domains: 1,
            urls: 1,
            file_hashes: 0
        }
    );
    assert_eq!(twice.len(), 5);
    let empty = IndicatorList::default();
    assert!(empty.is_empty());
    assert_eq!(empty.address("1.2.3.4".parse().unwrap()), None);
    assert_eq!(empty.address("::2".parse().unwrap()), None);
    assert_eq!(empty.domain("evil.example"), None);
    assert_eq!(empty.url("http://e.example/"), None);
    assert_eq!(empty.file_hash(&"0".repeat(32)), None);
}

#[test]
fn a_list_is_full_at_its_limit() {
    let mut builder = IndicatorList::builder("bad", TableInfo::default());
    builder.count_max = 2;
    for _ in 0..2 {
        assert_eq!(builder.add(parse_entry("1.2.3.4").unwrap()), Ok(()));
    }
    let error = builder.add(parse_entry("1.2.3.5").unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "more than 2 entries in one list: split it"
    );
    assert_eq!(builder.added(), 2);
    assert_eq!(
        ListFull::Bytes.to_string(),
        "more than 2147483648 bytes of text in one list: split it"
    );
}

#[test]
fn the_list_says_where_it_comes_from() {
    let mut builder = IndicatorList::builder("bad", TableInfo::default());
    "bad.txt".clone_into(&mut builder.info_mut().name);
    let list = builder.build();
    assert_eq!((&*list.name, &*list.origin), ("bad", "bad.txt"));
    assert_eq!(list.info.name, "bad.txt");
}

/// Addresses that crowd, so that networks nest and jumps are crossed.
fn crowded() -> impl Strategy<Value = u32> {
    (0_u32..4, 0_u32..4, any::<u16>()).prop_map(|(a, b, low)| {
        let high = [0, 1, 0x7fff, 0xffff];
        let near = [0, 1, 0xff00, u32::from(low)];
        (high[a as usize] << 16) | near[b as usize]
    })
}

proptest! {
    #[test]
    fn the_longest_network_is_the_one_that_asking_each_finds(
        networks in proptest::collection::vec((crowded(), 1_u8..32, any::<bool>()), 0..40),
        addresses in proptest::collection::vec((crowded(), any::<bool>()), 1..40),
    ) {
        let wide = |number: u32, v6: bool| if v6 {
            IpAddr::from((u128::from(number) << 96).to_be_bytes())
        } else {
            IpAddr::from(number.to_be_bytes())
        };
        let networks: Vec<Network> = networks
            .into_iter()
            .map(|(number, prefix, v6)| Network::of(wide(number, v6), prefix))
            .collect();
        let mut builder = IndicatorList::builder("bad", TableInfo::default());
        for network in &networks {
            builder.add(Indicator::Network(*network)).unwrap();
        }
        let list = builder.build();
        for (number, v6) in addresses {
            let address = wide(number, v6);
            let longest = networks
                .iter()
                .filter(|network| network.contains(address))
                .max_by_key(|network| network.prefix);
            prop_assert_eq!(list.address(address), longest.copied().map(Found::Network));
        }
    }

    #[test]
    fn no_text_panics_and_what_is_read_is_found(text in "\\PC{0,40}|[a-z0-9:/.\\[\\]%@-]{0,30}") {
        if let Ok(entry) = parse_entry(&text) {
            let mut builder = IndicatorList::builder("bad", TableInfo::default());
            builder.add(entry.clone()).unwrap();
            let list = builder.build();
            let again = match &entry {
                Indicator::Address(address) => list.address(*address),
                Indicator::Network(network) => list.address(network.base),
                Indicator::Domain(name) => list.domain(name),
                Indicator::Url(url) => list.url(url),
                Indicator::FileHash(hash) => list.file_hash(hash),
            };
            prop_assert_eq!(found(again), Some(entry.to_string()));
        }
        let list = IndicatorList::default();
        prop_assert_eq!((list.domain(&text), list.url(&text)), (None, None));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn large_sets_hold_exactly_what_was_added(
        step in 1_u32..70_000,
        count in 0_u32..6_000,
        asked in proptest::collection::vec(any::<u32>(), 0..50),
    ) {
        let mut builder = IndicatorList::builder("bad", TableInfo::default());
        let number = |index: u32| index.wrapping_mul(step);
        for index in 0..count {
            let number = number(index);
            let v6 = u128::from(number) << 70 | 1;
            builder.add(Indicator::Address(IpAddr::from(number.to_be_bytes()))).unwrap();
            builder.add(Indicator::Address(IpAddr::from(v6.to_be_bytes()))).unwrap();
            builder.add(Indicator::Domain(format!("n{number}.example"))).unwrap();
        }
        let list = builder.build();
        let held: std::collections::BTreeSet<u32> = (0..count).map(number).collect();
        let near = asked.iter().copied().chain(held.iter().flat_map(|n| [*n, n.wrapping_add(1)]));
        for number in near {
            let expected = held.contains(&number);
            let v6 = IpAddr::from((u128::from(number) << 70 | 1).to_be_bytes());
            prop_assert_eq!(list.address(IpAddr::from(number.to_be_bytes())).is_some(), expected);
            prop_assert_eq!(list.address(v6).is_some(), expected);
            prop_assert_eq!(list.domain(&format!("x.N{number}.example")).is_some(), expected);
        }
        prop_assert_eq!(list.len(), held.len() * 3);
    }
}
