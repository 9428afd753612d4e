//! A text with its arguments: `At most {charges:count} of {service:words}`.

/// What an argument is: it decides how a platform writes it in the reader's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SlotKind {
    /// A number of things.
    Count,
    /// An amount of money with its currency.
    Amount,
    /// A point in time.
    Moment,
    /// A length of time.
    Wait,
    /// Words as they are.
    Words,
    /// Keys of other texts, which are listed.
    Keys,
}

impl SlotKind {
    /// Every kind by its name in the catalogue.
    pub(crate) const NAMES: [(&'static str, Self); 6] = [
        ("count", Self::Count),
        ("amount", Self::Amount),
        ("moment", Self::Moment),
        ("wait", Self::Wait),
        ("words", Self::Words),
        ("keys", Self::Keys),
    ];

    /// Its name in the catalogue.
    pub(crate) fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, kind)| *kind == self);
        found.map_or("words", |(name, _)| *name)
    }
}

/// An argument of a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot {
    /// Its name, as the wallet or the app gives it.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: SlotKind,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Words of the text itself; never empty.
    Words(String),
    /// The place of an argument.
    Slot(Slot),
}

/// A text with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// Its parts in their sequence.
    pub(crate) pieces: Vec<Piece>,
}

impl Pattern {
    /// Reads a text; what stands between braces must be `name:kind`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((words, after)) = rest.split_once('{') {
            let (slot, behind) = after.split_once('}').ok_or("a brace does not close")?;
            push_words(&mut pieces, words)?;
            pieces.push(Piece::Slot(parse_slot(slot)?));
            rest = behind;
        }
        push_words(&mut pieces, rest)?;
        match pieces.is_empty() {
            true => Err("it says nothing".to_owned()),
            false => Ok(Self { pieces }),
        }
    }

    /// The arguments as often as they are named.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Slot(slot) => Some(slot),
            Piece::Words(_) => None,
        })
    }

    /// The text without its arguments.
    pub(crate) fn words(&self) -> String {
        let words = self.pieces.iter().map(|piece| match piece {
            Piece::Words(words) => words.as_str(),
            Piece::Slot(_) => "",
        });
        words.collect()
    }

    /// The text with each part written as a platform wants it.
    pub(crate) fn write(&self, words: impl Fn(&str) -> String, slot: impl Fn(&Slot) -> String) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Words(text) => words(text),
            Piece::Slot(named) => slot(named),
        });
        pieces.collect()
    }
}

/// Words for a formatter that takes per cent signs for arguments. Without arguments a text is not formatted, so that the
/// sign stands for itself.
pub(crate) fn literal(words: &str, slots: &[Slot]) -> String {
    if slots.is_empty() {
        words.to_owned()
    } else {
        words.replace('%', "%%")
    }
}

/// The place of an argument among those of its text, from 1; 0 for one that is none of them.
pub(crate) fn place(slot: &Slot, slots: &[Slot]) -> usize {
    let place = slots.iter().position(|known| known == slot);
    place.map_or(0, |place| place + 1)
}

fn push_words(pieces: &mut Vec<Piece>, words: &str) -> Result<(), String> {
    if words.contains('}') {
        return Err("a brace closes that was not open".to_owned());
    }
    if !words.is_empty() {
        pieces.push(Piece::Words(words.to_owned()));
    }
    Ok(())
}

fn parse_slot(text: &str) -> Result<Slot, String> {
    let kinds = || SlotKind::NAMES.map(|(name, _)| name).join(", ");
    let (name, kind) = text
        .split_once(':')
        .ok_or_else(|| format!("{{{text}}} names no kind ({})", kinds()))?;
    let letters = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    if name.is_empty() || !name.chars().all(letters) {
        return Err(format!("{{{text}}} has no name of small letters"));
    }
    let kind = SlotKind::NAMES.iter().find(|(known, _)| *known == kind);
    let (_, kind) = kind.ok_or_else(|| format!("{{{text}}} is of no kind ({})", kinds()))?;
    Ok(Slot {
        name: name.to_owned(),
        kind: *kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_stand_between_braces_with_their_kind() {
        let pattern = Pattern::parse("At most {charges:count}, until {until:moment}.").unwrap();
        assert_eq!(pattern.words(), "At most , until .");
        let slots: Vec<&str> = pattern.slots().map(|slot| slot.name.as_str()).collect();
        assert_eq!(slots, ["charges", "until"]);
        let written = pattern.write(str::to_uppercase, |slot| slot.kind.name().to_owned());
        assert_eq!(written, "AT MOST count, UNTIL moment.");
    }

    #[test]
    fn what_is_written_wrongly_is_refused() {
        for wrong in ["", "{n}", "{n:number}", "{:count}", "{N:count}", "{n:count", "n:count}"] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
    }
}
