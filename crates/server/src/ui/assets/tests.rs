use super::*;

fn packed_bytes(names: &[&str]) -> usize {
    FILES
        .iter()
        .filter(|(name, _, _)| names.contains(name))
        .map(|(_, _, bytes)| pack(bytes).len())
        .sum()
}

/// Gzip packs worse than brotli, so that what passes here passes there.
#[test]
fn scripts_and_style_stay_within_their_budgets() {
    let scripts = packed_bytes(&["app.js", "htmx.js"]);
    assert!(scripts <= 45 << 10, "{scripts} bytes of script");
    let style = packed_bytes(&["ui.css"]);
    assert!(style <= 12 << 10, "{style} bytes of style");
    let map = packed_bytes(&["world.svg"]);
    assert!(map <= 30 << 10, "{map} bytes of map");
}

#[test]
fn the_pinned_script_is_the_one_that_third_party_names() {
    let notice = include_str!("../../../../../THIRD_PARTY.md");
    let (_, _, htmx) = FILES
        .iter()
        .find(|(name, _, _)| *name == "htmx.js")
        .unwrap();
    assert!(notice.contains(&format!("{} bytes", htmx.len())));
    // Whoever takes a new one writes its version and its SHA-256 into the notice, and this here.
    let pinned = "7c481a860c869a418f36b1eff8894db7";
    assert_eq!(format!("{:032x}", hash128(&[htmx])), pinned);
}

#[test]
fn own_script_evaluates_nothing_and_writes_no_markup() {
    for word in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "setTimeout(\"",
    ] {
        assert!(!APP.contains(word), "{word}");
    }
    for word in ["http://", "https://", "@import"] {
        assert!(!APP.contains(word) && !STYLE.contains(word), "{word}");
    }
}
