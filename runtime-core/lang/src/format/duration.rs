//! Durations in words of a locale: `2 min 5 s`, in the two greatest units that they fill.

use icu_locale_core::Locale;

use super::number::Numbers;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The narrow unit names of CLDR: day, hour, minute, second, and what stands between number and unit. Narrow forms have
/// no plurals and no cases, so that they fit into any sentence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    names: [&'static str; 4],
    between: &'static str,
}

impl Units {
    pub fn of(locale: &Locale) -> Self {
        let (names, between) = match locale.id.language.as_str() {
            "ru" => (["д", "ч", "мин", "с"], "\u{a0}"),
            "uk" => (["дн", "год", "хв", "с"], "\u{a0}"),
            "de" => (["T", "Std.", "Min.", "Sek."], "\u{a0}"),
            "fr" => (["j", "h", "min", "s"], "\u{a0}"),
            "it" => (["g", "h", "min", "s"], "\u{a0}"),
            "tr" => (["gün", "sa", "dk", "sn"], "\u{a0}"),
            "zh" => (["天", "小时", "分钟", "秒"], ""),
            "ja" => (["日", "時間", "分", "秒"], ""),
            // The symbols of the units themselves are the same in every language.
            _ => (["d", "h", "min", "s"], "\u{a0}"),
        };
        Self { names, between }
    }

    /// Prints seconds. What is left out rounds up, so that nobody comes too early.
    pub fn print(&self, seconds: i64, numbers: &Numbers, out: &mut String) {
        if seconds < 0 {
            out.push_str(numbers.minus());
        }
        let whole = seconds.unsigned_abs();
        let round = |to: u64| whole.div_ceil(to).saturating_mul(to);
        let parts = if round(MINUTE) >= DAY {
            let whole = round(HOUR);
            [(whole / DAY, 0), (whole % DAY / HOUR, 1)]
        } else if whole >= HOUR {
            let whole = round(MINUTE);
            [(whole / HOUR, 1), (whole % HOUR / MINUTE, 2)]
        } else {
            [(whole / MINUTE, 2), (whole % MINUTE, 3)]
        };
        let mut first = true;
        for (number, unit) in parts {
            let last_of_nothing = whole == 0 && unit == 3;
            if number == 0 && !last_of_nothing {
                continue;
            }
            if !first {
                out.push(' ');
            }
            first = false;
            numbers.int(i64::try_from(number).unwrap_or(i64::MAX), out);
            out.push_str(self.between);
            out.push_str(self.names.get(unit).copied().unwrap_or_default());
        }
    }
}

/// Of all durations up to `seconds`, those one of which is the longest in print.
pub fn longest_durations(seconds: i64) -> Vec<i64> {
    let whole = seconds.unsigned_abs();
    let full = |unit: u64, rest: u64| (whole / unit).saturating_mul(unit).saturating_add(rest);
    let mut all = vec![whole.min(59)];
    for (unit, rest) in [(MINUTE, 59), (HOUR, 59 * MINUTE), (DAY, 23 * HOUR)] {
        if whole >= unit {
            // The greatest count of this unit, and the one that fills it where there is a greater unit.
            let fills = [HOUR - 1, DAY - MINUTE].into_iter().filter(|n| *n <= whole);
            all.extend(fills);
            all.push(full(unit, rest));
        }
    }
    all.into_iter()
        .map(|n| i64::try_from(n).unwrap_or(i64::MAX))
        .map(|n| if seconds < 0 { n.saturating_neg() } else { n })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Formats;
    use crate::length::utf16;
    use jiff::tz::TimeZone;

    fn printed(tag: &str, seconds: i64) -> String {
        let mut out = String::new();
        Formats::new(tag, TimeZone::UTC).duration(seconds, &mut out);
        out.replace('\u{a0}', "_")
    }

    #[test]
    fn two_greatest_units_rounded_up() {
        for (seconds, en, ru) in [
            (0, "0_s", "0_с"),
            (1, "1_s", "1_с"),
            (59, "59_s", "59_с"),
            (60, "1_min", "1_мин"),
            (125, "2_min 5_s", "2_мин 5_с"),
            (3599, "59_min 59_s", "59_мин 59_с"),
            (3600, "1_h", "1_ч"),
            (3601, "1_h 1_min", "1_ч 1_мин"),
            (86_340, "23_h 59_min", "23_ч 59_мин"),
            (86_341, "1_d", "1_д"),
            (86_400, "1_d", "1_д"),
            (90_001, "1_d 2_h", "1_д 2_ч"),
            (30 * 86_400, "30_d", "30_д"),
            (-5, "-5_s", "-5_с"),
        ] {
            assert_eq!(printed("en", seconds), en, "{seconds}");
            assert_eq!(printed("ru-RU", seconds), ru, "{seconds}");
        }
        assert_eq!(printed("zh", 125), "2分钟 5秒");
        assert_eq!(printed("sw", 125), "2_min 5_s");
        assert!(!printed("en", i64::MAX).is_empty() && !printed("en", i64::MIN).is_empty());
    }

    #[test]
    fn none_is_longer_than_the_longest() {
        for tag in ["en", "ru", "de", "zh"] {
            for most in [
                1, 9, 59, 60, 61, 600, 3599, 3600, 7200, 86_399, 86_400, 200_000,
            ] {
                let long = |n| utf16(&printed(tag, n));
                let bound = longest_durations(most).into_iter().map(long).max().unwrap();
                let step = usize::try_from(most / 997 + 1).unwrap();
                for n in (0..=most).step_by(step) {
                    assert!(long(n) <= bound, "{tag} {n} of {most}");
                }
            }
        }
    }
}
