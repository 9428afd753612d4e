//! How alike two names of payees are.

use quittance_protocol::Quantity;

/// Words that say what kind of business it is, not which: left out of the comparison. In pieces without
/// spaces they are cut off the end.
const COMMON_ENDINGS: &[&str] = &[
    "有限责任公司",
    "股份有限公司",
    "有限公司",
    "旗舰店",
    "专卖店",
    "公司",
    "集团",
    "店",
    "incorporated",
    "corporation",
    "limited",
    "company",
    "gmbh",
    "corp",
    "inc",
    "ltd",
    "llc",
    "co",
];

/// How alike two names are, from 0 to 1: the share of characters that need no change to make one of the other,
/// without regard to width, case, punctuation, common endings or the sequence of words.
#[must_use]
pub fn similarity(one: &str, other: &str) -> Quantity {
    let (one, other) = (words(one), words(other));
    if one.is_empty() || other.is_empty() {
        return Quantity::ZERO;
    }
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort();
        words.concat()
    };
    ratio(&one.concat(), &other.concat()).max(ratio(&sorted(&one), &sorted(&other)))
}

fn ratio(one: &str, other: &str) -> Quantity {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let longest = one.len().max(other.len()).max(1);
    let same = longest.saturating_sub(distance(&one, &other));
    let as_number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let millionths = as_number(same).saturating_mul(Quantity::ONE.millionths());
    Quantity::from_millionths(millionths / as_number(longest))
}

/// The fewest insertions, removals and replacements of one character (Levenshtein).
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, mine) in one.iter().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (theirs, above) in other.iter().zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(mine != theirs);
            left = replaced.min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// The words of a name that tell it from others; all of them where nothing else is left.
fn words(name: &str) -> Vec<String> {
    let plain: String = name.chars().map(half_width).flat_map(char::to_lowercase).collect();
    let all: Vec<&str> = plain
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let telling: Vec<String> = all
        .iter()
        .map(|word| without_ending(word))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    if telling.is_empty() {
        all.into_iter().map(str::to_owned).collect()
    } else {
        telling
    }
}

fn without_ending(word: &str) -> &str {
    let ending = |ending: &&&str| {
        // An ending in letters is a word of its own: "Tesco" keeps its end.
        if ending.is_ascii() {
            word == **ending
        } else {
            word.ends_with(**ending)
        }
    };
    match COMMON_ENDINGS.iter().find(ending) {
        Some(ending) => word.strip_suffix(ending).unwrap_or(word),
        None => word,
    }
}

/// Full-width letters, digits and signs as the plain ones that they stand for.
pub(super) fn half_width(letter: char) -> char {
    match letter {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(one: &str, other: &str) -> String {
        similarity(one, other).to_string()
    }

    //
    #[test]
    fn width_case_punctuation_endings_and_sequence_do_not_matter() {
        for (one, other) in [
            ("Bluebird Rides", "ＢＬＵＥＢＩＲＤ　ＲＩＤＥＳ"),
            ("Bluebird Rides Co., Ltd.", "bluebird-rides"),
            ("Rides Bluebird", "Bluebird Rides"),
            ("青鸟出行有限公司", "青鸟出行"),
            ("青鸟出行旗舰店", "「青鸟」出行"),
        ] {
            assert_eq!(like(one, other), "1", "{one} / {other}");
        }
    }

    //
    #[test]
    fn four_of_five_letters_are_exactly_the_bound_and_one_more_change_is_below() {
        assert_eq!(like("abcde", "abcdx"), "0.8");
        assert_eq!(like("abcdefghij", "abcdefghxy"), "0.8");
        assert_eq!(like("abcdefghij", "abcdefgxyz"), "0.7");
    }

    #[test]
    fn a_common_ending_alone_is_still_a_name_and_nothing_is_like_nothing() {
        assert_eq!(like("Company", "company"), "1");
        assert_eq!(like("", "Bluebird"), "0");
        assert_eq!(like("...", "..."), "0");
        assert_eq!(like("Tesco", "Tes"), "0.6");
    }

    #[test]
    fn another_name_is_not_alike() {
        assert!(similarity("Corner Bakery", "Bluebird Rides") < "0.5".parse().unwrap());
    }
}
