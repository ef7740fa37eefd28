//! Phone numbers and e-mail addresses.

use super::{Refusal, Wanted};

/// A phone number: digits, spaces, `()-`, optional `+`; 5 to 15 digits (E.164 has at most 15); kept as `+` and
/// digits where a `+` was given, else digits.
pub fn phone(typed: &str) -> Result<String, Refusal> {
    let typed = typed.trim();
    let (plus, rest) = match typed.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, typed),
    };
    let mut out = String::from(if plus { "+" } else { "" });
    for char in rest.chars() {
        match char {
            // One more than fits is enough to refuse.
            '0'..='9' if out.len() <= 16 => out.push(char),
            ' ' | '\u{a0}' | '\u{202f}' | '(' | ')' | '-' | '‑' | '–' => {}
            _ => return Err(Refusal::Malformed(Wanted::Phone)),
        }
    }
    let digits = out.len() - usize::from(plus);
    if (5..=15).contains(&digits) {
        Ok(out)
    } else {
        Err(Refusal::Malformed(Wanted::Phone))
    }
}

/// An e-mail address of the plain `local@domain.tld` form, at most 254 characters (RFC 5321).
pub fn email(typed: &str) -> Result<String, Refusal> {
    let typed = typed.trim();
    let fine = typed.len() <= 254
        && typed
            .rsplit_once('@')
            .is_some_and(|(local, domain)| is_local(local) && is_domain(domain));
    if fine {
        Ok(typed.to_owned())
    } else {
        Err(Refusal::Malformed(Wanted::Email))
    }
}

/// Words of RFC 5322's unquoted characters, between dots; at most 64 bytes.
fn is_local(local: &str) -> bool {
    let fits = |char: char| char.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(char);
    local.len() <= 64
        && local
            .split('.')
            .all(|word| !word.is_empty() && word.chars().all(fits))
}

/// At least two labels, the last one a name.
fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|char| char.is_alphanumeric() || char == '-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.')
        && domain.split('.').all(label)
        && top.chars().count() >= 2
        && !top.chars().all(|char| char.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones() {
        assert_eq!(phone("+7 (912) 345-67-89"), Ok("+79123456789".into()));
        assert_eq!(phone("8 912 345 67 89"), Ok("89123456789".into()));
        assert_eq!(phone("12345"), Ok("12345".into()));
        assert_eq!(phone("+123456789012345"), Ok("+123456789012345".into()));
        for typed in [
            "",
            "1234",
            "+1234567890123456",
            "1234567890123456",
            "12345a",
            "1+2345",
            "++12345",
            "phone",
            "٣٤٥٦٧",
        ] {
            assert_eq!(
                phone(typed),
                Err(Refusal::Malformed(Wanted::Phone)),
                "{typed}"
            );
        }
        assert!(phone(&"1".repeat(100_000)).is_err());
    }

    #[test]
    fn emails() {
        for typed in [
            "a@b.co",
            "first.last+tag@mail.example.com",
            "o'neil@x-y.org",
            "почта@пример.рф",
            "a@xn--e1afmkfd.xn--p1ai",
        ] {
            assert_eq!(email(typed), Ok(typed.to_owned()));
        }
        assert_eq!(email("  a@b.co "), Ok("a@b.co".into()));
        let long = format!("{}@b.co", "a".repeat(65));
        for typed in [
            "",
            "a",
            "@b.co",
            "a@",
            "a@b",
            "a@b.c",
            "a b@c.de",
            "a@b..co",
            ".a@b.co",
            "a.@b.co",
            "a@-b.co",
            "a@b-.co",
            "a@b.co.",
            "a@1.2.3.44",
            "a@@b.co",
            "<a@b.co>",
            long.as_str(),
        ] {
            assert_eq!(
                email(typed),
                Err(Refusal::Malformed(Wanted::Email)),
                "{typed}"
            );
        }
    }
}
