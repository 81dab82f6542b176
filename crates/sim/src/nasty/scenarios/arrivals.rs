//! Alerts that come late, early, twice, changed, or under each other's ids.

use std::time::Duration;

use crate::nasty::alert::SOURCES;
use crate::nasty::book::{Book, Paging};
use crate::nasty::cast::Cast;
use crate::nasty::play::Play;

const PAGES: Paging = Paging::Since {
    size: 25,
    exclusive: false,
};

pub(in crate::nasty) fn late_arrivals(cast: &mut Cast) -> Play {
    let mut book = cast.book(PAGES, 30);
    let mut rng = cast.rng(2);
    for page in [2, 3, 4, 6, 8] {
        for _ in 0..6 {
            let at = cast.before(rng.between(6, 240));
            let late = cast.alert(at);
            book.tell_from(page, &late);
        }
    }
    Play::of(book)
}

pub(in crate::nasty) fn clock_skew(cast: &mut Cast) -> Play {
    let mut book = cast.book(PAGES, 12);
    let (minute, day) = (60, 86_400);
    for ahead in [
        5 * minute,
        60 * minute,
        day,
        400 * day,
        20 * 365 * day,
        200 * 365 * day,
    ] {
        let at = cast.start.plus(Duration::from_secs(ahead));
        let future = cast.alert(at);
        book.tell(&future);
    }
    // The ordinary ones that come after them lie centuries before the newest.
    for page in [3, 5] {
        for before in 1..=4 {
            let ordinary = cast.alert(cast.before(before));
            book.tell_from(page, &ordinary);
        }
    }
    // Beyond the last instant that can be named.
    for (nth, stamp) in ["2262-04-12T00:00:00Z", "9999-12-31T23:59:59Z"]
        .iter()
        .enumerate()
    {
        let at = cast.start.plus(Duration::from_secs(nth as u64));
        let form = cast.alert(at).of_source("firewall").form();
        let raw = form.with("created_at", &format!("\"{stamp}\"")).json();
        book.spoil(at, raw, "invalid_value");
    }
    Play::of(book)
}

pub(in crate::nasty) fn duplicates(cast: &mut Cast) -> Play {
    let mut book = Book::new(PAGES);
    for alert in cast.alerts(20, 5) {
        book.tell(&alert);
        book.tell(&alert);
        book.tell_as(&alert, &alert.form().turned().json());
        book.tell_as(&alert, &alert.form().turned().turned().spacious());
        let escaped = alert.json().replace("Seen", "\\u0053e\\u0065n");
        book.tell_as(&alert, &escaped);
    }
    let mut play = Play::of(book);
    play.is_unchanging = true;
    play
}

pub(in crate::nasty) fn updated_alert(cast: &mut Cast) -> Play {
    let mut book = cast.book(PAGES, 5);
    for nth in 0..4 {
        let alert = cast.alert(cast.before(60 + nth)).of_severity("medium");
        // The same time: only the order of arrival tells which is newer.
        let raised = alert.clone().of_severity(alert.raised());
        book.tell_until((0, 3), &alert);
        book.tell_from(3, &raised);
        // A later time and an earlier one.
        for seconds in [20, 200] {
            let before = cast.alert(cast.before(80 + nth));
            let mut after = before.clone().saying("moved");
            after.created_at = cast.before(seconds);
            book.tell_until((0, 4), &before);
            book.tell_from(4, &after);
        }
        // There and back.
        let first = cast.alert(cast.before(90 + nth));
        book.tell_until((0, 2), &first);
        book.tell_until((2, 5), &first.clone().saying("for a while"));
        book.tell_from(5, &first);
        // Both contents in one page, the newer behind the older.
        let old = cast.alert(cast.before(100 + nth));
        book.tell_until((0, u64::MAX), &old);
        book.tell(&old.clone().saying("said once more"));
    }
    Play::of(book)
}

pub(in crate::nasty) fn same_id_other_source(cast: &mut Cast) -> Play {
    let mut book = Book::new(Paging::All);
    for id in ["alert-1-0", "1", ""] {
        for source in SOURCES {
            let mut alert = cast.alert(cast.before(30)).of_source(source);
            id.clone_into(&mut alert.id);
            book.tell(&alert);
        }
    }
    let alike = [
        "Alert-1-0",
        "alert-1-0 ",
        " alert-1-0",
        "alert\u{2010}1-0",
        "e\u{301}",
        "\u{e9}",
    ];
    for id in alike {
        let mut alert = cast.alert(cast.before(20)).of_source("waf");
        id.clone_into(&mut alert.id);
        book.tell(&alert);
    }
    let mut play = Play::of(book);
    play.is_unchanging = true;
    play
}
