//! Reads `.env` files: `KEY=VALUE` lines, `#` comments, an optional `export`, quotes. No substitution: a `$` in a
//! secret stays a `$`.

/// A line that is no assignment. Names the line, never its content: it may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`.env` line {line}: {problem}")]
pub struct BadLine {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// The assignments of a file, in order.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, BadLine> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines()
        .enumerate()
        .filter_map(|(at, line)| {
            let line = line.trim();
            let line = line.strip_prefix("export ").map_or(line, str::trim_start);
            if line.is_empty() || line.starts_with('#') {
                return None;
            }
            Some(assignment(line).map_err(|problem| BadLine {
                line: at + 1,
                problem,
            }))
        })
        .collect()
}

fn assignment(line: &str) -> Result<(String, String), &'static str> {
    let (key, value) = line
        .split_once('=')
        .ok_or("expected `NAME=value` or a comment")?;
    let key = key.trim_end();
    let named = !key.is_empty()
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !named {
        return Err("a name consists of A-Z a-z 0-9 and _");
    }
    Ok((key.to_owned(), unquote(value.trim_start())?))
}

fn unquote(value: &str) -> Result<String, &'static str> {
    let quote = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => quote,
        // Unquoted: up to a comment that stands apart.
        _ => {
            let end = value
                .find(" #")
                .or_else(|| value.starts_with('#').then_some(0))
                .unwrap_or(value.len());
            return Ok(value.get(..end).unwrap_or_default().trim_end().to_owned());
        }
    };
    let mut out = String::new();
    let mut chars = value.chars();
    chars.next();
    loop {
        match chars.next() {
            None => return Err("a quote is not closed on its line"),
            Some(c) if c == quote => break,
            Some('\\') if quote == '"' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(c) => out.push(c),
                None => return Err("a quote is not closed on its line"),
            },
            Some(c) => out.push(c),
        }
    }
    let rest = chars.as_str().trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        Ok(out)
    } else {
        Err("something follows the closing quote")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let read = parse(
            "# c\n\nA=1\nexport B = two words # note\nC=\"a \\\"q\\\" # b\\n\" # c\nD='$x\\n'\nE=\nF=a#b\nG=#x\r\n",
        )
        .unwrap();
        let pairs: Vec<_> = read.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("A", "1"),
                ("B", "two words"),
                ("C", "a \"q\" # b\n"),
                ("D", "$x\\n"),
                ("E", ""),
                ("F", "a#b"),
                ("G", "")
            ]
        );
    }

    #[test]
    fn bad_lines_name_the_line_only() {
        let error = parse("A=1\n123456:secret\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(!error.to_string().contains("secret"));
        assert!(parse("A='x").is_err());
        assert!(parse("A='x' y").is_err());
        assert!(parse("1A=x").is_err());
    }
}
