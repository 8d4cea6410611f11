//! Numbers, kept as text until somebody asks for a value, because only the text tells whether a double carries it.

use serde_json::Number;

/// Integers up to this magnitude have a double of their own, and so have both neighbours.
const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;
/// Integers of at most this many digits are below 2^53 whatever they are.
const ALWAYS_EXACT_DIGITS: usize = 15;
/// No double needs more significant digits than this to be told from every other.
const MAX_SIGNIFICANT_DIGITS: usize = 17;

/// A number as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonNumber<'a> {
    text: &'a str,
}

impl<'a> JsonNumber<'a> {
    /// The caller has checked that `text` follows the JSON grammar for numbers.
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// The number as it was written.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// The value, if it was written without fraction and exponent and fits.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        self.text.parse().ok()
    }

    /// Whether it was written without fraction and exponent.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        !self.text.contains(['.', 'e', 'E'])
    }

    /// The value, if the canonical encoding (RFC 8785, doubles only) denotes exactly the number that was written.
    ///
    /// `0.1` and `1e300` pass, because their canonical text is the same decimal number. `9007199254740993` (a double
    /// rounds it), `1e400` (no double is that large) and `0.12345678901234567890` (too many digits) do not.
    #[must_use]
    pub fn exact(&self) -> Option<Number> {
        if self.text.len() <= ALWAYS_EXACT_DIGITS
            && let Some(integer) = self.as_integer()
        {
            return Some(Number::from(integer));
        }
        let value: f64 = self.text.parse().ok()?;
        // The text that the canonical encoding is made of; see there why it is not the standard library's.
        let shortest = Number::from_f64(value)?.to_string();
        if Decimal::parse(self.text)? != Decimal::parse(&shortest)? {
            return None;
        }
        if value.fract() == 0.0 && value.abs() <= MAX_EXACT_INTEGER {
            // Whole numbers are held as integers however they were written, so that equal numbers are equal values.
            #[expect(clippy::cast_possible_truncation, reason = "a whole number of at most 2^53 is an i64")]
            return Some(Number::from(value as i64));
        }
        Number::from_f64(value)
    }
}

/// A decimal number as significant digits and a power of ten; equal numbers are equal values.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// `None` if it has more digits than any double needs, which makes it inexact.
    fn parse(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let significant = whole.bytes().chain(fraction.bytes()).skip_while(|digit| *digit == b'0');
        let (mut digits, mut zeros) = (String::new(), 0_usize);
        for digit in significant {
            if digit == b'0' {
                zeros += 1;
                continue;
            }
            digits.extend(std::iter::repeat_n('0', zeros.min(MAX_SIGNIFICANT_DIGITS)));
            digits.push(char::from(digit));
            zeros = 0;
            if digits.len() > MAX_SIGNIFICANT_DIGITS {
                return None;
            }
        }
        if digits.is_empty() {
            // Minus zero is zero: the canonical encoding has only one.
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        let written = exponent.parse::<i64>().ok()?;
        let shift = i64::try_from(zeros).ok()?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        Some(Self { negative, digits, exponent: written.checked_add(shift)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_shortest_text_of_a_double_is_exact(double in any::<f64>()) {
            prop_assume!(double.is_finite());
            let text = Number::from_f64(double).unwrap().to_string();
            let exact = JsonNumber::new(&text).exact().and_then(|number| number.as_f64());
            prop_assert_eq!(exact, Some(double));
        }

        #[test]
        fn small_integers_are_exact_and_odd_large_ones_are_not(integer in any::<i64>(), shift in 0_u32..40) {
            const LIMIT: u64 = 1 << 53;
            let integer = integer >> shift;
            let text = integer.to_string();
            let exact = JsonNumber::new(&text).exact().and_then(|number| number.as_i64());
            if integer.unsigned_abs() <= LIMIT {
                prop_assert_eq!(exact, Some(integer));
            } else if integer % 2 != 0 {
                prop_assert_eq!(exact, None);
            }
        }
    }

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let exact = JsonNumber::new(text).exact().map(|number| number.to_string());
        assert_eq!(exact.as_deref(), expected, "{text}");
    }

    #[test]
    fn a_number_is_exact_if_its_canonical_text_is_the_same_number() {
        check("0", Some("0"));
        check("-0", Some("0"));
        check("-0.0e5", Some("0"));
        check("0e999999999999999999999", Some("0"));
        check("60.0", Some("60"));
        check("6e1", Some("60"));
        check("1.10", Some("1.1"));
        check("0.1", Some("0.1"));
        check("-2.5E-3", Some("-0.0025"));
        check("999999999999999", Some("999999999999999"));
        check("9007199254740991", Some("9007199254740991"));
        check("9007199254740992", Some("9007199254740992"));
        check("100000000000000000000", Some("1e+20"));
        check("1e300", Some("1e+300"));
        check("5e-324", Some("5e-324"));
        check("2132090654217233.2", Some("2132090654217233.2"));
    }

    #[test]
    fn a_number_that_a_double_would_change_is_not_exact() {
        check("9007199254740993", None);
        check("-9007199254740993", None);
        check("18446744073709551615", None);
        check("1152921504606846976", None);
        check("0.1000000000000000055511151231257827", None);
        check("0.12345678901234567890", None);
        check("2132090654217233.3", None);
        check("1e400", None);
        check("-1e400", None);
        check("1e-400", None);
        check("1e99999999999999999999", None);
        check(&"9".repeat(100_000), None);
    }

    #[test]
    fn only_plain_digits_are_an_integer() {
        assert_eq!(JsonNumber::new("-12").as_integer(), Some(-12));
        assert_eq!(JsonNumber::new("60.0").as_integer(), None);
        assert_eq!(JsonNumber::new("6e1").as_integer(), None);
        assert_eq!(JsonNumber::new("9223372036854775808").as_integer(), None);
        assert!(JsonNumber::new("9223372036854775808").is_integer());
    }
}
