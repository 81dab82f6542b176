//! Puts variables into the scalars of a tree. It works after the syntax was read, on values only, so that a
//! variable can never add a key, a list or a line.

use cresset_model::config::{Diagnostics, Fault, Node, Place, Scalar, Value, quote};

use super::environment::{Environment, is_variable_name};

/// Bytes of one scalar with its variables.
const SCALAR_BYTES_MAX: usize = 64 << 10;

const FORMS: &str =
    "write ${NAME}, ${NAME:-default} or ${NAME:?message}; a dollar sign itself is $$";

/// Replaces `${NAME}`, `${NAME:-default}`, `${NAME:?message}` and `$$` in every scalar value. A variable
/// that is not defined is a fault.
pub(super) fn substitute(node: &mut Node, environment: &Environment, diagnostics: &Diagnostics) {
    match &mut node.value {
        Value::Scalar(scalar) => {
            if let Err(fault) = replace(scalar, node.place, environment) {
                diagnostics.report(fault);
                node.value = Value::Faulty;
            }
        }
        Value::Sequence(items) => {
            for item in items {
                substitute(item, environment, diagnostics);
            }
        }
        Value::Faulty => {}
        Value::Mapping(entries) => {
            for entry in entries {
                substitute(&mut entry.value, environment, diagnostics);
            }
        }
    }
}

fn replace(scalar: &mut Scalar, place: Place, environment: &Environment) -> Result<(), Fault> {
    if !scalar.text.contains('$') {
        return Ok(());
    }
    let mut out = String::new();
    let mut rest = scalar.text.as_str();
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(tail) = after.strip_prefix('$') {
            out.push('$');
            rest = tail;
        } else if let Some(inner) = after.strip_prefix('{') {
            let (expression, tail) = inner
                .split_once('}')
                .ok_or_else(|| Fault::at(place, "${ without its closing }").hint(FORMS))?;
            out.push_str(&value(expression, place, environment)?);
            rest = tail;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    if out.len() > SCALAR_BYTES_MAX {
        return Err(Fault::at(place, "too long with its variables")
            .hint(format!("at most {SCALAR_BYTES_MAX} bytes are taken")));
    }
    scalar.text = out;
    // An empty variable is an empty text and not an absent value.
    scalar.quoted = true;
    Ok(())
}

fn value(expression: &str, place: Place, environment: &Environment) -> Result<String, Fault> {
    let (name, otherwise) = match expression.split_once(':') {
        Some((name, otherwise)) => (name, Some(otherwise)),
        None => (expression, None),
    };
    if !is_variable_name(name) || otherwise.is_some_and(|text| text.contains("${")) {
        return Err(Fault::at(place, "a variable is written in no known form").hint(FORMS));
    }
    let found = environment.get(name);
    match otherwise.map(|text| text.split_at_checked(1)) {
        None => found.ok_or_else(|| {
            let hint = format!("define it, or write a default: ${{{name}:-default}}");
            Fault::at(place, format!("variable {} is not defined", quote(name))).hint(hint)
        }),
        Some(Some(("-", default))) => Ok(found
            .filter(|value| !value.is_empty())
            .unwrap_or_else(|| default.to_owned())),
        Some(Some(("?", message))) => found.filter(|value| !value.is_empty()).ok_or_else(|| {
            let fault = Fault::at(place, format!("variable {} is not set", quote(name)));
            if message.is_empty() {
                fault.hint("define it, it must not be empty")
            } else {
                // A fault is told on one line, and the text may lie over many.
                let words: Vec<&str> = message.split_whitespace().collect();
                fault.hint(words.join(" "))
            }
        }),
        Some(_) => Err(Fault::at(place, "a variable is written in no known form").hint(FORMS)),
    }
}

#[cfg(test)]
mod tests;
