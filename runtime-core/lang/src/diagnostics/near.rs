//! Did you mean …? One function for every name of the language.

/// Names below this length are a letter away from too many others to be written by a machine.
const SHORT: usize = 3;
/// What is longer, in bytes, is no misspelt name; the search would cost its length squared.
const LONGEST: usize = 200;

/// The name that was probably meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meant<'a> {
    /// The name.
    pub word: &'a str,
    /// No other name is as near: a machine may write it.
    pub only: bool,
}

/// The word in `known` that `wrong` was probably meant to be.
pub fn meant<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<Meant<'a>> {
    if wrong.len() > LONGEST {
        return None;
    }
    let folded = fold(wrong);
    let mut best: Option<(usize, Meant<'a>)> = None;
    let short = folded.chars().count() < SHORT;
    for word in known {
        let distance = distance(wrong, &folded, word);
        let Some(distance) = distance else { continue };
        match &mut best {
            Some((d, meant)) if *d == distance => meant.only &= meant.word == word,
            Some((d, _)) if *d < distance => {}
            _ => {
                let only = distance < 2 || !short && word.chars().count() >= SHORT;
                best = Some((distance, Meant { word, only }));
            }
        }
    }
    best.map(|(_, meant)| meant)
}

/// The same without the question whether others are as near.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    meant(wrong, known).map(|meant| meant.word)
}

/// How far `word` is from what was written; `None`: too far. Nearest of all is what only looks different, or the same:
/// another case, `-` for `_`, Cyrillic letters that look like Latin ones.
fn distance(wrong: &str, folded: &str, word: &str) -> Option<usize> {
    let right = fold(word);
    if right == folded {
        return Some(usize::from(wrong != word));
    }
    let (a, b) = (right.chars().count(), folded.chars().count());
    // Of a name of one letter every other is a typo.
    let most = usize::from(a.max(b) > 1).max(a.min(b) / 3);
    // The distance is at least what one of them is longer.
    let edits = (a.abs_diff(b) <= most).then(|| strsim::damerau_levenshtein(folded, &right))?;
    (edits <= most).then_some(2 * edits)
}

/// What two spellings of one name have in common.
fn fold(name: &str) -> String {
    name.chars()
        .map(latin)
        .flat_map(char::to_lowercase)
        .map(|c| if c == '-' { '_' } else { c })
        .collect()
}

/// A name with the Latin letters that its Cyrillic ones look like.
pub fn in_latin(name: &str) -> String {
    name.chars().map(latin).collect()
}

/// The words under a caret where `wrong` only looks like `right`.
pub(super) fn look_alikes(wrong: &str, right: &str) -> Option<String> {
    let same = in_latin(wrong);
    if !same.eq_ignore_ascii_case(right) {
        return None;
    }
    let letters: Vec<String> = wrong
        .chars()
        .filter(|c| latin(*c) != *c)
        .map(|c| format!("`{c}`"))
        .collect();
    match letters.as_slice() {
        [] => None,
        [one] => Some(format!("the {one} is a Cyrillic letter")),
        _ => Some(format!("{} are Cyrillic letters", letters.join(", "))),
    }
}

/// The Latin letter that a Cyrillic one looks like; else the letter itself.
fn latin(c: char) -> char {
    match c {
        'а' => 'a',
        'с' => 'c',
        'ԁ' => 'd',
        'е' | 'ё' => 'e',
        'һ' => 'h',
        'і' | 'ї' => 'i',
        'ј' => 'j',
        'о' => 'o',
        'р' => 'p',
        'ѕ' => 's',
        'х' => 'x',
        'у' => 'y',
        'А' => 'A',
        'В' => 'B',
        'С' => 'C',
        'Е' | 'Ё' => 'E',
        'Н' => 'H',
        'І' | 'Ї' => 'I',
        'Ј' => 'J',
        'К' => 'K',
        'М' => 'M',
        'О' => 'O',
        'Р' => 'P',
        'Ѕ' => 'S',
        'Т' => 'T',
        'Х' => 'X',
        'У' => 'Y',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = ["service", "slot", "user_id", "created_at", "note", "notes"];

    #[test]
    fn spellings() {
        let near = |wrong| meant(wrong, NAMES).map(|m| (m.word, m.only));
        for (wrong, right) in [
            ("servise", "service"),
            ("sevrice", "service"),
            ("servic", "service"),
            ("services", "service"),
            ("Service", "service"),
            ("user-id", "user_id"),
            ("userid", "user_id"),
            // Cyrillic `с` and `е`.
            ("serviсе", "service"),
            ("createdAt", "created_at"),
            ("slto", "slot"),
            // As it is written, but for the case: nearer than one letter less.
            ("NOTES", "notes"),
        ] {
            assert_eq!(near(wrong), Some((right, true)), "{wrong}");
        }
        assert_eq!(near("price"), None);
        assert_eq!(near(""), None);
        assert_eq!(meant("m", ["n"]), None);
        assert_eq!(meant("ix", ["id"]).map(|m| m.only), Some(false));
        assert_eq!(meant("not", ["note", "nota"]).map(|m| m.only), Some(false));
        // The same name from two lists is one name.
        assert_eq!(meant("nte", ["note", "note"]).map(|m| m.only), Some(true));
    }

    /// One letter wrong of any name: it suggests that name, unless another is as near.
    #[test]
    fn one_letter() {
        let codes = super::super::codes::texts::ALL.iter().step_by(5);
        let own = crate::words::own_ids().iter().map(|(id, _)| *id);
        let names: Vec<&str> = codes.map(|c| c.id).chain(NAMES).chain(own).collect();
        let mut tried = 0;
        for name in &names {
            let letters: Vec<char> = name.chars().collect();
            for i in 0..letters.len() {
                for typo in typos(&letters, i) {
                    if names.contains(&typo.as_str()) {
                        continue;
                    }
                    let found = meant(&typo, names.iter().copied());
                    let found = found.unwrap_or_else(|| panic!("`{typo}` for `{name}`: nothing"));
                    let as_near = strsim::damerau_levenshtein(&fold(&typo), &fold(found.word)) <= 1;
                    assert!(as_near, "`{typo}` for `{name}`: {found:?}");
                    assert!(found.word == *name || as_near, "`{typo}`: {found:?}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 1_000, "{tried}");
    }

    fn typos(letters: &[char], at: usize) -> Vec<String> {
        let mut missing = letters.to_vec();
        missing.remove(at);
        let mut wrong = letters.to_vec();
        wrong[at] = if wrong[at] == 'q' { 'z' } else { 'q' };
        let mut twice = letters.to_vec();
        twice.insert(at, letters[at]);
        let mut swapped = letters.to_vec();
        if at > 0 {
            swapped.swap(at - 1, at);
        }
        let all = [missing, wrong, twice, swapped];
        all.iter().map(|l| l.iter().collect()).collect()
    }
}
