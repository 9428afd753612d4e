//! The check digits of a passport's machine-readable zone (ICAO Doc 9303 parts 3, 4).
//!
//! Check digits find misreadings; they prove nothing about the document: whoever forges one can compute them.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Characters in each of the two lines of a passport (format TD3).
const LINE: usize = 44;

/// The two lines as they were read. They are personal data, so they are wiped after use and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct MachineReadableZone([Zeroizing<String>; 2]);

impl MachineReadableZone {
    /// Takes what was read; nothing is checked yet.
    #[must_use]
    pub fn new(lines: [String; 2]) -> Self {
        Self(lines.map(Zeroizing::new))
    }
}

impl fmt::Debug for MachineReadableZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MachineReadableZone(…)")
    }
}

/// A field that has a check digit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MrzField {
    /// The passport's number.
    DocumentNumber,
    /// The holder's date of birth.
    DateOfBirth,
    /// The passport's last day.
    DateOfExpiry,
    /// What the issuing state uses as it likes.
    PersonalNumber,
    /// All of these together.
    Composite,
}

/// Why a zone is not what a passport bears. No variant repeats what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum MrzRefused {
    /// The lines have another length.
    #[error("the machine-readable zone of a passport has two lines of 44 characters")]
    Length,
    /// A character that no zone has.
    #[error("a machine-readable zone has capital letters, digits, fillers")]
    Character,
    /// The document is no passport.
    #[error("the machine-readable zone is not of a passport")]
    NotAPassport,
    /// A check digit is another one: the zone was misread, or made badly.
    #[error("a check digit of the machine-readable zone is wrong")]
    CheckDigit(MrzField),
}

/// Fields of the second line with the places that their check digit covers, and where it stands, counted from 0.
const CHECKS: [(MrzField, &[RangeInclusive<usize>], usize); 5] = [
    (MrzField::DocumentNumber, &[0..=8], 9),
    (MrzField::DateOfBirth, &[13..=18], 19),
    (MrzField::DateOfExpiry, &[21..=26], 27),
    (MrzField::PersonalNumber, &[28..=41], 42),
    (MrzField::Composite, &[0..=9, 13..=19, 21..=42], 43),
];

/// Checks form, then every check digit, in the order of the zone.
///
/// # Errors
/// [`MrzRefused`], the first that applies.
pub fn check(zone: &MachineReadableZone) -> Result<(), MrzRefused> {
    let [names, data] = &zone.0;
    let (names, data) = (names.as_bytes(), data.as_bytes());
    if names.len() != LINE || data.len() != LINE {
        return Err(MrzRefused::Length);
    }
    if names.iter().chain(data).any(|character| value(*character).is_none()) {
        return Err(MrzRefused::Character);
    }
    if names.first() != Some(&b'P') {
        return Err(MrzRefused::NotAPassport);
    }
    for (field, places, digit) in CHECKS {
        let covered = places
            .iter()
            .flat_map(|range| data.get(range.clone()).unwrap_or_default());
        let computed = check_digit(covered.copied()).ok_or(MrzRefused::Character)?;
        let stands = data.get(digit).copied();
        // A personal number that is not used may have a filler for its digit (part 4, 4.2.2).
        let unused = field == MrzField::PersonalNumber && computed == b'0' && stands == Some(b'<');
        if stands != Some(computed) && !unused {
            return Err(MrzRefused::CheckDigit(field));
        }
    }
    Ok(())
}

/// The check digit of some characters: weights 7, 3, 1, modulo 10 (part 3, 4.9). None where one has no value.
#[must_use]
pub fn check_digit(characters: impl IntoIterator<Item = u8>) -> Option<u8> {
    let weights = [7, 3, 1].into_iter().cycle();
    let products = characters.into_iter().zip(weights);
    let sum = products.map(|(character, weight)| Some(value(character)? * weight));
    let sum: u32 = sum.sum::<Option<u32>>()?;
    u8::try_from(sum % 10).ok().map(|digit| b'0' + digit)
}

fn value(character: u8) -> Option<u32> {
    match character {
        b'<' => Some(0),
        b'0'..=b'9' | b'A'..=b'Z' => char::from(character).to_digit(36),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
    /// Doc 9303 part 4, appendix B: the specimen.
    const SPECIMEN: &str = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    /// Doc 9303 part 3, appendix A, example 3: the personal number is not used.
    const NO_PERSONAL_NUMBER: &str = "HA672242<6YTO5802254M9601086<<<<<<<<<<<<<<08";

    fn read(names: &str, data: &str) -> Result<(), MrzRefused> {
        check(&MachineReadableZone::new([names.to_owned(), data.to_owned()]))
    }

    //
    #[test]
    fn published_specimens_check() {
        assert_eq!(read(NAMES, SPECIMEN), Ok(()));
        assert_eq!(read(NAMES, NO_PERSONAL_NUMBER), Ok(()));
        let filler = NO_PERSONAL_NUMBER.replace("<08", "<<8");
        assert_eq!(read(NAMES, &filler), Ok(()), "a filler stands for the digit of nothing");
    }

    //
    #[test]
    fn published_examples_of_check_digits_hold() {
        for (field, digit) in [
            ("520727", b'3'),
            ("AB2134<<<", b'5'),
            ("HA672242<658022549601086<<<<<<<<<<<<<<0", b'8'),
            ("L898902C3", b'6'),
            ("740812", b'2'),
            ("120415", b'9'),
            ("ZE184226B<<<<<", b'1'),
        ] {
            assert_eq!(check_digit(field.bytes()), Some(digit), "{field}");
        }
        assert_eq!(check_digit("ab".bytes()), None);
    }

    //
    #[test]
    fn each_wrong_check_digit_is_named() {
        for (field, _, digit) in CHECKS {
            let mut data = SPECIMEN.as_bytes().to_vec();
            data[digit] = b'0' + (data[digit] - b'0' + 1) % 10;
            let data = String::from_utf8(data).unwrap();
            assert_eq!(read(NAMES, &data), Err(MrzRefused::CheckDigit(field)), "{field:?}");
        }
    }

    //
    #[test]
    fn each_single_misread_digit_in_what_is_covered_is_found() {
        let covered = CHECKS
            .iter()
            .flat_map(|(_, places, _)| places.iter().cloned().flatten());
        for place in covered {
            let mut data = SPECIMEN.as_bytes().to_vec();
            data[place] = if data[place] == b'3' { b'4' } else { b'3' };
            // A filler or letter that is worth the same modulo 10 cannot be told apart by this sum.
            if value(data[place]).unwrap() % 10 == value(SPECIMEN.as_bytes()[place]).unwrap() % 10 {
                continue;
            }
            let data = String::from_utf8(data).unwrap();
            assert!(
                matches!(read(NAMES, &data), Err(MrzRefused::CheckDigit(_))),
                "place {place}"
            );
        }
    }

    #[test]
    fn what_is_no_passport_zone_is_refused() {
        assert_eq!(read(NAMES, &SPECIMEN[1..]), Err(MrzRefused::Length));
        assert_eq!(read("", ""), Err(MrzRefused::Length));
        assert_eq!(read(NAMES, &SPECIMEN.to_lowercase()), Err(MrzRefused::Character));
        assert_eq!(
            read(&NAMES.replacen('P', "I", 1), SPECIMEN),
            Err(MrzRefused::NotAPassport)
        );
        let accented = NAMES.replacen("ER", "É", 1);
        assert_eq!(accented.len(), LINE, "as many bytes, one character fewer");
        assert_eq!(read(&accented, SPECIMEN), Err(MrzRefused::Character));
    }

    #[test]
    fn a_zone_is_not_shown() {
        let zone = MachineReadableZone::new([NAMES.to_owned(), SPECIMEN.to_owned()]);
        assert_eq!(format!("{zone:?}"), "MachineReadableZone(…)");
    }
}
