use super::*;

fn change(kind: Kind, from: (usize, usize), to: (usize, usize), replacement: &str) -> Change {
    let place = |(line, column)| Place { line, column };
    Change {
        name: "n".to_owned(),
        file: "f".to_owned(),
        kind,
        from: place(from),
        to: place(to),
        replacement: replacement.to_owned(),
    }
}

fn check(source: &str, changes: &[Change], expected: &str) -> Woven {
    let numbered: Vec<(usize, &Change)> = changes.iter().enumerate().collect();
    let woven = weave(source, &numbered).unwrap();
    assert_eq!(woven.text.replace("crate::change", "c"), expected);
    for (range, number) in &woven.ranges {
        let switch = format!("crate::change({number})");
        assert!(woven.text[range.clone()].contains(&switch));
    }
    woven
}

#[test]
fn an_operator_is_offered_as_others_within_and_around_others() {
    check(
        "fn f() -> bool { ä + b < !c }",
        &[
            change(Kind::Binary, (1, 24), (1, 25), "=="),
            change(Kind::Binary, (1, 24), (1, 25), "<="),
            change(Kind::Binary, (1, 20), (1, 21), "-"),
            change(Kind::Unary, (1, 26), (1, 27), ""),
        ],
        "fn f() -> bool { (if c(0) { ä + b == !c } else { (if c(1) { ä + b <= !c } else { \
         (if c(2) { ä - b } else { ä + b }) < (if c(3) { c } else { !c }) }) }) }",
    );
}

#[test]
fn a_body_gives_way_to_a_value_before_anything_happens() {
    check(
        "fn f() -> u8 {\n    a + 1\n}",
        &[
            change(Kind::Value, (2, 5), (2, 10), "0"),
            change(Kind::Binary, (2, 7), (2, 8), "-"),
        ],
        "fn f() -> u8 {\n    if c(0) { return 0; } (if c(1) { a - 1 } else { a + 1 })\n}",
    );
}

#[test]
fn arms_are_left_out_and_guards_always_or_never_hold() {
    check(
        "fn f() { match a { 1 => b, x if x > y => d, _ => e } }",
        &[
            change(Kind::Arm, (1, 20), (1, 26), ""),
            change(Kind::Guard, (1, 33), (1, 38), "true"),
            change(Kind::Guard, (1, 33), (1, 38), "false"),
            change(Kind::Binary, (1, 35), (1, 36), "<"),
        ],
        "fn f() { match a { 1 if !c(0) => b, x if (c(1) || ((!c(2) && \
         ((if c(3) { x < y } else { x > y }))))) => d, _ => e } }",
    );
}

#[test]
fn a_member_is_left_to_its_base() {
    check(
        "fn f() -> S { S { a: 1, b: 2, ..base } }",
        &[change(Kind::Member, (1, 19), (1, 24), "")],
        "fn f() -> S { (if c(0) { S {  b: 2, ..base } } else { S { a: 1, b: 2, ..base } }) }",
    );
}

#[test]
fn what_cannot_stand_behind_a_switch_is_left() {
    let source = "fn f() { if let Some(x) = a && x { } }";
    let only = [change(Kind::Binary, (1, 29), (1, 31), "||")];
    let woven = check(source, &only, source);
    assert_eq!(woven.left, [0]);
    let replaced = replace(source, &only[0]).unwrap();
    assert_eq!(replaced, "fn f() { if let Some(x) = a  ||  x { } }");
}
