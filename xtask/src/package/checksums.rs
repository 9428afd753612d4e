//! SHA-256 of every file that is published, in the form that `sha256sum --check` reads.
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::files;
use crate::run::{Outcome, at, failed};

/// The name of the list.
pub(crate) const LIST: &str = "SHA256SUMS";

/// Writes the list of all that is below a folder into the folder.
pub(crate) fn write(folder: &Path) -> Outcome {
    files::write(&folder.join(LIST), listed(folder)?)
}

/// Fails unless the folder holds exactly what its list names.
pub(crate) fn check(folder: &Path) -> Outcome {
    let path = folder.join(LIST);
    if files::text(&path)? == listed(folder)? {
        return Ok(());
    }
    failed(format!("{} does not hold what its {LIST} names", folder.display()))
}

/// The SHA-256 of some bytes, in hexadecimal digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn listed(folder: &Path) -> Outcome<String> {
    let mut list = String::new();
    for file in files::all_files(folder)? {
        let name = files::below(folder, &file);
        if name != LIST {
            list += &format!("{}  {name}\n", digest(&at(&file, fs::read(&file))?));
        }
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_an_added_or_a_missing_file_is_noticed() {
        let folder = std::env::temp_dir().join(format!("quittance-checksums-{}", std::process::id()));
        files::emptied(&folder).unwrap();
        files::write(&folder.join("a/one"), "1").unwrap();
        write(&folder).unwrap();
        assert!(files::text(&folder.join(LIST)).unwrap().ends_with("  a/one\n"));
        assert_eq!(check(&folder), Ok(()));
        files::write(&folder.join("a/one"), "2").unwrap();
        assert!(check(&folder).is_err());
        files::write(&folder.join("a/one"), "1").unwrap();
        files::write(&folder.join("two"), "2").unwrap();
        assert!(check(&folder).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_digest_is_the_published_one() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(b""), empty);
    }
}
