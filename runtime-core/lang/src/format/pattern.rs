//! CLDR date patterns: what may stand in them.
//! <https://unicode.org/reports/tr35/tr35-dates.html#Date_Field_Symbol_Table>

use super::when::Compiled;
use icu_locale_core::Locale;

/// Longest pattern, in bytes.
const LONGEST: usize = 200;

/// Fields that are printed, with the greatest number of letters: of a date, and of a time.
const DATE_FIELDS: [(char, usize); 11] = [
    ('G', 5),
    ('y', 9),
    ('u', 9),
    ('M', 5),
    ('L', 5),
    ('d', 2),
    ('D', 3),
    ('F', 1),
    ('E', 6),
    ('e', 6),
    ('c', 6),
];
const TIME_FIELDS: [(char, usize); 8] = [
    ('H', 2),
    ('h', 2),
    ('K', 2),
    ('m', 2),
    ('s', 2),
    ('a', 5),
    ('b', 5),
    ('B', 5),
];

/// Checks a CLDR date pattern: `Err` says what is wrong (unknown field, time field for a date, …).
pub fn check_pattern(pattern: &str, has_date: bool, has_time: bool) -> Result<(), String> {
    if pattern.len() > LONGEST {
        return Err(format!("the pattern is longer than {LONGEST} bytes"));
    }
    let fields = fields(pattern)?;
    if fields.is_empty() {
        return Err(
            "the pattern prints no part of the value; `d MMMM y, HH:mm` prints a day and a time"
                .to_owned(),
        );
    }
    for (letter, count) in &fields {
        let run = letter.to_string().repeat(*count);
        let find = |known: &[(char, usize)]| {
            known
                .iter()
                .find(|(known, _)| known == letter)
                .map(|(_, most)| *most)
        };
        let most = match (find(&DATE_FIELDS), find(&TIME_FIELDS)) {
            (Some(_), _) if !has_date => {
                return Err(format!("`{run}` is part of a date, and a time has none"));
            }
            (_, Some(_)) if !has_time => {
                return Err(format!("`{run}` is part of a time, and a date has none"));
            }
            (Some(most), _) | (_, Some(most)) => most,
            _ => return Err(unknown(&run, *letter)),
        };
        if *count > most || (matches!(letter, 'e' | 'c') && *count < 3) {
            return Err(format!(
                "`{run}` has {count} letters, which CLDR does not have for `{letter}`"
            ));
        }
    }
    let locale = Locale::try_from_str("en").unwrap_or(Locale::UNKNOWN);
    if Compiled::new(&locale, pattern).is_none() {
        // Names of one kind are loaded in one length and form only.
        return Err("the pattern names the same part in two ways; write months, weekdays and day periods in one form".to_owned());
    }
    Ok(())
}

fn unknown(run: &str, letter: char) -> String {
    let instead = match letter {
        'Y' | 'w' | 'W' => "weeks are not printed; write `y` for the year",
        'k' => "write `H` for hours from 0 to 23",
        'S' | 'A' => "times are whole seconds; write `s`",
        'z' | 'Z' | 'O' | 'v' | 'V' | 'X' | 'x' => "the zone is the bot's own and is not printed",
        'n' | 'N' | 'i' => "write `mm` for minutes, `MM` for months",
        'Q' | 'q' => "quarters are not printed",
        _ => "put words into '…'",
    };
    format!("`{run}` is no part of a date or time; {instead}")
}

/// Runs of letters outside quotes, in order.
pub(super) fn fields(pattern: &str) -> Result<Vec<(char, usize)>, String> {
    let mut fields: Vec<(char, usize)> = Vec::new();
    let (mut quoted, mut last) = (false, None);
    for char in pattern.chars() {
        // `''` opens and closes: a quote by itself, or inside quotes.
        if char == '\'' {
            quoted = !quoted;
        }
        if quoted || !char.is_ascii_alphabetic() {
            last = None;
            continue;
        }
        match fields.last_mut() {
            Some((letter, count)) if last == Some(char) && *letter == char => *count += 1,
            _ => fields.push((char, 1)),
        }
        last = Some(char);
    }
    if quoted {
        Err("a quote is never closed; write `''` for an apostrophe".to_owned())
    } else {
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_patterns() {
        for pattern in [
            "d MMMM",
            "d MMMM y, HH:mm",
            "EEEE, d MMM",
            "dd.MM.yyyy HH:mm:ss",
            "LLLL y",
            "h:mm a",
            "d 'de' MMMM",
            "h 'o''clock'",
            "ccc d",
            "G y",
            "HH''mm",
            "d/M/yy",
            "EEEEEE",
            "B h",
        ] {
            assert_eq!(check_pattern(pattern, true, true), Ok(()), "{pattern}");
        }
        assert_eq!(check_pattern("HH:mm", false, true), Ok(()));
        assert_eq!(check_pattern("d MMMM", true, false), Ok(()));
    }

    #[test]
    fn bad_patterns() {
        for (pattern, message) in [
            ("", "prints no part"),
            ("'only words'", "prints no part"),
            ("d 'MMMM", "never closed"),
            ("YYYY", "`YYYY` is no part"),
            ("d MMMM w", "weeks are not printed"),
            ("HH:mm z", "the zone"),
            ("d of MMMM", "`o` is no part"),
            ("ddd", "3 letters"),
            ("MMMMMM", "6 letters"),
            ("c", "1 letters"),
            ("MMM LLLL", "in two ways"),
            ("E EEEE", "in two ways"),
            ("mm:SS", "whole seconds"),
        ] {
            let found = check_pattern(pattern, true, true).unwrap_err();
            assert!(found.contains(message), "{pattern}: {found}");
        }
        assert!(
            check_pattern("d MMMM, HH:mm", true, false)
                .unwrap_err()
                .contains("part of a time")
        );
        assert!(
            check_pattern("d HH:mm", false, true)
                .unwrap_err()
                .contains("part of a date")
        );
        assert!(
            check_pattern(&"d ".repeat(200), true, true)
                .unwrap_err()
                .contains("longer")
        );
    }

    #[test]
    fn every_accepted_pattern_can_be_compiled_in_every_locale() {
        for tag in ["ru", "en", "de", "ar", "ja", "hi", "he", "th"] {
            let locale = Locale::try_from_str(tag).unwrap();
            for (letter, most) in DATE_FIELDS.iter().chain(&TIME_FIELDS) {
                for count in 1..=*most {
                    let pattern = letter.to_string().repeat(count);
                    if check_pattern(&pattern, true, true).is_ok() {
                        assert!(
                            Compiled::new(&locale, &pattern).is_some(),
                            "{tag} {pattern}"
                        );
                    }
                }
            }
        }
    }
}
