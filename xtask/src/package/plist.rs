//! Property lists in XML, as Xcode reads them: the few kinds of values that this project writes.
use serde_json::{Map, Value};

use crate::run::{Outcome, Problem};

/// Writes a property list.
pub(crate) fn write(value: &Value) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n",
    );
    write_value(value, 0, &mut text);
    text + "</plist>\n"
}

fn write_value(value: &Value, depth: usize, text: &mut String) {
    let indent = "\t".repeat(depth);
    match value {
        Value::Object(members) => {
            *text += &format!("{indent}<dict>\n");
            for (key, value) in members {
                *text += &format!("{indent}\t<key>{key}</key>\n");
                write_value(value, depth + 1, text);
            }
            *text += &format!("{indent}</dict>\n");
        }
        Value::Array(items) => {
            *text += &format!("{indent}<array>\n");
            items.iter().for_each(|item| write_value(item, depth + 1, text));
            *text += &format!("{indent}</array>\n");
        }
        Value::Bool(value) => *text += &format!("{indent}<{value}/>\n"),
        Value::String(words) => *text += &format!("{indent}<string>{words}</string>\n"),
        Value::Number(number) => *text += &format!("{indent}<integer>{number}</integer>\n"),
        Value::Null => {}
    }
}

/// Reads a property list that has no other values than [`write()`] writes; an empty list may be written in short.
pub(crate) fn read(text: &str) -> Outcome<Value> {
    let mut reader = Reader { rest: text };
    let value = reader.skip_to("<plist version=\"1.0\">").and_then(|()| reader.value());
    match value {
        Some(value) if reader.take("</plist>") && reader.rest.trim().is_empty() => Ok(value),
        _ => Err(Problem::Failed(format!(
            "no property list: {}",
            text.chars().take(80).collect::<String>()
        ))),
    }
}

/// Reads from left to right.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip_to(&mut self, mark: &str) -> Option<()> {
        self.rest = self.rest.split_once(mark)?.1;
        Some(())
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = self.rest.trim_start().strip_prefix(mark);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn words(&mut self, end: &str) -> Option<&'a str> {
        let (words, rest) = self.rest.split_once(end)?;
        self.rest = rest;
        (!words.contains('<')).then_some(words)
    }

    fn value(&mut self) -> Option<Value> {
        if self.take("<dict>") {
            let mut members = Map::new();
            while self.take("<key>") {
                let key = self.words("</key>")?.to_owned();
                members.insert(key, self.value()?);
            }
            return self.take("</dict>").then_some(Value::Object(members));
        }
        if self.take("<array/>") {
            return Some(Value::Array(Vec::new()));
        }
        if self.take("<array>") {
            let mut items = Vec::new();
            while !self.take("</array>") {
                items.push(self.value()?);
            }
            return Some(Value::Array(items));
        }
        if self.take("<string>") {
            return self.words("</string>").map(Value::from);
        }
        if self.take("<integer>") {
            return self.words("</integer>")?.parse::<i64>().ok().map(Value::from);
        }
        if self.take("<true/>") {
            return Some(Value::Bool(true));
        }
        self.take("<false/>").then_some(Value::Bool(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read_back() {
        let value = json!({ "a": [{ "b": "c" }, true, 7], "d": {}, "e": [] });
        assert_eq!(read(&write(&value)).unwrap(), value);
        let empty = "<plist version=\"1.0\"><array/></plist>";
        assert_eq!(read(empty).unwrap(), json!([]));
    }

    #[test]
    fn a_list_that_is_not_whole_is_refused() {
        let whole = write(&json!({ "a": ["b"] }));
        for part in ["</array>", "<key>a</key>", "</plist>", "</string>", "<dict>"] {
            assert!(read(&whole.replace(part, "")).is_err(), "{part}");
        }
        assert!(read("").is_err());
    }
}
