//! Programs that a suite needs and a machine may lack.

use std::process::{Command, Stdio};

use crate::program;
use crate::terminal::say;

/// A program and how it gets onto the machine.
struct Need {
    /// The program's name on the path.
    program: &'static str,
    /// What it must be able to do to count as there.
    probe: &'static [&'static str],
    /// The commands that install it, in order.
    install: &'static [&'static [&'static str]],
}

/// Installs packages of the system, Debian or its kin.
macro_rules! apt {
    ($($package:literal),+) => {
        &[
            &["apt-get", "update", "--quiet=2"],
            &[
                "apt-get",
                "install",
                "--yes",
                "--quiet=2",
                "--no-install-recommends",
                $($package),+
            ],
        ]
    };
}

/// Every program that a suite may name.
const NEEDS: [Need; 9] = [
    // Sees the order of the calls in the suite `faults`.
    Need {
        program: "strace",
        probe: &["--version"],
        install: apt!["strace"],
    },
    // Counts instructions in the suite `instruction counts`.
    Need {
        program: "valgrind",
        probe: &["--tool=callgrind", "--version"],
        install: apt!["valgrind"],
    },
    // Compiles the bad disk of the suite `faults`; the bundled database needs it too.
    Need {
        program: "cc",
        probe: &["--version"],
        install: apt!["gcc", "libc6-dev"],
    },
    // Draws the pages in the browser suite.
    Need {
        program: "chromium",
        probe: &["--version"],
        install: apt!["chromium"],
    },
    // Drives it.
    Need {
        program: "chromedriver",
        probe: &["--version"],
        install: apt!["chromium-driver"],
    },
    // Moves the clock of the service in the browser suite.
    Need {
        program: "faketime",
        probe: &["--version"],
        install: apt!["faketime"],
    },
    // Runs the servers of the suite `real servers` and the tool of the suite `schemathesis`, each in an
    // environment of its own.
    Need {
        program: "python3",
        probe: &["-c", "import ensurepip, venv"],
        install: apt!["python3", "python3-venv"],
    },
    // Builds libFuzzer.
    Need {
        program: "c++",
        probe: &["--version"],
        install: apt!["g++"],
    },
    // Changes the code for `cargo x mutants`.
    Need {
        program: "cargo-mutants",
        probe: &["mutants", "--version"],
        install: &[&["cargo", "install", "--locked", "cargo-mutants"]],
    },
];

/// Installs what is missing, and says so before. The error names what could not be installed.
pub(crate) fn provide(programs: &[&str]) -> Result<(), String> {
    for program in programs {
        let need = NEEDS.iter().find(|need| need.program == *program);
        install(need.ok_or_else(|| format!("`{program}` is not in the table of needs"))?)?;
    }
    Ok(())
}

fn install(need: &Need) -> Result<(), String> {
    if is_there(need) {
        return Ok(());
    }
    say(&format!(
        "`{}` is missing and will be installed:",
        need.program
    ));
    for command in need.install {
        let (program, arguments) = command.split_first().expect("no command is empty");
        match program::run(program, arguments) {
            Ok(true) => {}
            Ok(false) => return Err(format!("`{}` could not be installed", need.program)),
            Err(error) => return Err(format!("{error:#}")),
        }
    }
    if is_there(need) {
        Ok(())
    } else {
        Err(format!(
            "`{}` is not there after its installation",
            need.program
        ))
    }
}

fn is_there(need: &Need) -> bool {
    Command::new(need.program)
        .args(need.probe)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_installed_again() {
        let cargo = Need {
            program: env!("CARGO"),
            probe: &["--version"],
            install: &[&["false"]],
        };
        assert_eq!(install(&cargo), Ok(()));
    }

    #[test]
    fn what_cannot_be_installed_is_named() {
        let missing = Need {
            program: "a-program-that-nobody-has",
            probe: &[],
            install: &[&["false"]],
        };
        assert_eq!(
            install(&missing),
            Err("`a-program-that-nobody-has` could not be installed".to_owned())
        );
    }

    #[test]
    fn a_need_that_the_table_lacks_is_named() {
        assert_eq!(
            provide(&["abacus"]),
            Err("`abacus` is not in the table of needs".to_owned())
        );
    }
}
