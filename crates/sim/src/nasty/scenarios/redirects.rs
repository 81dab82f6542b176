//! Redirects of every kind to an address that must never be contacted.

use std::net::SocketAddr;

use crate::nasty::book::{Book, Paging};
use crate::nasty::cast::Cast;
use crate::nasty::play::{Act, Ends, Play};
use crate::nasty::wire::{JSON, Wire};

const STATUSES: [(&str, &str); 8] = [
    ("300 Multiple Choices", "300 Multiple Choices"),
    ("301 Moved Permanently", "301 Moved Permanently"),
    ("302 Found", "302 Found"),
    ("303 See Other", "303 See Other"),
    ("305 Use Proxy", "305 Use Proxy"),
    ("307 Temporary Redirect", "307 Temporary Redirect"),
    ("308 Permanent Redirect", "308 Permanent Redirect"),
    ("399 Elsewhere", "'399"),
];

/// Spellings of the address.
fn spellings(trap: SocketAddr) -> Vec<String> {
    let port = trap.port();
    vec![
        format!("http://{trap}/latest/meta-data/"),
        format!("http://localhost:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f000001:{port}/"),
        format!("http://0177.0.0.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("//{trap}/"),
        format!("HTTP://USER:PASS@{trap}/"),
        format!("http:\\\\{trap}\\"),
        format!("http://{trap}#@example.com/"),
        "/elsewhere".to_owned(),
        "?since=1970-01-01T00:00:00Z".to_owned(),
        String::new(),
    ]
}

pub(in crate::nasty) fn redirect_internal(cast: &mut Cast) -> Play {
    let book = cast.book(Paging::All, 20);
    let trap = cast.trap;
    let mut acts = Vec::new();
    for (nth, target) in spellings(trap).into_iter().enumerate() {
        let (line, told) = STATUSES[nth % STATUSES.len()];
        acts.push(redirect(line, &target).told(told));
    }
    for (line, told) in STATUSES {
        acts.push(redirect(line, &format!("http://{trap}/")).told(told));
    }
    // By other means.
    let refresh = format!("refresh: 0; url=http://{trap}/");
    let html = format!(
        "<html><head><meta http-equiv=\"refresh\" content=\"0;url=http://{trap}/\"></head>\
         <script>location='http://{trap}/'</script></html>"
    );
    let kinds = [
        format!("content-location: http://{trap}/"),
        format!("location: http://{trap}/"),
        format!("link: <http://{trap}/>; rel=canonical"),
        format!("alt-svc: http/1.1=\"{trap}\"; ma=86400"),
        refresh.clone(),
    ];
    acts.push(
        Act::send(Wire::short(
            "200 OK",
            &["content-type: text/html", &refresh],
            html,
        ))
        .told("text that is not JSON"),
    );
    acts.extend(kinds.map(|header| {
        Act::taken(move |body| Wire::short("200 OK", &[JSON, &header], body.clone()))
    }));
    acts.push(
        Act::send(Wire::short(
            "407 Proxy Authentication Required",
            &["proxy-authenticate: Basic"],
            "",
        ))
        .told("407 Proxy Authentication Required"),
    );
    Play::of(book).after(acts)
}

pub(in crate::nasty) fn redirect_for_ever(cast: &mut Cast) -> Play {
    let act = redirect("302 Found", &format!("http://{}/", cast.trap));
    let mut play = Play::of(Book::new(Paging::All)).after(vec![act.told("302 Found")]);
    play.ends = Ends::Never;
    play
}

fn redirect(line: &str, target: &str) -> Act {
    let location = format!("location: {target}");
    Act::send(Wire::short(line, &[&location], ""))
}
