//! How the texts speak: calm, plain, short where a screen is narrow, and each language as it is written.
use super::catalogue::{Catalogue, LANGUAGES, Text};
use super::pattern::{Pattern, Piece};

/// Technical words that a page of details may use, and no other.
const OF_DETAILS: [&str; 2] = ["hash", "哈希"];

/// The keys of the pages of details.
const DETAILS: &str = "app.details.";

/// What a count or an amount takes of a narrow line.
const SLOT_WIDTH: usize = 6;

/// What is asked of one language.
#[derive(Debug)]
struct Manner {
    /// Its BCP 47 name.
    language: &'static str,
    /// Words of engineers.
    jargon: &'static [&'static str],
    /// Words that frighten or blame.
    fear: &'static [&'static str],
    /// Second words for what has a name already.
    second_names: &'static [&'static str],
    /// Most letters of a title.
    title: usize,
    /// Most letters of a button.
    button: usize,
}

const MANNERS: [Manner; 2] = [
    Manner {
        language: "en",
        jargon: &[
            "token",
            "tokens",
            "mandate",
            "mandates",
            "gateway",
            "epoch",
            "server",
            "vault",
            "nonce",
            "attestation",
            "checkpoint",
            "log",
            "hash",
            "key",
            "keys",
            "revoke",
            "revocation",
            "otp",
            "biometric",
            "biometrics",
        ],
        fear: &[
            "error",
            "errors",
            "warning",
            "danger",
            "dangerous",
            "fatal",
            "illegal",
            "invalid",
            "failed",
            "failure",
            "urgent",
        ],
        second_names: &[
            "authorisation",
            "authorization",
            "authorise",
            "authorize",
            "authority",
            "consent",
            "agreement",
        ],
        title: 40,
        button: 24,
    },
    Manner {
        language: "zh-Hans",
        jargon: &[
            "令牌",
            "网关",
            "纪元",
            "代币",
            "密钥",
            "服务器",
            "日志",
            "哈希",
            "随机数",
            "生物识别",
            "吊销",
            "客户端",
        ],
        fear: &["错误", "警告", "危险", "失败", "非法", "严重", "紧急"],
        second_names: &["委托", "权限", "许可", "签约", "免密支付", "自动扣款", "你"],
        title: 16,
        button: 8,
    },
];

/// Everything that a reader should not have to read.
pub(crate) fn faults(catalogue: &Catalogue) -> Vec<String> {
    let mut faults = Vec::new();
    for language in LANGUAGES {
        let Some(manner) = MANNERS.iter().find(|manner| manner.language == language) else {
            faults.push(format!("{language}: nobody said how its texts should speak"));
            continue;
        };
        for (key, text) in catalogue.of(language) {
            let found = text.patterns().flat_map(|pattern| spoken(manner, key, pattern));
            faults.extend(found.map(|what| format!("{language}: {key} {what}")));
            faults.extend(sized(manner, key, text).map(|what| format!("{language}: {key} {what}")));
        }
    }
    faults
}

/// What is wrong with the words of one form.
fn spoken(manner: &Manner, key: &str, pattern: &Pattern) -> Vec<String> {
    let words = filled(pattern);
    let mut faults = Vec::new();
    if words.contains(['!', '！']) {
        faults.push("exclaims".to_owned());
    }
    if words.contains('\'') || words.contains('"') || words.contains("  ") {
        faults.push("has a straight quotation mark or two spaces".to_owned());
    }
    let says = |word: &&&str| match word.is_ascii() {
        true => has_word(&words, word),
        false => words.contains(**word),
    };
    let kinds = [
        ("jargon", manner.jargon),
        ("a word that frightens", manner.fear),
        ("a second name", manner.second_names),
    ];
    for (kind, list) in kinds {
        let allowed = |word: &&&str| key.starts_with(DETAILS) && OF_DETAILS.contains(*word);
        let found = list.iter().filter(says).filter(|word| !allowed(word));
        faults.extend(found.map(|word| format!("says {word}: {kind}")));
    }
    if manner.language == "zh-Hans" {
        faults.extend(chinese(pattern).into_iter().map(str::to_owned));
    }
    faults
}

/// What is wrong with a Chinese text as Chinese.
fn chinese(pattern: &Pattern) -> Vec<&'static str> {
    let words = filled(pattern);
    let mut faults = Vec::new();
    let latin = |text: &str| text.contains(|letter: char| letter.is_ascii_alphabetic());
    let written = |text: &str| text.contains(is_han);
    if words
        .split(['。', '？', '；'])
        .any(|sentence| latin(sentence) && !written(sentence))
    {
        faults.push("has a sentence that is not Chinese");
    }
    let letters: Vec<char> = words.chars().collect();
    let pairs = || letters.iter().zip(letters.iter().skip(1));
    if pairs().any(|(first, second)| is_han(*first) && ",.:;?!()".contains(*second)) {
        faults.push("has a Latin punctuation mark");
    }
    let triples = pairs().zip(letters.iter().skip(2));
    if triples
        .into_iter()
        .any(|((first, second), third)| is_han(*first) && *second == ' ' && is_han(*third))
    {
        faults.push("has a space between two characters");
    }
    let named = words.matches("授权").count();
    if named != words.matches("免密授权").count() {
        faults.push("calls a permission other than 免密授权");
    }
    faults
}

/// What is wrong with a text in its place on the screen.
fn sized(manner: &Manner, key: &str, text: &Text) -> impl Iterator<Item = String> {
    let longest = text.patterns().map(width).max().unwrap_or_default();
    let ends = |marks: &[char]| {
        text.patterns()
            .any(|pattern| last(pattern).is_some_and(|end| marks.contains(&end)))
    };
    let title = key.ends_with(".title");
    let button = key.starts_with("action.") || key.starts_with("app.action.");
    let full = key.ends_with(".body") || key.ends_with(".why");
    let most = match (title, button) {
        (true, _) => manner.title,
        (_, true) => manner.button,
        _ => usize::MAX,
    };
    let mut faults = Vec::new();
    if longest > most {
        faults.push(format!("has {longest} letters, {most} are room for"));
    }
    if (title || button) && ends(&['.', '。']) {
        faults.push("ends with a full stop".to_owned());
    }
    if full && !ends(&['.', '?', ':', '。', '？', '：']) && last_is_words(text) {
        faults.push("does not end as a sentence".to_owned());
    }
    faults.into_iter()
}

/// The text with a number in the place of each argument.
fn filled(pattern: &Pattern) -> String {
    pattern.write(str::to_owned, |_| "0".to_owned())
}

fn width(pattern: &Pattern) -> usize {
    pattern.words().chars().count() + pattern.slots().count() * SLOT_WIDTH
}

fn last(pattern: &Pattern) -> Option<char> {
    match pattern.pieces.last() {
        Some(Piece::Words(words)) => words.chars().next_back(),
        _ => None,
    }
}

fn last_is_words(text: &Text) -> bool {
    text.patterns().all(|pattern| last(pattern).is_some())
}

/// Whether a Latin word stands in a text by itself.
fn has_word(text: &str, word: &str) -> bool {
    let parts = text.split(|letter: char| !letter.is_alphanumeric());
    parts.into_iter().any(|part| part.eq_ignore_ascii_case(word))
}

fn is_han(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{9fff}')
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::parse;
    use super::*;

    fn found(language: &str, key: &str, text: &str) -> Vec<String> {
        let texts = parse(&format!("{{ \"{key}\": \"{text}\" }}")).unwrap();
        let languages = [(language.to_owned(), texts)];
        let found = faults(&Catalogue {
            languages: languages.into(),
        });
        let start = format!("{language}: {key} ");
        found
            .iter()
            .map(|fault| fault.trim_start_matches(&start).to_owned())
            .collect()
    }

    #[test]
    fn calm_and_plain_words_pass() {
        assert_eq!(found("en", "a.title", "Stop for good?"), [""; 0]);
        assert_eq!(found("zh-Hans", "a.title", "确定解除？"), [""; 0]);
        assert_eq!(found("zh-Hans", "a", "还可尝试 {n:count} 次，请输入 PIN 码。"), [""; 0]);
    }

    #[test]
    fn nothing_exclaims() {
        assert_eq!(found("en", "a", "Stop!"), ["exclaims"]);
        assert_eq!(found("zh-Hans", "a", "停止！"), ["exclaims"]);
    }

    #[test]
    fn no_word_of_engineers_is_shown() {
        assert_eq!(found("en", "a", "The gateway has it."), ["says gateway: jargon"]);
        assert_eq!(found("en", "a", "Your Mandates"), ["says mandates: jargon"]);
        assert_eq!(found("en", "a", "A gatewaylike thing"), [""; 0]);
        assert_eq!(found("zh-Hans", "a", "请联系网关。"), ["says 网关: jargon"]);
        assert_eq!(found("en", "app.details.a", "Hash of the terms"), [""; 0]);
        assert_eq!(found("en", "a", "Hash of the terms"), ["says hash: jargon"]);
    }

    #[test]
    fn nothing_frightens_and_a_permission_has_one_name() {
        assert_eq!(found("en", "a", "An error"), ["says error: a word that frightens"]);
        assert_eq!(found("zh-Hans", "a", "操作失败"), ["says 失败: a word that frightens"]);
        assert_eq!(
            found("en", "a", "This authorization"),
            ["says authorization: a second name"]
        );
        assert_eq!(
            found("zh-Hans", "a", "解除授权"),
            ["calls a permission other than 免密授权"]
        );
        assert_eq!(found("zh-Hans", "a", "解除免密授权"), [""; 0]);
    }

    #[test]
    fn chinese_is_written_as_chinese() {
        assert_eq!(found("zh-Hans", "a", "Stop"), ["has a sentence that is not Chinese"]);
        assert_eq!(
            found("zh-Hans", "a", "停止。Stop it。"),
            ["has a sentence that is not Chinese"]
        );
        assert_eq!(found("zh-Hans", "a", "停止,然后"), ["has a Latin punctuation mark"]);
        assert_eq!(
            found("zh-Hans", "a", "停止 扣款"),
            ["has a space between two characters"]
        );
        assert_eq!(found("zh-Hans", "a", "你好"), ["says 你: a second name"]);
    }

    #[test]
    fn titles_and_buttons_fit() {
        assert_eq!(found("en", "a.title", &"x".repeat(40)), [""; 0]);
        assert_eq!(
            found("en", "a.title", &"x".repeat(41)),
            ["has 41 letters, 40 are room for"]
        );
        assert_eq!(found("en", "app.action.a", &"x".repeat(24)), [""; 0]);
        assert_eq!(
            found("en", "action.a", &"x".repeat(25)),
            ["has 25 letters, 24 are room for"]
        );
        assert_eq!(found("en", "a.body", &format!("{}.", "x".repeat(90))), [""; 0]);
    }

    #[test]
    fn a_title_is_no_sentence_and_a_body_is_one() {
        assert_eq!(found("en", "a.title", "Stop it."), ["ends with a full stop"]);
        assert_eq!(found("en", "a.body", "It stops"), ["does not end as a sentence"]);
        assert_eq!(
            found("zh-Hans", "a.body", "{n:count} 项"),
            ["does not end as a sentence"]
        );
    }
}
