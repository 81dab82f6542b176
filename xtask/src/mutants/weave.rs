//! Writes all changes of a file into it at once, each behind a switch, so that it is built once.
//!
//! Nothing is taken away: text is only put in front of and behind what is there, so that changes within
//! changes need no care. `a < b` becomes `(if crate::change(7) { a <= b } else { a < b })`.

use std::cmp::Reverse;
use std::ops::Range;

use anyhow::Context;
use proc_macro2::{LineColumn, Span};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::changes::{Change, Kind, Place};

/// Whether the change of a number is the one that is tried.
const SWITCH: &str = "crate::change";

/// What a crate needs for its switches.
pub(super) const SWITCH_SOURCE: &str = "
pub(crate) fn change(number: usize) -> bool {
    static TRIED: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    let read = || std::env::var(\"CRESSET_CHANGE\").ok()?.parse().ok();
    number == *TRIED.get_or_init(|| read().unwrap_or(usize::MAX))
}
";

/// A file with its changes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Woven {
    pub(super) text: String,
    /// Where the text of each change came to lie, with its number.
    pub(super) ranges: Vec<(Range<usize>, usize)>,
    /// Changes that cannot stand behind a switch.
    pub(super) left: Vec<usize>,
}

/// Text to put in.
struct Put {
    at: usize,
    /// The other end of what it belongs to.
    other_end: usize,
    text: String,
    number: Option<usize>,
}

/// Writes changes into a file, each with its number.
pub(super) fn weave(source: &str, changes: &[(usize, &Change)]) -> anyhow::Result<Woven> {
    let file = syn::parse_file(source).context("read the file as Rust")?;
    let mut finder = Finder {
        source,
        lines: line_starts(source),
        changes,
        puts: Vec::new(),
        done: Vec::new(),
    };
    finder.by_place();
    finder.visit_file(&file);
    let Finder { puts, done, .. } = finder;
    let numbers = changes.iter().map(|(number, _)| *number);
    let left = numbers.filter(|number| !done.contains(number)).collect();
    let (text, ranges) = put_in(source, puts);
    Ok(Woven { text, ranges, left })
}

/// The text with one change alone, as it is.
pub(super) fn replace(source: &str, change: &Change) -> Option<String> {
    let lines = line_starts(source);
    let range = offset(source, &lines, change.from)?..offset(source, &lines, change.to)?;
    let (before, after) = (source.get(..range.start)?, source.get(range.end..)?);
    Some(format!("{before} {} {after}", change.replacement))
}

fn put_in(source: &str, puts: Vec<Put>) -> (String, Vec<(Range<usize>, usize)>) {
    let mut puts: Vec<(usize, Put)> = puts.into_iter().enumerate().collect();
    // What ends here comes before what begins here; what is within stands within, and of two that span the
    // same, the one that came first stands around the other.
    puts.sort_by_key(|(turn, put)| {
        let opens = put.other_end >= put.at;
        let turn = if opens { *turn } else { usize::MAX - turn };
        (put.at, opens, Reverse(put.other_end), turn)
    });
    let (mut text, mut ranges, mut from) = (String::new(), Vec::new(), 0);
    for (_, put) in puts {
        text.push_str(&source[from..put.at]);
        from = put.at;
        let begin = text.len();
        text.push_str(&put.text);
        ranges.extend(put.number.map(|number| (begin..text.len(), number)));
    }
    text.push_str(&source[from..]);
    (text, ranges)
}

fn line_starts(source: &str) -> Vec<usize> {
    let ends = source.match_indices('\n').map(|(index, _)| index + 1);
    std::iter::once(0).chain(ends).collect()
}

fn offset(source: &str, lines: &[usize], place: Place) -> Option<usize> {
    let start = *lines.get(place.line.checked_sub(1)?)?;
    let line = source.get(start..)?;
    let column = place.column.checked_sub(1)?;
    let within = line.char_indices().nth(column).map(|(index, _)| index);
    Some(start + within.unwrap_or(line.len()))
}

struct Finder<'a> {
    source: &'a str,
    lines: Vec<usize>,
    changes: &'a [(usize, &'a Change)],
    puts: Vec<Put>,
    done: Vec<usize>,
}

impl<'a> Finder<'a> {
    /// Those of which the place says enough.
    fn by_place(&mut self) {
        for (number, change) in self.changes {
            let ends = (self.offset(change.from), self.offset(change.to));
            let (Some(from), Some(to)) = ends else {
                continue;
            };
            let (before, after) = match change.kind {
                Kind::Value => (
                    format!(
                        "if {SWITCH}({number}) {{ return {}; }} ",
                        change.replacement
                    ),
                    None,
                ),
                Kind::Guard if change.replacement == "true" => {
                    (format!("({SWITCH}({number}) || ("), Some("))"))
                }
                Kind::Guard => (format!("(!{SWITCH}({number}) && ("), Some("))")),
                Kind::Binary | Kind::Unary | Kind::Arm | Kind::Member => continue,
            };
            self.put(from, to, before, Some(*number));
            if let Some(after) = after {
                self.put(to, from, after.to_owned(), None);
            }
            self.done.push(*number);
        }
    }

    fn offset(&self, place: Place) -> Option<usize> {
        offset(self.source, &self.lines, place)
    }

    fn range(&self, span: Span) -> Option<Range<usize>> {
        Some(self.offset(place(span.start()))?..self.offset(place(span.end()))?)
    }

    fn text(&self, span: Span) -> Option<&'a str> {
        self.source.get(self.range(span)?)
    }

    fn put(&mut self, at: usize, other_end: usize, text: String, number: Option<usize>) {
        self.puts.push(Put {
            at,
            other_end,
            text,
            number,
        });
    }

    /// The changes of a kind that lie at a place.
    fn at(&self, kind: Kind, span: Span) -> Vec<(usize, &'a Change)> {
        let from = place(span.start());
        let here = |(_, change): &&(usize, &Change)| change.kind == kind && change.from == from;
        self.changes.iter().filter(here).copied().collect()
    }

    /// Offers another text in place of an expression.
    fn offer(&mut self, whole: Span, number: usize, text: &str) {
        let Some(range) = self.range(whole) else {
            return;
        };
        let before = format!("(if {SWITCH}({number}) {{ {text} }} else {{ ");
        self.put(range.start, range.end, before, Some(number));
        self.put(range.end, range.start, " })".to_owned(), None);
        self.done.push(number);
    }
}

fn place(at: LineColumn) -> Place {
    Place {
        line: at.line,
        column: at.column + 1,
    }
}

/// Whether a condition names what it finds, so that it can only stand where it is.
fn has_let(expression: &syn::Expr) -> bool {
    match expression {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        let chains = has_let(&binary.left) || has_let(&binary.right);
        let operands = (
            self.text(binary.left.span()),
            self.text(binary.right.span()),
        );
        if let ((Some(left), Some(right)), false) = (operands, chains) {
            for (number, change) in self.at(Kind::Binary, binary.op.span()) {
                let text = format!("{left} {} {right}", change.replacement);
                self.offer(binary.span(), number, &text);
            }
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast syn::ExprUnary) {
        if let Some(operand) = self.text(unary.expr.span()) {
            for (number, _) in self.at(Kind::Unary, unary.op.span()) {
                self.offer(unary.span(), number, operand);
            }
        }
        visit::visit_expr_unary(self, unary);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        for (number, _) in self.at(Kind::Arm, arm.span()) {
            if let (Some(pattern), None) = (self.range(arm.pat.span()), &arm.guard) {
                let text = format!(" if !{SWITCH}({number})");
                self.put(pattern.end, pattern.start, text, Some(number));
                self.done.push(number);
            }
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, whole: &'ast syn::ExprStruct) {
        for field in &whole.fields {
            for (number, change) in self.at(Kind::Member, field.span()) {
                let ends = (self.offset(change.from), self.offset(change.to));
                let (Some(range), (Some(from), Some(to))) = (self.range(whole.span()), ends) else {
                    continue;
                };
                let (before, after) =
                    (&self.source[range.start..from], &self.source[to..range.end]);
                self.offer(whole.span(), number, &format!("{before}{after}"));
            }
        }
        visit::visit_expr_struct(self, whole);
    }
}

#[cfg(test)]
mod tests;
