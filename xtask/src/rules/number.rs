//! The number of a requirement, as code names it.
use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// Letters of a number as it is written: `R-013`.
const WRITTEN: usize = 5;

/// The number of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(u16);

impl Number {
    /// Reads exactly `R-013`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::digits(text.strip_prefix("R-")?)
    }

    fn digits(text: &str) -> Option<Self> {
        let plain = text.len() == 3 && text.bytes().all(|letter| letter.is_ascii_digit());
        plain.then(|| text.parse().ok().map(Self)).flatten()
    }

    /// Every number in a text, in its order; `XR-013` and `R-0134` are none.
    pub(crate) fn all_in(text: &str) -> Vec<Self> {
        let mut found = Vec::new();
        for (place, _) in text.match_indices("R-") {
            let before = text.get(..place).and_then(|before| before.chars().next_back());
            let after = text.get(place + WRITTEN..).and_then(|after| after.chars().next());
            let alone = |letter: Option<char>| !letter.is_some_and(char::is_alphanumeric);
            let number = text.get(place..place + WRITTEN).and_then(Self::parse);
            found.extend(number.filter(|_| alone(before) && alone(after)));
        }
        found
    }

    /// Every number in the name of a function: `revoking_twice_r_304`.
    pub(crate) fn all_in_name(name: &str) -> Vec<Self> {
        let words: Vec<&str> = name.split(|letter: char| !letter.is_alphanumeric()).collect();
        let pairs = words.iter().zip(words.iter().skip(1));
        pairs
            .filter(|(first, _)| first.eq_ignore_ascii_case("r"))
            .filter_map(|(_, digits)| Self::digits(digits))
            .collect()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "R-{:03}", self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(format!("{text} is not the number of a rule")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_alone() {
        let found = Number::all_in("a hold (R-306), R-301; not XR-302, R-3030 or R-30");
        assert_eq!(found, [Number(306), Number(301)]);
    }

    #[test]
    fn a_name_has_its_number_between_underscores() {
        assert_eq!(Number::all_in_name("r_013_has_three_steps"), [Number(13)]);
        assert_eq!(Number::all_in_name("three_steps_r_013"), [Number(13)]);
        assert_eq!(Number::all_in_name("after_013_days_or_0134"), []);
    }
}
