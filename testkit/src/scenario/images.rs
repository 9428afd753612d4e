//! Images that a payer hands in: small, whole, each with bytes of its own.

/// A PNG image of 320 by 200 grey pixels; `number` makes its bytes differ from those of others.
pub(super) fn image(number: u32) -> Vec<u8> {
    image_of(0, number)
}

/// A PNG image of this many bytes, or the smallest where that is more.
pub(super) fn image_of(bytes: usize, number: u32) -> Vec<u8> {
    let begin = [
        b"\x89PNG\r\n\x1a\n".as_slice(),
        &chunk(*b"IHDR", &[0, 0, 1, 64, 0, 0, 0, 200, 8, 0, 0, 0, 0]),
        &chunk(*b"tEXt", format!("image\0{number:08}").as_bytes()),
        &chunk(*b"IDAT", &[0x5a; 256]),
    ]
    .concat();
    let end = chunk(*b"IEND", &[]);
    // What is missing is a comment, whose chunk has twelve bytes of its own.
    let missing = bytes.checked_sub(begin.len() + end.len() + 12);
    let padding = missing.map(|missing| chunk(*b"tEXt", &vec![b' '; missing]));
    [begin, padding.unwrap_or_default(), end].concat()
}

/// One chunk. Nobody decodes these images, so their checksums are not made.
fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes();
    [length.as_slice(), &kind, data, &[0; 4]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_the_wanted_size_and_bytes_of_its_own() {
        assert_eq!(image_of(100_000, 1).len(), 100_000);
        assert_ne!(image(1), image(2));
        assert!(image(1).starts_with(b"\x89PNG"));
    }
}
