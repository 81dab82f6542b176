//! Each rule, fed with a small tree that breaks it.

use super::findings;

/// Writes the files below an empty folder and compares what tidy finds there.
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let found = findings(root.path()).unwrap();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

fn check_one(path: &str, text: &str, expected: &str) {
    check(&[(path, text)], &[expected]);
}

const MODEL: (&str, &str) = ("crates/model/Cargo.toml", "[package]\nname = \"m\"\n");

#[test]
fn an_arrow_that_is_not_allowed_is_found() {
    let server = "[package]\nname = \"s\"\n[dependencies]\nm.workspace = true\n";
    let runtime = "[package]\nname = \"r\"\n[dev-dependencies]\ns.workspace = true\n";
    check(
        &[
            MODEL,
            ("crates/server/Cargo.toml", server),
            ("crates/runtime/Cargo.toml", runtime),
        ],
        &[
            "crates/runtime/Cargo.toml:4: `runtime` may not depend on `server`; allowed: model, \
             pipeline. Move what both need down, or pass it in from `app`",
        ],
    );
    check(
        &[
            MODEL,
            (
                "xtask/Cargo.toml",
                "[package]\nname = \"xtask\"\n[dependencies.m]\n",
            ),
        ],
        &[
            "xtask/Cargo.toml:3: `xtask` may not depend on `model`; allowed: nothing. Move what \
             both need down, or pass it in from `app`",
        ],
    );
}

#[test]
fn a_crate_without_a_place_among_the_arrows_is_found() {
    check_one(
        "crates/extra/Cargo.toml",
        "[package]\nname = \"e\"\n",
        "crates/extra/Cargo.toml:1: crate `extra` is not in the table of arrows; add it to \
         `ARROWS` in xtask/src/tidy/arrows.rs and to ARCHITECTURE.md",
    );
}

fn check_cycle(files: &[(&str, &str)], expected: &[&str]) {
    let manifest = ("crates/server/Cargo.toml", "[package]\nname = \"s\"\n");
    let root = (
        "crates/server/src/lib.rs",
        "pub mod a;\nmod b;\npub use b::{c::D, E};\n",
    );
    let files: Vec<_> = [manifest, root].iter().chain(files).copied().collect();
    check(&files, expected);
}

const CYCLE: &str = "crates/server/src/a.rs:1: modules of `server` form a cycle: a -> b \
    (crates/server/src/a.rs:1), b -> a (crates/server/src/b/c.rs:2); move what both need into a \
    module of its own, or turn one arrow round";

#[test]
fn a_cycle_between_modules_is_found() {
    for first in [
        "use crate::b::x;",
        "use crate::{x, b};",
        "use super::b;",
        "type X = crate::E;",
    ] {
        for second in ["\nuse crate::a;", "\nuse super::super::{x::b, a::{self}};"] {
            check_cycle(
                &[
                    ("crates/server/src/a.rs", first),
                    ("crates/server/src/b/c.rs", second),
                    ("crates/server/src/b/mod.rs", "mod c;"),
                ],
                &[CYCLE],
            );
        }
    }
}

#[test]
fn a_long_cycle_is_found_once() {
    check_cycle(
        &[
            ("crates/server/src/a.rs", "use crate::b;"),
            ("crates/server/src/b.rs", "use crate::c;"),
            ("crates/server/src/c.rs", "use crate::a;"),
        ],
        &[
            "crates/server/src/a.rs:1: modules of `server` form a cycle: a -> b \
             (crates/server/src/a.rs:1), b -> c (crates/server/src/b.rs:1), c -> a \
             (crates/server/src/c.rs:1); move what both need into a module of its own, or turn \
             one arrow round",
        ],
    );
}

#[test]
fn what_looks_like_a_cycle_and_is_none_is_not_found() {
    check_cycle(
        &[
            ("crates/server/src/a.rs", "use crate::b;\nuse super::d;"),
            ("crates/server/src/b/c.rs", "use super::a; // crate::a\n"),
            (
                "crates/server/src/b/mod.rs",
                "mod c;\n#[cfg(test)]\nmod tests;\n#[cfg(test)]\nmod t { use crate::a; }",
            ),
            ("crates/server/src/b/tests.rs", "use crate::a;"),
            ("crates/server/src/d.rs", "use crate::b;"),
        ],
        &[],
    );
}

#[test]
fn a_long_file_is_found_and_its_tests_do_not_count() {
    let path = "crates/a/src/x.rs";
    let tests = "#[cfg(test)]\nmod tests {\n\n\n}\n";
    check(&[(path, &("\n".repeat(499) + "use x;\n" + tests))], &[]);
    check_one(
        path,
        &("\n".repeat(500) + "use x;\n" + tests),
        "crates/a/src/x.rs:501: 501 lines without tests, at most 500; split it along a noun",
    );
    check(
        &[
            ("crates/a/src/x.rs", "#[cfg(test)]\nmod tests;\n"),
            ("crates/a/src/x/tests.rs", &"\n".repeat(600)),
        ],
        &[],
    );
}

#[test]
fn a_long_function_is_found() {
    let path = "crates/a/src/x.rs";
    let function = |lines: usize| format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2));
    check(&[(path, &function(70))], &[]);
    check_one(
        path,
        &function(71),
        "crates/a/src/x.rs:1: `f` has 71 lines, at most 70; take a step out of it",
    );
}

#[test]
fn too_many_arguments_are_found() {
    let path = "crates/a/src/x.rs";
    check(
        &[(path, "fn f(&self, a: A, b: B, c: C, d: D, e: E) {}")],
        &[],
    );
    check_one(
        path,
        "fn f(a: A, b: B, c: C, d: D, e: E, f: F) {}",
        "crates/a/src/x.rs:1: `f` takes 6 arguments, at most 5; make them a struct",
    );
}

#[test]
fn logic_in_a_module_root_is_found() {
    let function = |lines| format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines));
    check(&[("crates/a/src/lib.rs", &function(5))], &[]);
    check(&[("crates/a/src/main.rs", &function(6))], &[]);
    check_one(
        "crates/a/src/x/mod.rs",
        &function(6),
        "crates/a/src/x/mod.rs:1: `f` is logic in `mod.rs`, which declares, re-exports and \
         registers; move it to a file of its own",
    );
}

#[test]
fn an_impure_dependency_of_a_pure_crate_is_found() {
    let manifest = "[package]\nname = \"m\"\n[dependencies]\ntokio.workspace = true\n";
    check(
        &[("crates/model/Cargo.toml", manifest)],
        &[
            "crates/model/Cargo.toml:4: `model` is pure and may not know `tokio`; take the value \
             as an argument",
        ],
    );
}

#[test]
fn an_impure_word_in_a_pure_crate_is_found() {
    for (source, word) in [
        ("use std::fs;", "std::fs"),
        ("use std::{fmt, env};", "std::env"),
        ("fn f() { std::env::var(\"X\"); }", "std::env"),
        ("use std::net::{IpAddr, TcpStream};", "std::net::TcpStream"),
        ("fn f(at: SystemTime) {}", "SystemTime"),
        ("fn f() { Instant::now(); }", "Instant::now"),
        ("async fn f() { tokio::task::yield_now().await }", "tokio"),
    ] {
        check(
            &[MODEL, ("crates/model/src/x.rs", source)],
            &[&format!(
                "crates/model/src/x.rs:1: `model` is pure and may not know `{word}`; take the \
                 value as an argument"
            )],
        );
    }
    let tests = "use std::net::IpAddr; // std::fs\n#[cfg(test)]\nmod tests { use std::fs; }";
    check(&[MODEL, ("crates/model/src/x.rs", tests)], &[]);
}

#[test]
fn unfinished_work_and_ignored_tests_are_found() {
    for word in ["todo", "unimplemented", "dbg"] {
        check_one(
            "crates/a/src/x.rs",
            &format!("fn f() {{\n    {word}!()\n}}"),
            &format!(
                "crates/a/src/x.rs:2: `{word}!` marks unfinished work; finish it, or leave it out"
            ),
        );
    }
    check_one(
        "crates/a/src/x.rs",
        "#[cfg(test)]\nmod tests {\n    #[test]\n    #[ignore = \"slow\"]\n    fn f() {}\n}",
        "crates/a/src/x.rs:4: an ignored test proves nothing; mend it, or delete it",
    );
    check(
        &[("crates/a/src/x.rs", "// todo!\nconst A: &str = \"dbg!\";")],
        &[],
    );
}

#[test]
fn a_module_with_an_empty_name_is_found() {
    for (path, name) in [
        ("crates/a/src/utils.rs", "utils"),
        ("crates/a/src/helpers/x.rs", "helpers"),
        ("crates/a/src/x/common.rs", "common"),
        ("crates/a/src/x/manager/mod.rs", "manager"),
    ] {
        check_one(
            path,
            "",
            &format!(
                "{path}:1: a module named `{name}` says nothing; name it after the thing it holds"
            ),
        );
    }
    check_one(
        "crates/a/src/x.rs",
        "\nmod util {}",
        "crates/a/src/x.rs:2: a module named `util` says nothing; name it after the thing it holds",
    );
}

#[test]
fn words_of_one_machine_are_found() {
    let host = ["index.cr", "ates"].concat();
    check_one(
        "README.md",
        &format!("a\nb https://{host}.example/\n"),
        &format!(
            "README.md:2: `{host}` is the address of a registry; where packages come from is the \
             business of the machine, leave it out"
        ),
    );
    let path = ["/wo", "rk/"].concat();
    for line in [
        format!("cd {path}x"),
        format!("\"{path}x\""),
        format!("file://{path}x"),
    ] {
        check_one(
            "run.sh",
            &line,
            &format!(
                "run.sh:1: a path that begins with `{path}` exists on one machine only; write it \
                 from the project's folder"
            ),
        );
    }
    check(&[("run.sh", &format!("cd .{path}x; ls a{path}"))], &[]);
}

#[test]
fn a_locked_package_from_elsewhere_is_found() {
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    check(
        &[("Cargo.lock", &format!("source = \"{registry}\"\n"))],
        &[],
    );
    check_one(
        "Cargo.lock",
        "\nsource = \"git+https://example.org/x\"\n",
        &format!(
            "Cargo.lock:2: a locked package comes from \"git+https://example.org/x\", allowed is \
             only \"{registry}\"; lock it again without a replaced source"
        ),
    );
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    check(
        &[
            (
                "docs/a.md",
                "[b](b.md#part) [up](../README.md) [c](https://x.example) [d](#part)\n",
            ),
            ("docs/b.md", "[folder](../docs)\n"),
            ("README.md", "[docs](docs/)\n\n[x](docs/x.md)\n"),
        ],
        &["README.md:3: the link `docs/x.md` leads nowhere; correct it, or write the file"],
    );
}

#[test]
fn a_named_test_that_is_not_there_is_found() {
    check(
        &[
            (
                "crates/a/src/x.rs",
                "#[cfg(test)]\nmod tests {\n    #[test]\n    fn a_test_that_is_there() {}\n}",
            ),
            (
                "docs/a.md",
                "`a_test_that_is_there`, `last_event_time`\n`a_test_that_is_not_there`\n",
            ),
        ],
        &[
            "docs/a.md:2: there is no test `a_test_that_is_not_there`; name the one that proves it, \
             or write it",
        ],
    );
}

#[test]
fn what_git_ignores_is_not_read() {
    check(
        &[(".gitignore", "target/\n"), ("target/utils.rs", "todo!()")],
        &[],
    );
}
