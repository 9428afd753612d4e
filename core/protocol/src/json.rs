//! Strict JSON: one reading for every document, bounded work for every byte sequence.
//!
//! Refused, each with a typed problem that names the place (RFC 6901): duplicate members at any level, nesting or
//! size beyond the limits, unknown members, numbers that are not integers (money and times have no fractions, and
//! two parsers seldom agree on them), wrong types. Reading stops at the first fault, so a hostile body costs no
//! more than its own first bytes.

mod exact;

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use crate::problem::{Code, Problem};

pub use exact::{exact_from_slice, exact_from_value};

/// How much a document may demand of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes.
    pub bytes: usize,
    /// The most arrays or objects inside one another; the outermost counts.
    pub depth: usize,
}

impl Limits {
    /// The protocol's limits: 64 KiB, depth 16.
    pub const PROTOCOL: Self = Self {
        bytes: 64 * 1024,
        depth: 16,
    };
}

/// Reads a document into its type.
///
/// # Errors
/// `too_large` over the size limit; `unknown_member` for a member that the type does not know; `malformed` for
/// everything else, with the pointer of the place.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8], limits: Limits) -> Result<T, Problem> {
    from_value(value_from_slice(bytes, limits)?)
}

/// Reads a document without a type: for what must be split before it has one.
///
/// # Errors
/// As [`from_slice`], apart from unknown members or wrong types.
pub fn value_from_slice(bytes: &[u8], limits: Limits) -> Result<Value, Problem> {
    if bytes.len() > limits.bytes {
        return Err(Problem::new(Code::TooLarge).detail("shorten the document"));
    }
    let refusal = RefCell::new(None);
    let node = Node {
        place: &Place::Root,
        depth_left: limits.depth,
        refusal: &refusal,
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = node
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    value.map_err(|_| {
        refusal
            .take()
            .unwrap_or_else(|| Problem::new(Code::Malformed).detail("the body is not one JSON document"))
    })
}

/// Gives a value its type.
///
/// # Errors
/// `unknown_member` or `malformed`, with the pointer of the place.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        // serde has no typed reason, only its message; the exact forms are held by the tests below.
        let message = error.inner().to_string();
        let member = |prefix: &str| {
            let name = message.strip_prefix(prefix)?.split('`').next()?;
            let (pointer, tail) = (pointer_of(error.path(), true), format!("/{}", escape(name)));
            Some(if pointer.ends_with(&tail) {
                pointer
            } else {
                format!("{pointer}{tail}")
            })
        };
        if let Some(pointer) = member("unknown field `") {
            Problem::new(Code::UnknownMember)
                .at(pointer)
                .detail("leave this member out")
        } else if let Some(pointer) = member("missing field `") {
            Problem::new(Code::Malformed)
                .at(pointer)
                .detail("this member is missing")
        } else {
            Problem::new(Code::Malformed)
                .at(pointer_of(error.path(), false))
                .detail("this member has the wrong type or an impossible value")
        }
    })
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A choice stands in the document as a member's name where it holds something; one that ends the path may instead be
/// a text value that the caller sent, which is not repeated unless `choice_ends` says that it is a name.
fn pointer_of(path: &Path, choice_ends: bool) -> String {
    let mut pointer = String::new();
    let mut segments = path.iter().peekable();
    while let Some(segment) = segments.next() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escape(key))),
            Segment::Enum { variant } if choice_ends || segments.peek().is_some() => {
                pointer.push_str(&format!("/{}", escape(variant)));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// The way from the root to where the reader stands, kept on the stack so that a clean document costs nothing.
enum Place<'a> {
    Root,
    Member(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Root => Ok(()),
            Place::Member(parent, name) => write!(f, "{parent}/{}", escape(name)),
            Place::Item(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}

#[derive(Clone, Copy)]
struct Node<'a> {
    place: &'a Place<'a>,
    depth_left: usize,
    refusal: &'a RefCell<Option<Problem>>,
}

impl Node<'_> {
    fn refuse<E: serde::de::Error>(&self, place: &Place<'_>, detail: &'static str) -> E {
        *self.refusal.borrow_mut() = Some(Problem::new(Code::Malformed).at(place.to_string()).detail(detail));
        E::custom(detail)
    }

    fn deeper<E: serde::de::Error>(&self) -> Result<usize, E> {
        self.depth_left
            .checked_sub(1)
            .ok_or_else(|| self.refuse(self.place, "the document is nested too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Value, E> {
        Err(self.refuse(
            self.place,
            "write an integer of at most 64 bits, without fraction or exponent",
        ))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let depth_left = self.deeper()?;
        let mut list = Vec::new();
        loop {
            let place = Place::Item(self.place, list.len());
            match items.next_element_seed(Node {
                place: &place,
                depth_left,
                refusal: self.refusal,
            })? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let depth_left = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let place = Place::Member(self.place, &name);
            if object.contains_key(&name) {
                return Err(self.refuse(&place, "this member stands twice"));
            }
            let value = members.next_value_seed(Node {
                place: &place,
                depth_left,
                refusal: self.refusal,
            })?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        inner: Inner,
        #[serde(default)]
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        number: u32,
    }

    fn problem(text: &str) -> (Code, Option<String>) {
        let problem = from_slice::<Outer>(text.as_bytes(), Limits::PROTOCOL).unwrap_err();
        (problem.code(), problem.pointer().map(str::to_owned))
    }

    fn at(code: Code, pointer: &str) -> (Code, Option<String>) {
        (code, Some(pointer.to_owned()))
    }

    #[test]
    fn a_clean_document_is_read() {
        let outer: Outer = from_slice(br#"{"inner":{"number":1}}"#, Limits::PROTOCOL).unwrap();
        assert_eq!(
            outer,
            Outer {
                inner: Inner { number: 1 },
                list: vec![]
            }
        );
    }

    #[test]
    fn an_unknown_member_is_named_wherever_it_stands() {
        assert_eq!(
            problem(r#"{"inner":{"number":1},"x":1}"#),
            at(Code::UnknownMember, "/x")
        );
        assert_eq!(
            problem(r#"{"inner":{"number":1,"a/b~":1}}"#),
            at(Code::UnknownMember, "/inner/a~1b~0")
        );
        assert_eq!(
            problem(r#"{"inner":{"number":1},"list":[{"number":1},{"number":1,"y":2}]}"#),
            at(Code::UnknownMember, "/list/1/y")
        );
    }

    #[test]
    fn a_duplicate_member_is_refused_at_any_level_even_with_the_same_value() {
        assert_eq!(
            problem(r#"{"inner":{"number":1},"inner":{"number":1}}"#),
            at(Code::Malformed, "/inner")
        );
        assert_eq!(
            problem(r#"{"inner":{"number":1,"number":1}}"#),
            at(Code::Malformed, "/inner/number")
        );
        assert_eq!(
            problem(r#"{"inner":{"number":1,"numb\u0065r":2}}"#),
            at(Code::Malformed, "/inner/number")
        );
    }

    #[test]
    fn wrong_types_missing_members_or_fractions_are_malformed_at_their_place() {
        assert_eq!(
            problem(r#"{"inner":{"number":"1"}}"#),
            at(Code::Malformed, "/inner/number")
        );
        assert_eq!(
            problem(r#"{"inner":{"number":-1}}"#),
            at(Code::Malformed, "/inner/number")
        );
        assert_eq!(
            problem(r#"{"inner":{"number":4294967296}}"#),
            at(Code::Malformed, "/inner/number")
        );
        assert_eq!(
            problem(r#"{"inner":{"number":1.0}}"#),
            at(Code::Malformed, "/inner/number")
        );
        assert_eq!(
            problem(r#"{"inner":{"number":1e0}}"#),
            at(Code::Malformed, "/inner/number")
        );
        assert_eq!(
            problem(r#"{"inner":{"number":99999999999999999999}}"#),
            at(Code::Malformed, "/inner/number")
        );
        assert_eq!(problem(r#"{"inner":{}}"#), at(Code::Malformed, "/inner/number"));
        assert_eq!(
            problem(r#"{"inner":{"number":1},"list":[{"number":1},[]]}"#),
            at(Code::Malformed, "/list/1")
        );
    }

    #[test]
    fn no_value_of_the_caller_is_repeated() {
        let text = r#"{"inner":{"number":"6222020200112230"}}"#;
        let problem = from_slice::<Outer>(text.as_bytes(), Limits::PROTOCOL).unwrap_err();
        assert!(!format!("{problem} {problem:?}").contains("6222"));
    }

    #[test]
    fn what_is_not_one_document_is_malformed() {
        for text in [
            "",
            "{",
            "{}{}",
            "nul",
            "\u{feff}{}",
            "{\"inner\":{\"number\":01}}",
            "[1,]",
            "{\"a\":1,}",
            "NaN",
        ] {
            assert_eq!(problem(text).0, Code::Malformed, "{text:?}");
        }
        assert_eq!(
            from_slice::<Outer>(b"\"\xff\"", Limits::PROTOCOL).unwrap_err().code(),
            Code::Malformed
        );
    }

    #[test]
    fn the_16th_level_is_read_where_the_17th_is_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(value_from_slice(nested(16).as_bytes(), Limits::PROTOCOL).is_ok());
        let refused = value_from_slice(nested(17).as_bytes(), Limits::PROTOCOL).unwrap_err();
        assert_eq!(refused.code(), Code::Malformed);
        assert_eq!(refused.pointer(), Some("/0".repeat(16).as_str()));
    }

    #[test]
    fn a_depth_of_100_000_is_refused_on_a_small_stack() {
        let body = "[".repeat(100_000);
        let wide = Limits {
            bytes: usize::MAX,
            ..Limits::PROTOCOL
        };
        let answer = std::thread::Builder::new()
            .stack_size(128 * 1024)
            .spawn(move || value_from_slice(body.as_bytes(), wide).map_err(|problem| problem.code()))
            .unwrap()
            .join()
            .unwrap();
        assert_eq!(answer, Err(Code::Malformed));
    }

    #[test]
    fn one_byte_over_the_limit_is_too_large_even_before_it_is_read() {
        let mut body = br#"{"inner":{"number":1}}"#.to_vec();
        body.resize(64 * 1024, b' ');
        assert!(from_slice::<Outer>(&body, Limits::PROTOCOL).is_ok());
        body.push(b' ');
        assert_eq!(
            from_slice::<Outer>(&body, Limits::PROTOCOL).unwrap_err().code(),
            Code::TooLarge
        );
        assert_eq!(
            from_slice::<Outer>(&vec![0xff; 10_000_000], Limits::PROTOCOL)
                .unwrap_err()
                .code(),
            Code::TooLarge
        );
    }
}
