//! Where in a JSON text a member stands.

use std::iter::Peekable;
use std::str::Chars;

/// A place in a text that people edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column in characters, from 1.
    pub(crate) column: usize,
}

/// The place of the member or item that `pointer` (RFC 6901) names, or of the nearest one around it.
///
/// `text` is valid JSON: whatever else is found ends the search. Nothing at all found is `None`.
pub(crate) fn of(text: &str, pointer: &str) -> Option<Place> {
    let path: Vec<String> = pointer
        .split('/')
        .skip(1)
        .map(|name| name.replace("~1", "/").replace("~0", "~"))
        .collect();
    let mut scanner = Scanner {
        rest: text.chars().peekable(),
        at: Place { line: 1, column: 1 },
        nearest: None,
    };
    scanner.value(Some(path.as_slice()));
    scanner.nearest
}

struct Scanner<'a> {
    rest: Peekable<Chars<'a>>,
    at: Place,
    /// The deepest place on the way that was met.
    nearest: Option<Place>,
}

impl Scanner<'_> {
    /// Reads one value; `path` is what is still looked for in it, nothing where the way leads elsewhere. No answer
    /// ends the search.
    fn value(&mut self, path: Option<&[String]>) -> Option<()> {
        self.space();
        match self.rest.peek()? {
            '{' => self.members(path),
            '[' => self.items(path),
            '"' => self.string().map(|_| ()),
            _ => {
                while self.rest.peek().is_some_and(|letter| !",]}".contains(*letter)) {
                    self.take();
                }
                Some(())
            }
        }
    }

    fn members(&mut self, path: Option<&[String]>) -> Option<()> {
        self.take();
        loop {
            self.space();
            if *self.rest.peek()? == '}' {
                self.take();
                return Some(());
            }
            let place = self.at;
            let name = self.string()?;
            self.space();
            self.take();
            self.inner(path, &name, place)?;
            self.comma();
        }
    }

    fn items(&mut self, path: Option<&[String]>) -> Option<()> {
        self.take();
        let mut index = 0_usize;
        loop {
            self.space();
            if *self.rest.peek()? == ']' {
                self.take();
                return Some(());
            }
            let place = self.at;
            self.inner(path, &index.to_string(), place)?;
            index = index.saturating_add(1);
            self.comma();
        }
    }

    /// Reads what a member or an item holds; ends the search where it was the one.
    fn inner(&mut self, path: Option<&[String]>, name: &str, place: Place) -> Option<()> {
        let Some((_, rest)) = path
            .and_then(<[String]>::split_first)
            .filter(|(first, _)| *first == name)
        else {
            return self.value(None);
        };
        self.nearest = Some(place);
        if rest.is_empty() {
            return None;
        }
        self.value(Some(rest))
    }

    fn string(&mut self) -> Option<String> {
        let mut quoted = String::new();
        quoted.push(self.take()?);
        loop {
            let letter = self.take()?;
            quoted.push(letter);
            match letter {
                '\\' => quoted.push(self.take()?),
                '"' => return serde_json::from_str(&quoted).ok(),
                _ => {}
            }
        }
    }

    fn comma(&mut self) {
        self.space();
        if self.rest.peek() == Some(&',') {
            self.take();
        }
    }

    fn space(&mut self) {
        while self.rest.peek().is_some_and(|letter| letter.is_ascii_whitespace()) {
            self.take();
        }
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.rest.next()?;
        if letter == '\n' {
            self.at.line = self.at.line.saturating_add(1);
            self.at.column = 1;
        } else {
            self.at.column = self.at.column.saturating_add(1);
        }
        Some(letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "{\n  \"a\": { \"b\\u0063\": 1,\n    \"d\": [ {}, [\"]\",\n true],\n {\"e.f\": null} ] },\n  \"g\": 2\n}";

    fn at(pointer: &str) -> Option<(usize, usize)> {
        of(TEXT, pointer).map(|place| (place.line, place.column))
    }

    #[test]
    fn a_member_or_item_is_found_by_line_or_column() {
        assert_eq!(at("/a"), Some((2, 3)));
        assert_eq!(at("/a/bc"), Some((2, 10)));
        assert_eq!(at("/a/d"), Some((3, 5)));
        assert_eq!(at("/a/d/1/1"), Some((4, 2)));
        assert_eq!(at("/a/d/2/e.f"), Some((5, 3)));
        assert_eq!(at("/g"), Some((6, 3)));
    }

    #[test]
    fn what_is_missing_is_placed_at_the_nearest_thing_around_it() {
        assert_eq!(at("/a/x"), Some((2, 3)));
        assert_eq!(at("/a/d/9/x"), Some((3, 5)));
        assert_eq!(at("/x"), None);
    }
}
