//! Reads YAML into the tree of the model. One document, plain scalars, lists and mappings; anchors,
//! aliases and tags are refused, so that what a file says is what stands in it.

use std::collections::BTreeMap;

use cresset_model::config::{Diagnostics, Entry, Fault, Node, Place, Scalar, Value, quote};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};

/// Lists and mappings within each other.
const DEPTH_MAX: usize = 32;
/// Scalars, lists and mappings of one file.
const NODES_MAX: usize = 50_000;

/// The tree of a file. `None` if it is empty or its syntax is wrong; the fault is reported then.
pub(super) fn parse(text: &str, diagnostics: &Diagnostics) -> Option<Node> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        text,
        depth: 0,
        nodes: 0,
        diagnostics,
    };
    let read = reader.document();
    if let Err(fault) = read {
        diagnostics.report(fault);
        return None;
    }
    read.ok().flatten()
}

struct Reader<'t, 'd> {
    parser: Parser<'t, StrInput<'t>>,
    text: &'t str,
    depth: usize,
    nodes: usize,
    diagnostics: &'d Diagnostics,
}

impl<'t> Reader<'t, '_> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(syntax(self.text, &error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn document(&mut self) -> Result<Option<Node>, Fault> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if root.is_some() => {
                    return Err(
                        Fault::at(place(span.start), "a second document begins here")
                            .hint("one file holds one configuration: remove the line of dashes"),
                    );
                }
                Event::DocumentStart(_) => {
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, span, None)?);
                }
                _ => {}
            }
        }
        let root = root.filter(|node| !node.is_null());
        if root.is_none() {
            let start = Place { line: 1, column: 1 };
            let hint = "write at least version: 1 and a pipeline, as in config/minimal.yaml";
            return Err(Fault::at(start, "the file is empty").hint(hint));
        }
        Ok(root)
    }

    /// Builds the node that begins with an event; `key` is the place of its key, for a value that is not
    /// written.
    fn node(&mut self, event: Event<'t>, span: Span, key: Option<Place>) -> Result<Node, Fault> {
        let start = place(span.start);
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message = format!("more than {NODES_MAX} values");
            return Err(Fault::at(start, message).hint("a configuration is smaller"));
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse(start, anchor, tag.is_some())?;
                let unwritten = text.is_empty() && style == ScalarStyle::Plain;
                Ok(Node {
                    place: key.filter(|_| unwritten).unwrap_or(start),
                    value: Value::Scalar(Scalar {
                        text: text.into_owned(),
                        quoted: style != ScalarStyle::Plain,
                    }),
                })
            }
            Event::SequenceStart(anchor, tag) => {
                refuse(start, anchor, tag.is_some())?;
                self.nested(start, Self::sequence)
            }
            Event::MappingStart(anchor, tag) => {
                refuse(start, anchor, tag.is_some())?;
                self.nested(start, Self::mapping)
            }
            Event::Alias(_) => Err(Fault::at(start, "an alias stands here")
                .hint("aliases are not read: write the value itself")),
            _ => Err(Fault::at(start, "a value is expected here")),
        }
    }

    fn nested(
        &mut self,
        start: Place,
        read: fn(&mut Self) -> Result<Value, Fault>,
    ) -> Result<Node, Fault> {
        if self.depth == DEPTH_MAX {
            return Err(too_deep(start));
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(Node {
            place: start,
            value,
        })
    }

    fn sequence(&mut self) -> Result<Value, Fault> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Value::Sequence(items));
            }
            items.push(self.node(event, span, None)?);
        }
    }

    fn mapping(&mut self) -> Result<Value, Fault> {
        let mut entries = Vec::new();
        let mut places: BTreeMap<String, Place> = BTreeMap::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Value::Mapping(entries));
            }
            let at = place(span.start);
            let Value::Scalar(key) = self.node(event, span, None)?.value else {
                return Err(Fault::at(at, "a key is a list or a mapping")
                    .hint("write a word, a colon, a blank and the value"));
            };
            let (event, span) = self.next()?;
            let value = self.node(event, span, Some(at))?;
            if let Some(first) = places.get(&key.text) {
                let message = format!("key {} is given twice", quote(&key.text));
                let hint = format!("first at line {}", first.line);
                self.diagnostics
                    .report(Fault::at(at, message).of_key(&key.text).hint(hint));
                continue;
            }
            places.insert(key.text.clone(), at);
            entries.push(Entry {
                place: at,
                key: key.text,
                value,
            });
        }
    }
}

fn too_deep(at: Place) -> Fault {
    let message = format!("nested deeper than {DEPTH_MAX} levels");
    Fault::at(at, message).hint("a configuration is flatter")
}

fn refuse(at: Place, anchor: usize, tagged: bool) -> Result<(), Fault> {
    if anchor != 0 {
        return Err(Fault::at(at, "an anchor stands here")
            .hint("anchors are not read: a text that begins with & needs quotes"));
    }
    if tagged {
        return Err(Fault::at(at, "a tag stands here")
            .hint("tags are not read: a text that begins with ! needs quotes"));
    }
    Ok(())
}

/// The parser counts columns from 0, people count them from 1.
fn place(marker: Marker) -> Place {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Place {
        line: number(marker.line()).max(1),
        column: number(marker.col()).saturating_add(1),
    }
}

/// A syntax fault in our words where the cause is a frequent one, else in the parser's.
fn syntax(text: &str, error: &ScanError) -> Fault {
    let at = place(*error.marker());
    if let Some(tab) = indenting_tab(text, at) {
        return Fault::at(tab, "a tab indents this line").hint("indent with blanks");
    }
    if error.info() == "recursion limit exceeded" {
        return too_deep(at);
    }
    let line = lines(text).nth(at.line as usize - 1).unwrap_or_default();
    let here = line.chars().nth(at.column as usize - 1);
    if matches!(here, Some('@' | '`' | '%')) {
        return Fault::at(at, "a text cannot begin with this character")
            .hint("put the text in quotes");
    }
    Fault::at(at, format!("not valid YAML: {}", error.info()))
        .hint("check indentation, colons, quotes and brackets here and just above")
}

/// The lines as YAML counts them: a carriage return ends one, alone or with a line feed behind it.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.filter(|text| !text.is_empty())?;
        let Some((line, end)) = text
            .find(['\n', '\r'])
            .and_then(|at| text.split_at_checked(at))
        else {
            rest = None;
            return Some(text);
        };
        rest = end.strip_prefix("\r\n").or_else(|| end.get(1..));
        Some(line)
    })
}

/// The place of a tab in the indentation of the faulty line or of the line before it.
fn indenting_tab(text: &str, at: Place) -> Option<Place> {
    [at.line, at.line.saturating_sub(1)]
        .into_iter()
        .filter(|line| *line > 0)
        .find_map(|number| {
            let line = lines(text).nth(number as usize - 1)?;
            let indent = line.chars().take_while(|c| c.is_whitespace());
            let column = indent.zip(1..).find(|(c, _)| *c == '\t')?.1;
            Some(Place {
                line: number,
                column,
            })
        })
}

#[cfg(test)]
mod tests;
