//! The catalogue as it is written: in each language, texts by their keys.
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::pattern::{Pattern, Slot, SlotKind};
use crate::run::{Outcome, Problem, at};

/// Where the catalogue stands.
pub(crate) const FOLDER: &str = "bindings/texts";

/// The language whose texts decide the sequence of arguments.
pub(crate) const SOURCE: &str = "en";

/// Every language, the source first.
pub(crate) const LANGUAGES: [&str; 2] = [SOURCE, "zh-Hans"];

/// What begins the keys of the apps' own screens; every other key is the wallet's.
pub(crate) const OF_THE_APPS: &str = "app.";

/// One text in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Text {
    /// The same for every number.
    Plain(Pattern),
    /// Chosen by its one argument that is a count.
    Counted {
        /// For exactly one, where the language makes a difference.
        one: Option<Pattern>,
        /// For every other number.
        other: Pattern,
    },
}

/// Every text of one language.
pub(crate) type Texts = BTreeMap<String, Text>;

/// The whole catalogue.
#[derive(Debug)]
pub(crate) struct Catalogue {
    /// The texts of each language, by its BCP 47 name.
    pub(crate) languages: BTreeMap<String, Texts>,
}

impl Catalogue {
    /// Reads every language; a file that cannot be read is a failure that names it.
    pub(crate) fn read(root: &Path) -> Outcome<Self> {
        let mut languages = BTreeMap::new();
        for language in LANGUAGES {
            let path = root.join(FOLDER).join(format!("{language}.json"));
            let json = at(&path, std::fs::read_to_string(&path))?;
            let texts = parse(&json).map_err(|fault| Problem::Failed(format!("{}: {fault}", path.display())))?;
            languages.insert(language.to_owned(), texts);
        }
        Ok(Self { languages })
    }

    /// The texts of one language; none where there is no such language.
    pub(crate) fn of(&self, language: &str) -> impl Iterator<Item = (&str, &Text)> {
        let texts = self.languages.get(language).into_iter().flatten();
        texts.map(|(key, text)| (key.as_str(), text))
    }

    /// The arguments of a text in their sequence: as the source's text first names them.
    pub(crate) fn slots(&self, key: &str) -> Vec<Slot> {
        let texts = self.languages.get(SOURCE).and_then(|texts| texts.get(key));
        texts.map(Text::slots).unwrap_or_default()
    }
}

impl Text {
    /// Its patterns, that for every other number last.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        let (one, other) = match self {
            Self::Plain(pattern) => (None, pattern),
            Self::Counted { one, other } => (one.as_ref(), other),
        };
        one.into_iter().chain([other])
    }

    /// Its arguments, each once, as the pattern for every other number names them.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        let mut slots: Vec<Slot> = Vec::new();
        for slot in self.patterns().last().into_iter().flat_map(Pattern::slots) {
            if !slots.contains(slot) {
                slots.push(slot.clone());
            }
        }
        slots
    }

    /// The count that decides between its forms.
    pub(crate) fn decides(&self) -> Option<Slot> {
        match self {
            Self::Plain(_) => None,
            Self::Counted { .. } => self.slots().into_iter().find(|slot| slot.kind == SlotKind::Count),
        }
    }
}

/// The texts of one file.
pub(crate) fn parse(json: &str) -> Result<Texts, String> {
    let entries: Entries = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let mut texts = Texts::new();
    for (key, entry) in entries.0 {
        let pattern = |text: &str| Pattern::parse(text).map_err(|fault| format!("{key}: {fault}"));
        let text = match entry {
            Entry::Plain(text) => Text::Plain(pattern(&text)?),
            Entry::Counted { one, other } => Text::Counted {
                one: one.as_deref().map(pattern).transpose()?,
                other: pattern(&other)?,
            },
        };
        if texts.insert(key.clone(), text).is_some() {
            return Err(format!("{key} stands twice"));
        }
    }
    Ok(texts)
}

/// A text as it stands in the file.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Entry {
    Plain(String),
    Counted { one: Option<String>, other: String },
}

/// All of a file, with what stands twice: a map would keep only the last.
struct Entries(Vec<(String, Entry)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Entries;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("texts by their keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        assert!(parse(r#"{ "a": "x", "b": "y" }"#).is_ok());
        assert_eq!(parse(r#"{ "a": "x", "a": "y" }"#), Err("a stands twice".to_owned()));
    }

    #[test]
    fn a_text_is_plain_or_counted_and_nothing_else() {
        let texts = parse(r#"{ "a": { "one": "{n:count} day", "other": "{n:count} days of {who:words}" } }"#).unwrap();
        let text = &texts["a"];
        assert_eq!(text.patterns().count(), 2);
        assert_eq!(text.slots().len(), 2);
        assert_eq!(text.decides().unwrap().name, "n");
        assert!(parse(r#"{ "a": 1 }"#).is_err());
        assert!(parse(r#"{ "a": { "one": "x" } }"#).is_err());
        assert!(parse(r#"{ "a": "{n:number}" }"#).unwrap_err().starts_with("a: "));
    }
}
