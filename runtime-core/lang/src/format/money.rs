//! Money. ICU4X has no stable currency formatter yet; the few facts of CLDR that are needed stand here:
//! where the symbol goes (`currencyFormats`, standard) and the narrow symbols.

use super::number::Numbers;
use icu_locale_core::Locale;

/// Where the symbol stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// `$1.50`.
    Before,
    /// `R$ 1,50`.
    BeforeSpaced,
    /// `1,50 ₽`.
    After,
}

const NO_BREAK_SPACE: char = '\u{a0}';

impl Layout {
    pub fn of(locale: &Locale) -> Self {
        let language = locale.id.language;
        let region = locale.id.region.map(|region| region.to_tinystr());
        match (
            language.as_str(),
            region.as_ref().map(|region| region.as_str()),
        ) {
            ("pt", Some("PT" | "AO" | "CH" | "CV" | "GW" | "LU" | "MO" | "MZ" | "ST" | "TL")) => {
                Self::After
            }
            ("de", Some("AT" | "CH" | "LI")) | ("it", Some("CH")) => Self::BeforeSpaced,
            ("es", None | Some("ES" | "EA" | "IC" | "GQ" | "PH")) => Self::After,
            ("es", _) => Self::Before,
            ("pt" | "nl" | "id" | "ms" | "sw" | "mn" | "jv" | "so", _) => Self::BeforeSpaced,
            (
                "en" | "zh" | "ja" | "ko" | "th" | "tr" | "hi" | "bn" | "ta" | "te" | "kn" | "ml"
                | "gu" | "mr" | "pa" | "fil" | "ga" | "cy" | "si" | "am" | "yue" | "zu" | "ig"
                | "yo" | "ha",
                _,
            ) => Self::Before,
            _ => Self::After,
        }
    }

    pub fn print(self, numbers: &Numbers, units: i64, scale: u8, currency: &str, out: &mut String) {
        let symbol = symbol(currency);
        if units < 0 {
            out.push_str(numbers.minus());
        }
        if self != Self::After {
            out.push_str(symbol);
            // CLDR's currencySpacing: a letter next to a digit needs a space.
            if self == Self::BeforeSpaced || symbol.ends_with(char::is_alphabetic) {
                out.push(NO_BREAK_SPACE);
            }
        }
        numbers.unsigned(units, scale, out);
        if self == Self::After {
            out.push(NO_BREAK_SPACE);
            out.push_str(symbol);
        }
    }
}

/// CLDR's narrow symbol, else the code.
fn symbol(currency: &str) -> &str {
    match currency {
        "RUB" => "₽",
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "JPY" | "CNY" => "¥",
        "UAH" => "₴",
        "KZT" => "₸",
        "BYN" => "Br",
        "GEL" => "₾",
        "AMD" => "֏",
        "AZN" => "₼",
        "TRY" => "₺",
        "INR" => "₹",
        "KRW" => "₩",
        "ILS" => "₪",
        "VND" => "₫",
        "PLN" => "zł",
        "CZK" => "Kč",
        "HUF" => "Ft",
        "SEK" | "NOK" | "DKK" => "kr",
        "BRL" => "R$",
        "CAD" => "CA$",
        "AUD" => "A$",
        "NZD" => "NZ$",
        "HKD" => "HK$",
        "MXN" => "MX$",
        "TWD" => "NT$",
        "THB" => "฿",
        "PHP" => "₱",
        "NGN" => "₦",
        "MNT" => "₮",
        // Telegram Stars.
        "XTR" => "⭐",
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Formats;
    use jiff::tz::TimeZone;

    #[test]
    fn in_the_locales_order() {
        for (tag, units, scale, currency, text) in [
            ("ru", 123_450, 2, "RUB", "1\u{a0}234,50\u{a0}₽"),
            ("ru", -123_450, 2, "USD", "-1\u{a0}234,50\u{a0}$"),
            ("en", 123_450, 2, "USD", "$1,234.50"),
            ("en", -5, 2, "USD", "-$0.05"),
            ("en", 500, 0, "XTR", "⭐500"),
            ("en", 500, 2, "CHF", "CHF\u{a0}5.00"),
            ("de", 123_450, 2, "EUR", "1.234,50\u{a0}€"),
            ("pt-BR", 123_450, 2, "BRL", "R$\u{a0}1.234,50"),
            ("ja", 1234, 0, "JPY", "¥1,234"),
            ("es-MX", 500, 2, "MXN", "MX$5.00"),
            ("en", i64::MIN, 2, "USD", "-$92,233,720,368,547,758.08"),
        ] {
            let mut out = String::new();
            Formats::new(tag, TimeZone::UTC).money(units, scale, currency, &mut out);
            assert_eq!(out, text, "{tag}");
        }
    }
}
