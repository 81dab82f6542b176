//! The colors, checked: every text can be read on every ground it stands on, every mark seen, and both
//! ways into the dark theme lead to the same.

use std::collections::BTreeMap;

const TOKENS: &str = include_str!("../../../assets/ui/tokens.css");
const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "info"];

type Rgb = [f64; 3];

/// The declarations of the block that begins with `head`.
fn block(head: &str) -> &'static str {
    let (_, rest) = TOKENS.split_once(head).unwrap();
    rest.split_once('}').unwrap().0
}

fn colors(block: &str) -> BTreeMap<String, Rgb> {
    let declarations = block
        .split(';')
        .filter_map(|line| line.trim().split_once(':'));
    declarations
        .filter_map(|(name, value)| {
            let digits = value.trim().strip_prefix('#')?;
            let part =
                |at: usize| f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0;
            let name = name.rsplit("--").next().unwrap();
            Some((name.to_owned(), [part(0), part(2), part(4)]))
        })
        .collect()
}

fn luminance(color: Rgb) -> f64 {
    let linear = color.map(|part| {
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

/// As the guidelines for accessible web content define it.
fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn mixed(a: Rgb, b: Rgb, share: f64) -> Rgb {
    [0, 1, 2].map(|index| a[index] * share + b[index] * (1.0 - share))
}

fn check(theme: &str, colors: &BTreeMap<String, Rgb>, tint: f64) {
    let color = |name: &str| {
        *colors
            .get(name)
            .unwrap_or_else(|| panic!("no color {name}"))
    };
    let needs = |what: &str, a: Rgb, b: Rgb, least: f64| {
        let found = contrast(a, b);
        assert!(
            found >= least,
            "{theme}: {what} has {found:.2}, needs {least}"
        );
    };
    let surface = color("surface");
    for severity in SEVERITIES {
        needs(severity, color(&format!("sev-{severity}")), surface, 3.0);
        for ground in ["surface", "bg", "accent-soft"] {
            let text = color(&format!("sev-{severity}-text"));
            needs(&format!("{severity} on {ground}"), text, color(ground), 4.5);
        }
    }
    needs(
        "white on critical",
        [1.0; 3],
        color("sev-critical-solid"),
        4.5,
    );
    needs("ink on accent", color("accent-ink"), color("accent"), 4.5);
    for (state, ground) in [
        ("ok", "ok-fill"),
        ("warn", "warn-soft"),
        ("err", "err-fill"),
        ("run", "run-fill"),
    ] {
        needs(
            state,
            color(state),
            mixed(color(ground), surface, tint),
            4.5,
        );
        needs(
            &format!("dot of {state}"),
            color(&format!("{state}-fill")),
            surface,
            3.0,
        );
    }
    for text in ["text", "text-2", "text-3", "accent"] {
        for ground in ["surface", "bg", "surface-2", "surface-3"] {
            needs(
                &format!("{text} on {ground}"),
                color(text),
                color(ground),
                4.5,
            );
        }
    }
}

#[test]
fn every_text_can_be_read_and_every_mark_seen() {
    let light = colors(block(":root {"));
    let mut dark = light.clone();
    dark.extend(colors(block(":root[data-theme=\"dark\"] {")));
    assert_ne!(light, dark);
    check("light", &light, 0.10);
    check("dark", &dark, 0.14);
}

#[test]
fn the_systems_dark_is_the_chosen_dark() {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        squeezed(block(":root:not([data-theme]) {")),
        squeezed(block(":root[data-theme=\"dark\"] {"))
    );
}
