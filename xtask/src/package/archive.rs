//! Zip archives (jars, AARs) whose bytes depend on nothing but what is in them.
use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::files;
use crate::run::{Outcome, Problem, at};

/// The one entry that readers of a jar want first.
const MANIFEST: &str = "META-INF/MANIFEST.MF";

/// Files by their names in the archive.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Archive {
    entries: BTreeMap<String, Vec<u8>>,
}

impl Archive {
    /// Adds a file under a name.
    pub(crate) fn add(&mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.entries.insert(name.into(), content.into());
    }

    /// Adds a file of the disk under a name.
    pub(crate) fn add_file(&mut self, name: impl Into<String>, file: &Path) -> Outcome {
        self.add(name, at(file, fs::read(file))?);
        Ok(())
    }

    /// Adds all that is below a folder, under its path from there.
    pub(crate) fn add_folder(&mut self, prefix: &str, folder: &Path) -> Outcome {
        for file in files::all_files(folder)? {
            self.add_file(format!("{prefix}{}", files::below(folder, &file)), &file)?;
        }
        Ok(())
    }

    /// Reads an archive that somebody else made.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let bytes = at(path, fs::read(path))?;
        Self::parse(&bytes).map_err(|problem| Problem::Failed(format!("{}: {problem}", path.display())))
    }

    /// Reads an archive inside another.
    pub(crate) fn parse(bytes: &[u8]) -> Outcome<Self> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
        let mut read = Self::default();
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).map_err(broken)?;
            if entry.is_file() {
                let name = entry.name().map_err(broken)?.into_owned();
                let mut content = Vec::new();
                entry.read_to_end(&mut content).map_err(broken)?;
                read.add(name, content);
            }
        }
        Ok(read)
    }

    /// The files by their names.
    pub(crate) fn entries(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.entries
    }

    /// The archive without the files whose names begin so.
    pub(crate) fn without(mut self, prefix: &str) -> Self {
        self.entries.retain(|name, _| !name.starts_with(prefix));
        self
    }

    /// Writes it: entries in order of their names, all of 1980, compressed alike.
    pub(crate) fn write(&self, path: &Path) -> Outcome {
        files::write(path, self.bytes()?)
    }

    /// The bytes that [`Archive::write`] writes.
    pub(crate) fn bytes(&self) -> Outcome<Vec<u8>> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(0o644);
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let (first, rest): (Vec<_>, Vec<_>) = self.entries.iter().partition(|(name, _)| *name == MANIFEST);
        for (name, content) in first.into_iter().chain(rest) {
            writer.start_file(name.as_str(), options).map_err(broken)?;
            writer.write_all(content).map_err(broken)?;
        }
        Ok(writer.finish().map_err(broken)?.into_inner())
    }
}

fn broken(error: impl std::fmt::Display) -> Problem {
    Problem::Failed(format!("zip: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar(names: &[&str]) -> Archive {
        let mut archive = Archive::default();
        for name in names {
            archive.add(*name, name.repeat(100));
        }
        archive
    }

    #[test]
    fn the_bytes_do_not_tell_when_or_in_which_order_files_were_added() {
        let one = jar(&["a/B.class", MANIFEST, "LICENSE"]).bytes().unwrap();
        let other = jar(&["LICENSE", "a/B.class", MANIFEST]).bytes().unwrap();
        assert_eq!(one, other);
        assert_ne!(one, jar(&["LICENSE", "a/B.class"]).bytes().unwrap());
    }

    #[test]
    fn a_jar_begins_with_its_manifest_and_is_read_back_whole() {
        let written = jar(&["A.class", MANIFEST, "z.txt"]);
        let bytes = written.bytes().unwrap();
        let mut reader = ZipArchive::new(Cursor::new(&bytes)).unwrap();
        assert_eq!(reader.by_index(0).unwrap().name().unwrap(), MANIFEST);
        assert_eq!(Archive::parse(&bytes).unwrap(), written);
    }

    #[test]
    fn files_can_be_left_out_by_their_folder() {
        let rest = jar(&["META-INF/proguard/a.pro", "A.class"]).without("META-INF/proguard/");
        assert_eq!(rest, jar(&["A.class"]));
    }
}
