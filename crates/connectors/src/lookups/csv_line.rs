//! One line of a CSV file.

/// The fields of one line (RFC 4180, without line ends inside quotes). Blanks around a field do not count.
pub(super) fn fields(line: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        let after = if let Some(quoted) = rest.strip_prefix('"') {
            let (field, after) = unquoted(quoted)?;
            fields.push(field);
            after.trim_start()
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (field, after) = rest.split_at(end);
            if field.contains('"') {
                return Err("a quote in the middle of a field".to_owned());
            }
            fields.push(field.trim_end().to_owned());
            after
        };
        if after.is_empty() {
            return Ok(fields);
        }
        rest = after
            .strip_prefix(',')
            .ok_or_else(|| "text after a closing quote".to_owned())?;
    }
}

/// The text up to the closing quote, a doubled quote standing for one, and what follows.
fn unquoted(mut rest: &str) -> Result<(String, &str), String> {
    let mut field = String::new();
    loop {
        let (text, after) = rest.split_once('"').ok_or("a quote is not closed")?;
        field.push_str(text);
        let Some(after_pair) = after.strip_prefix('"') else {
            return Ok((field, after));
        };
        field.push('"');
        rest = after_pair;
    }
}
