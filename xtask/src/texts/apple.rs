//! Apple's string catalogue: every text in every language, in one file.
use serde_json::{Map, Value, json};

use super::Written;
use super::catalogue::{Catalogue, LANGUAGES, SOURCE, Text};
use super::pattern::{Pattern, Piece, Slot, SlotKind, literal, place};

/// Where the file is.
const PATH: &str = "bindings/swift/Sources/QuittanceTexts/Resources/Localizable.xcstrings";

/// Texts whose forms a string catalogue cannot hold: between the forms only what stands around the number may change,
/// because that part is written as a variable, and a variable knows no argument but its own.
pub(crate) fn faults(catalogue: &Catalogue) -> Vec<String> {
    let mut faults = Vec::new();
    for language in LANGUAGES {
        for (key, text) in catalogue.of(language) {
            let Text::Counted { one, other } = text else { continue };
            let slots = catalogue.slots(key);
            let Some(count) = text.decides() else { continue };
            if slots.len() > 1 && Varying::of(one.as_ref(), other, &count).is_none() {
                faults.push(format!(
                    "{language}: {key} changes more than what stands around its number"
                ));
            }
        }
    }
    faults
}

/// The whole string catalogue, laid out as Xcode writes it.
pub(crate) fn file(catalogue: &Catalogue) -> Written {
    let mut strings = Map::new();
    for (key, _) in catalogue.of(SOURCE) {
        let slots = catalogue.slots(key);
        let mut localizations = Map::new();
        for language in LANGUAGES {
            let text = catalogue.languages.get(language).and_then(|texts| texts.get(key));
            if let Some(text) = text {
                localizations.insert(language.to_owned(), localization(text, &slots));
            }
        }
        let entry = json!({ "extractionState": "manual", "localizations": localizations });
        strings.insert(key.to_owned(), entry);
    }
    let whole = json!({ "sourceLanguage": SOURCE, "strings": strings, "version": "1.0" });
    let mut text = String::new();
    write(&whole, 0, &mut text);
    (PATH.to_owned(), text + "\n")
}

/// One text in one language.
fn localization(text: &Text, slots: &[Slot]) -> Value {
    let (one, other) = match text {
        Text::Plain(pattern) => return unit(&format(&pattern.pieces, slots, None)),
        Text::Counted { one, other } => (one.as_ref(), other),
    };
    let forms = |one: Option<String>, other: String| {
        let mut forms = Map::new();
        if let Some(one) = one {
            forms.insert("one".to_owned(), unit(&one));
        }
        forms.insert("other".to_owned(), unit(&other));
        json!({ "plural": forms })
    };
    let varying = text.decides().filter(|_| slots.len() > 1).and_then(|count| {
        let parts = Varying::of(one, other, &count)?;
        Some((count, parts))
    });
    let Some((count, parts)) = varying else {
        let written = |pattern: &Pattern| format(&pattern.pieces, slots, None);
        return json!({ "variations": forms(one.map(written), written(other)) });
    };
    let part = |pieces: &[Piece]| format(pieces, slots, Some(&count));
    let place = slots
        .iter()
        .position(|slot| *slot == count)
        .map_or(1, |place| place + 1);
    let around = format!(
        "{}%#@{}@{}",
        format(&parts.before, slots, None),
        count.name,
        format(&parts.after, slots, None)
    );
    let mut whole = unit(&around);
    let variable = json!({
        "argNum": place,
        "formatSpecifier": "lld",
        "variations": forms(parts.one.as_deref().map(part), part(&parts.other)),
    });
    if let Some(whole) = whole.as_object_mut() {
        whole.insert("substitutions".to_owned(), json!({ count.name: variable }));
    }
    whole
}

fn unit(text: &str) -> Value {
    json!({ "stringUnit": { "state": "translated", "value": text } })
}

/// A text as a format of Foundation. `count` is the argument of the variable that the text is a part of.
fn format(pieces: &[Piece], slots: &[Slot], count: Option<&Slot>) -> String {
    let argument = |slot: &Slot| match slot.kind {
        _ if count == Some(slot) => "%arg".to_owned(),
        SlotKind::Count if slots.len() == 1 => "%lld".to_owned(),
        SlotKind::Count => format!("%{}$lld", place(slot, slots)),
        _ => format!("%{}$@", place(slot, slots)),
    };
    let pattern = Pattern {
        pieces: pieces.to_vec(),
    };
    pattern.write(|text| literal(text, slots), argument)
}

/// A counted text, taken apart around what its forms do not share.
#[derive(Debug)]
struct Varying {
    before: Vec<Piece>,
    one: Option<Vec<Piece>>,
    other: Vec<Piece>,
    after: Vec<Piece>,
}

impl Varying {
    /// Nothing where a form has another argument than the count inside what differs.
    fn of(one: Option<&Pattern>, other: &Pattern, count: &Slot) -> Option<Self> {
        let (forms, count) = ((one.map(atoms), atoms(other)), Piece::Slot(count.clone()));
        let compared = forms.0.as_ref().unwrap_or(&forms.1);
        let at_count = |atoms: &[Piece]| atoms.iter().position(|atom| *atom == count);
        let behind_count = |atoms: &[Piece]| atoms.iter().rev().position(|atom| *atom == count);
        let nearest = |first: Option<usize>, second: Option<usize>| [first, second].into_iter().flatten().min();

        // What is shared ends before the number, from both sides.
        let shared = compared
            .iter()
            .zip(&forms.1)
            .take_while(|(one, other)| one == other)
            .count();
        let before = shared.min(nearest(at_count(compared), at_count(&forms.1))?);
        let pairs = compared.iter().rev().zip(forms.1.iter().rev());
        let shared = pairs.take_while(|(one, other)| one == other).count();
        let after = shared.min(nearest(behind_count(compared), behind_count(&forms.1))?);

        let middle = |atoms: &[Piece]| {
            let inside = atoms.get(before..atoms.len().checked_sub(after)?)?.to_vec();
            let alone = |atom: &Piece| matches!(atom, Piece::Words(_)) || *atom == count;
            inside.iter().all(alone).then_some(inside)
        };
        let one = match &forms.0 {
            Some(one) => Some(middle(one)?),
            None => None,
        };
        Some(Self {
            other: middle(&forms.1)?,
            one,
            before: forms.1.get(..before)?.to_vec(),
            after: forms.1.get(forms.1.len().checked_sub(after)?..)?.to_vec(),
        })
    }
}

/// The parts of a text, its words one by one and what stands between them.
fn atoms(pattern: &Pattern) -> Vec<Piece> {
    let mut atoms = Vec::new();
    for piece in &pattern.pieces {
        let Piece::Words(words) = piece else {
            atoms.push(piece.clone());
            continue;
        };
        let mut rest = words.as_str();
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|letter: char| !letter.is_alphanumeric());
            let end = end.filter(|end| *end > 0).unwrap_or(if first.is_alphanumeric() {
                rest.len()
            } else {
                first.len_utf8()
            });
            let (atom, after) = rest.split_at(end);
            atoms.push(Piece::Words(atom.to_owned()));
            rest = after;
        }
    }
    atoms
}

/// JSON as Xcode lays it out, so that opening the catalogue there changes nothing.
fn write(value: &Value, depth: usize, out: &mut String) {
    let Value::Object(members) = value else {
        out.push_str(&value.to_string());
        return;
    };
    let indent = "  ".repeat(depth + 1);
    out.push('{');
    for (place, (key, member)) in members.iter().enumerate() {
        out.push_str(if place == 0 { "\n" } else { ",\n" });
        out.push_str(&format!("{indent}{} : ", Value::String(key.clone())));
        write(member, depth + 1, out);
    }
    out.push_str(&format!("\n{}}}", "  ".repeat(depth)));
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::parse;
    use super::*;

    fn text(json: &str) -> (Text, Vec<Slot>) {
        let texts = parse(&format!("{{ \"a\": {json} }}")).unwrap();
        let text = texts.get("a").unwrap().clone();
        let slots = text.slots();
        (text, slots)
    }

    fn shown(json: &str) -> Value {
        let (text, slots) = text(json);
        localization(&text, &slots)
    }

    #[test]
    fn a_plain_text_has_its_arguments_by_place() {
        assert_eq!(shown(r#""It is 5 %""#), unit("It is 5 %"));
        assert_eq!(shown(r#""{a:amount}: 5 %, {n:count}""#), unit("%1$@: 5 %%, %2$lld"));
    }

    #[test]
    fn a_text_of_one_count_has_its_forms_whole() {
        assert_eq!(
            shown(r#"{ "one": "{n:count} day", "other": "{n:count} days" }"#),
            json!({ "variations": { "plural": { "one": unit("%lld day"), "other": unit("%lld days") } } })
        );
        assert_eq!(
            shown(r#"{ "other": "{n:count} 天" }"#),
            json!({ "variations": { "plural": { "other": unit("%lld 天") } } })
        );
    }

    #[test]
    fn a_text_of_several_arguments_varies_around_its_number() {
        let json = r#"{ "one": "At most {n:count} charge of {a:amount}.", "other": "At most {n:count} charges of {a:amount}." }"#;
        let value = shown(json);
        assert_eq!(value["stringUnit"]["value"], "At most %#@n@ of %2$@.");
        let variable = &value["substitutions"]["n"];
        assert_eq!(variable["argNum"], 1);
        assert_eq!(variable["variations"]["plural"]["one"], unit("%arg charge"));
        assert_eq!(variable["variations"]["plural"]["other"], unit("%arg charges"));
        let value = shown(r#"{ "other": "{a:amount}，{n:count} 笔" }"#);
        assert_eq!(value["stringUnit"]["value"], "%1$@，%#@n@ 笔");
        assert_eq!(value["substitutions"]["n"]["argNum"], 2);
        assert_eq!(
            value["substitutions"]["n"]["variations"]["plural"],
            json!({ "other": unit("%arg") })
        );
    }

    #[test]
    fn forms_that_differ_around_another_argument_are_named() {
        let found = |json: &str| {
            let texts = parse(&format!("{{ \"a\": {json} }}")).unwrap();
            faults(&Catalogue {
                languages: [("en".to_owned(), texts)].into(),
            })
        };
        let good = r#"{ "one": "{n:count} charge of {a:amount}", "other": "{n:count} charges of {a:amount}" }"#;
        assert_eq!(found(good), [""; 0]);
        let wide = r#"{ "one": "{n:count} charge of {a:amount}", "other": "{n:count} charges of {a:amount} each" }"#;
        assert_eq!(found(wide), ["en: a changes more than what stands around its number"]);
    }

    #[test]
    fn the_file_is_laid_out_as_xcode_does_it() {
        let languages = [("en", "x"), ("zh-Hans", "甲")];
        let languages = languages.map(|(name, text)| {
            let texts = parse(&format!("{{ \"a\": \"{text}\" }}")).unwrap();
            (name.to_owned(), texts)
        });
        let (_, text) = file(&Catalogue {
            languages: languages.into(),
        });
        let start = "{\n  \"sourceLanguage\" : \"en\",\n  \"strings\" : {\n    \"a\" : {\n      \"extractionState\" : \"manual\",\n";
        assert!(text.starts_with(start), "{text}");
        assert!(
            text.contains("\"state\" : \"translated\",\n            \"value\" : \"甲\"\n"),
            "{text}"
        );
        assert!(text.ends_with("  },\n  \"version\" : \"1.0\"\n}\n"), "{text}");
    }
}
