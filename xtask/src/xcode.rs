//! The hand-written Xcode project and what lies beside it, checked without a Mac: whether Xcode would find what it looks for.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::run::{Outcome, Workspace, at, failed, heading};

/// Where the project is.
const FOLDER: &str = "ios-demo";

/// Letters of an object's id.
const ID: usize = 24;

/// A value of a property list in the old style.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    /// A word or a quoted text.
    Text(String),
    /// `( …, )`.
    List(Vec<Value>),
    /// `{ key = value; }`, in the sequence of the file.
    Record(Vec<(String, Value)>),
}

/// Fails with every fault of the project, its privacy manifest and its property list.
pub(crate) fn check(workspace: &Workspace) -> Outcome {
    heading("the Xcode project is whole");
    let folder = workspace.root.join(FOLDER);
    let read = |name: &str| {
        let path = folder.join(name);
        at(&path, fs::read_to_string(&path))
    };
    let mut faults = match parse(&read("Quittance.xcodeproj/project.pbxproj")?) {
        Ok(project) => project_faults(&project, &folder),
        Err(fault) => vec![fault],
    };
    faults.extend(privacy_faults(&read("QuittanceDemo/PrivacyInfo.xcprivacy")?));
    faults.extend(words_faults(
        &read("Info.plist")?,
        &at(
            &folder,
            fs::read_to_string(workspace.root.join("bindings/texts/en.json")),
        )?,
    ));
    match faults.is_empty() {
        true => Ok(()),
        false => failed(format!("the Xcode project:\n  {}", faults.join("\n  "))),
    }
}

/// Ids that are given twice, that lead nowhere or that nobody leads to; paths that are not there.
fn project_faults(project: &Value, folder: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    if project.text("objectVersion") != Some("77") {
        faults.push("objectVersion is not 77, which synchronized folders need".to_owned());
    }
    let Some(Value::Record(objects)) = project.member("objects") else {
        return vec!["it has no objects".to_owned()];
    };
    let mut known: BTreeMap<&str, &Value> = BTreeMap::new();
    for (id, object) in objects {
        if known.insert(id, object).is_some() {
            faults.push(format!("{id} is given twice"));
        }
    }
    let mut used = BTreeSet::new();
    for part in objects
        .iter()
        .map(|(_, object)| object)
        .chain(project.member("rootObject"))
    {
        part.each_text(&mut |text| {
            if is_id(text) {
                used.insert(text.to_owned());
            }
        });
    }
    faults.extend(
        used.iter()
            .filter(|id| !known.contains_key(id.as_str()))
            .map(|id| format!("{id} leads nowhere")),
    );
    faults.extend(
        known
            .keys()
            .filter(|id| !used.contains(**id))
            .map(|id| format!("nobody leads to {id}")),
    );
    for (id, object) in &known {
        let inside = object.text("sourceTree") == Some("<group>") && object.text("name").is_none();
        let path = object
            .text("relativePath")
            .or(if inside { object.text("path") } else { None });
        if let Some(path) = path.filter(|path| !folder.join(path).exists()) {
            faults.push(format!("{id} names {path}, which is not there"));
        }
    }
    faults
}

fn is_id(text: &str) -> bool {
    text.len() == ID
        && text
            .chars()
            .all(|letter| letter.is_ascii_digit() || ('A'..='F').contains(&letter))
}

/// What a privacy manifest must say: no tracking, and a reason for each kind of call that needs one.
pub(crate) fn privacy_faults(manifest: &str) -> Vec<String> {
    let squeezed: String = manifest.split_whitespace().collect();
    let mut faults = Vec::new();
    if !squeezed.contains("<key>NSPrivacyTracking</key><false/>") {
        faults.push("the privacy manifest does not say that nobody is tracked".to_owned());
    }
    for key in [
        "NSPrivacyTrackingDomains",
        "NSPrivacyCollectedDataTypes",
        "NSPrivacyAccessedAPITypes",
    ] {
        if !squeezed.contains(&format!("<key>{key}</key><array")) {
            faults.push(format!("the privacy manifest has no {key}"));
        }
    }
    // The core's file and its clock make such calls.
    for (category, reason) in [("FileTimestamp", "C617.1"), ("SystemBootTime", "35F9.1")] {
        let expected = format!(
            "<string>NSPrivacyAccessedAPICategory{category}</string>\
             <key>NSPrivacyAccessedAPITypeReasons</key><array><string>{reason}</string></array>"
        );
        if !squeezed.contains(&expected) {
            faults.push(format!("the privacy manifest gives no reason for {category}"));
        }
    }
    faults
}

/// The one sentence that the system shows by itself is the catalogue's.
fn words_faults(info: &str, catalogue: &str) -> Vec<String> {
    let texts: BTreeMap<String, serde_json::Value> = serde_json::from_str(catalogue).unwrap_or_default();
    let sentence = texts
        .get("ask.biometric.why")
        .and_then(|text| text.as_str())
        .unwrap_or_default();
    let squeezed = info.split('\n').map(str::trim).collect::<String>();
    let expected = format!("<key>NSFaceIDUsageDescription</key><string>{sentence}</string>");
    match squeezed.contains(&expected) {
        true => Vec::new(),
        false => vec!["NSFaceIDUsageDescription is not the catalogue's ask.biometric.why".to_owned()],
    }
}

impl Value {
    fn member(&self, name: &str) -> Option<&Self> {
        let Self::Record(members) = self else { return None };
        members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.member(name) {
            Some(Self::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Every text and every key inside, but for the keys that name a member.
    fn each_text(&self, visit: &mut impl FnMut(&str)) {
        match self {
            Self::Text(text) => visit(text),
            Self::List(values) => values.iter().for_each(|value| value.each_text(visit)),
            Self::Record(members) => members.iter().for_each(|(key, value)| {
                visit(key);
                value.each_text(visit);
            }),
        }
    }
}

/// Reads a property list in the old style; a fault names how far it came.
fn parse(text: &str) -> Result<Value, String> {
    let mut reader = Reader {
        rest: text.strip_prefix("// !$*UTF8*$!").unwrap_or(text),
    };
    let value = reader.value()?;
    reader.skip();
    match reader.rest.is_empty() {
        true => Ok(value),
        false => Err(reader.fault("the end")),
    }
}

/// What is still to be read.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Passes over spaces and comments.
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            match self
                .rest
                .strip_prefix("/*")
                .and_then(|comment| comment.split_once("*/"))
            {
                Some((_, after)) => self.rest = after,
                None => return,
            }
        }
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(sign) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        if self.take(sign) {
            Ok(())
        } else {
            Err(self.fault(&format!("`{sign}`")))
        }
    }

    fn fault(&self, wanted: &str) -> String {
        let here: String = self.rest.chars().take(40).collect();
        format!("{wanted} is expected before: {here}")
    }

    fn value(&mut self) -> Result<Value, String> {
        if self.take('{') {
            let mut members = Vec::new();
            while !self.take('}') {
                let key = self.word()?;
                self.expect('=')?;
                let value = self.value()?;
                self.expect(';')?;
                members.push((key, value));
            }
            return Ok(Value::Record(members));
        }
        if self.take('(') {
            let mut values = Vec::new();
            while !self.take(')') {
                values.push(self.value()?);
                self.expect(',')?;
            }
            return Ok(Value::List(values));
        }
        self.word().map(Value::Text)
    }

    fn word(&mut self) -> Result<String, String> {
        if self.take('"') {
            let mut word = String::new();
            let mut letters = self.rest.chars();
            while let Some(letter) = letters.next() {
                match letter {
                    '"' => {
                        self.rest = letters.as_str();
                        return Ok(word);
                    }
                    '\\' => word.extend(letters.next()),
                    letter => word.push(letter),
                }
            }
            return Err(self.fault("a closing quotation mark"));
        }
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_./$".contains(letter);
        let end = self.rest.find(|letter| !plain(letter)).unwrap_or(self.rest.len());
        let (word, after) = self.rest.split_at(end);
        if word.is_empty() {
            return Err(self.fault("a word"));
        }
        self.rest = after;
        Ok(word.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(FOLDER)
    }

    fn project() -> String {
        fs::read_to_string(folder().join("Quittance.xcodeproj/project.pbxproj")).unwrap()
    }

    fn faults(project: &str) -> Vec<String> {
        parse(project).map_or_else(|fault| vec![fault], |project| project_faults(&project, &folder()))
    }

    #[test]
    fn the_project_is_whole() {
        assert_eq!(faults(&project()), [""; 0]);
    }

    #[test]
    fn what_would_not_open_is_named() {
        let broken = |from: &str, to: &str| faults(&project().replacen(from, to, 1)).join("; ");
        let target = "51C0DE000000000000000051";
        assert!(broken("objectVersion = 77", "objectVersion = 56").contains("is not 77"));
        assert!(broken("path = Info.plist;", "path = Other.plist;").contains("Other.plist, which is not there"));
        assert!(broken("relativePath = ../bindings/swift", "relativePath = ../swift").contains("../swift"));
        assert!(
            broken(
                &format!("\t\t{target} /* Quitt"),
                "\t\t51C0DE0000000000000000FF /* Quitt"
            )
            .contains("leads nowhere")
        );
        assert!(broken("files = (", "files = ").contains("expected"));
    }

    #[test]
    fn an_object_that_nobody_names_is_found() {
        let more = "/* Begin PBXGroup section */\n51C0DE0000000000000000EE = {isa = PBXGroup; };";
        let found = faults(&project().replacen("/* Begin PBXGroup section */", more, 1));
        assert_eq!(found, ["nobody leads to 51C0DE0000000000000000EE"]);
    }

    #[test]
    fn a_privacy_manifest_without_a_reason_is_refused() {
        let manifest = fs::read_to_string(folder().join("QuittanceDemo/PrivacyInfo.xcprivacy")).unwrap();
        assert_eq!(privacy_faults(&manifest), [""; 0]);
        assert_eq!(privacy_faults(&manifest.replace("C617.1", "0")).len(), 1);
        assert_eq!(privacy_faults(&manifest.replacen("<false/>", "<true/>", 1)).len(), 1);
    }

    #[test]
    fn the_systems_sentence_is_the_catalogues() {
        let info = "<key>NSFaceIDUsageDescription</key>\n\t<string>Only you.</string>";
        assert_eq!(words_faults(info, r#"{ "ask.biometric.why": "Only you." }"#), [""; 0]);
        assert_eq!(words_faults(info, r#"{ "ask.biometric.why": "Other." }"#).len(), 1);
    }
}
