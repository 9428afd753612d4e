//! The check of an uploaded image: really JPEG or PNG, whole, of a believable size.
//!
//! Nothing is decoded. The container is walked to its end, and the pixels that it declares are compared with the most
//! that its bytes can hold, so that no decoder behind this is given a bomb.

use quittance_protocol::{Code, Problem};
use serde::{Deserialize, Serialize};

/// What an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageFormat {
    /// ISO/IEC 10918-1.
    Jpeg,
    /// ISO/IEC 15948.
    Png,
}

/// What an image says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageFacts {
    /// Its format.
    pub format: ImageFormat,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Why an upload is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImageRefused {
    /// It has more bytes than the policy allows.
    #[error("the image has more than {max_bytes} bytes")]
    TooLarge {
        /// The most that the policy allows.
        max_bytes: usize,
    },
    /// It does not begin as a JPEG or PNG file does.
    #[error("the upload is no JPEG or PNG image")]
    NotAnImage,
    /// It begins as an image does, then its structure breaks.
    #[error("the image is damaged")]
    Damaged,
    /// It ends before the image does.
    #[error("the image is not complete")]
    Incomplete,
    /// It declares no pixels, or more than its bytes can hold.
    #[error("the image declares a size that it cannot have")]
    ImpossibleSize,
}

impl From<ImageRefused> for Problem {
    fn from(refused: ImageRefused) -> Self {
        let code = match refused {
            ImageRefused::TooLarge { .. } => Code::TooLarge,
            _ => Code::NotAnImage,
        };
        Self::new(code).detail(refused.to_string())
    }
}

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG_START: &[u8] = b"\xff\xd8\xff";
/// The most that deflate expands one byte to: a property of the format, not a rule.
const DEFLATE_RATIO: u64 = 1_032;
/// A JPEG block of 8 x 8 pixels takes at least one bit: a property of the format, not a rule.
const JPEG_PIXELS_PER_BYTE: u64 = 8 * 64;

/// Checks an upload. `max_bytes` is the policy's `limits.uploads.max_bytes`.
///
/// # Errors
/// [`ImageRefused`], the first that applies.
pub fn check(bytes: &[u8], max_bytes: usize) -> Result<ImageFacts, ImageRefused> {
    if bytes.len() > max_bytes {
        return Err(ImageRefused::TooLarge { max_bytes });
    }
    if let Some(rest) = bytes.strip_prefix(PNG_SIGNATURE) {
        png(rest)
    } else if bytes.starts_with(JPEG_START) {
        // The third byte begins the first segment.
        jpeg(bytes.get(2..).unwrap_or_default())
    } else {
        Err(ImageRefused::NotAnImage)
    }
}

fn png(bytes: &[u8]) -> Result<ImageFacts, ImageRefused> {
    let (kind, header, mut rest) = chunk(bytes)?;
    let [w0, w1, w2, w3, h0, h1, h2, h3, depth, color, 0, 0, _interlace] = *header else {
        return Err(ImageRefused::Damaged);
    };
    if kind != b"IHDR" {
        return Err(ImageRefused::Damaged);
    }
    let (width, height) = (
        u32::from_be_bytes([w0, w1, w2, w3]),
        u32::from_be_bytes([h0, h1, h2, h3]),
    );
    let samples: u64 = match (color, depth) {
        (0, 1 | 2 | 4 | 8 | 16) | (3, 1 | 2 | 4 | 8) => 1,
        (2, 8 | 16) => 3,
        (4, 8 | 16) => 2,
        (6, 8 | 16) => 4,
        _ => return Err(ImageRefused::Damaged),
    };
    let mut packed: u64 = 0;
    loop {
        let (kind, data, after) = chunk(rest)?;
        match kind {
            b"IDAT" => packed = packed.saturating_add(data.len() as u64),
            b"IEND" => break,
            _ => {}
        }
        rest = after;
    }
    // Each row has one more byte, which names its filter.
    let row = (u64::from(width) * samples * u64::from(depth)).div_ceil(8) + 1;
    believable(
        ImageFormat::Png,
        width,
        height,
        row.saturating_mul(u64::from(height)),
        packed.saturating_mul(DEFLATE_RATIO),
    )
}

type Chunk<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// Splits the next PNG chunk into its kind, its data, what follows.
fn chunk(bytes: &[u8]) -> Result<Chunk<'_>, ImageRefused> {
    let whole = || {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_at_checked(4)?;
        let (data, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let (_checksum, rest) = rest.split_at_checked(4)?;
        Some((kind, data, rest))
    };
    whole().ok_or(ImageRefused::Incomplete)
}

fn jpeg(mut bytes: &[u8]) -> Result<ImageFacts, ImageRefused> {
    let mut size = None;
    loop {
        let (marker, rest) = marker(bytes)?;
        match marker {
            // Restart markers or a second start have no place between segments; an end without a scan is no image.
            0x00 | 0x01 | 0xd0..=0xd9 => return Err(ImageRefused::Damaged),
            _ => {}
        }
        let (segment, rest) = segment(rest)?;
        match marker {
            // Frames of Huffman coding: baseline, extended, progressive. The others are not what cameras write.
            0xc0..=0xc2 => {
                let [_precision, h0, h1, w0, w1, ..] = *segment else {
                    return Err(ImageRefused::Damaged);
                };
                size = Some((u16::from_be_bytes([w0, w1]), u16::from_be_bytes([h0, h1])));
            }
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return Err(ImageRefused::Damaged),
            // The scan: from here on packed pixels, up to the end of the image.
            0xda => {
                let (width, height) = size.ok_or(ImageRefused::Damaged)?;
                if !rest.windows(2).any(|pair| pair == b"\xff\xd9") {
                    return Err(ImageRefused::Incomplete);
                }
                let pixels = u64::from(width) * u64::from(height);
                let most = (rest.len() as u64).saturating_mul(JPEG_PIXELS_PER_BYTE);
                return believable(ImageFormat::Jpeg, width.into(), height.into(), pixels, most);
            }
            _ => {}
        }
        bytes = rest;
    }
}

/// The next JPEG marker with what follows it.
fn marker(bytes: &[u8]) -> Result<(u8, &[u8]), ImageRefused> {
    match *bytes {
        // A marker may be preceded by any number of fill bytes.
        [0xff, 0xff, ..] => marker_after_fill(bytes),
        [0xff, marker, ref rest @ ..] => Ok((marker, rest)),
        [] | [0xff] => Err(ImageRefused::Incomplete),
        _ => Err(ImageRefused::Damaged),
    }
}

fn marker_after_fill(bytes: &[u8]) -> Result<(u8, &[u8]), ImageRefused> {
    let fill = bytes.iter().take_while(|byte| **byte == 0xff).count();
    match bytes.get(fill..) {
        Some([marker, rest @ ..]) => Ok((*marker, rest)),
        _ => Err(ImageRefused::Incomplete),
    }
}

/// Splits a JPEG segment from what follows; its length counts its own two bytes.
fn segment(bytes: &[u8]) -> Result<(&[u8], &[u8]), ImageRefused> {
    let (length, rest) = bytes.split_first_chunk::<2>().ok_or(ImageRefused::Incomplete)?;
    let length = usize::from(u16::from_be_bytes(*length))
        .checked_sub(2)
        .ok_or(ImageRefused::Damaged)?;
    rest.split_at_checked(length).ok_or(ImageRefused::Incomplete)
}

fn believable(
    format: ImageFormat,
    width: u32,
    height: u32,
    needed: u64,
    most: u64,
) -> Result<ImageFacts, ImageRefused> {
    if width == 0 || height == 0 || needed > most {
        return Err(ImageRefused::ImpossibleSize);
    }
    Ok(ImageFacts { format, width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 100_000;

    fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], kind, data, &[0; 4]].concat()
    }

    fn png_of(width: u32, height: u32, packed: usize) -> Vec<u8> {
        let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        [
            PNG_SIGNATURE.to_vec(),
            png_chunk(b"IHDR", &header),
            png_chunk(b"tEXt", b"IEND"),
            png_chunk(b"IDAT", &vec![7; packed]),
            png_chunk(b"IEND", b""),
        ]
        .concat()
    }

    fn jpeg_of(width: u16, height: u16, packed: usize) -> Vec<u8> {
        let frame = [
            &[0xff, 0xc0, 0, 11, 8][..],
            &height.to_be_bytes(),
            &width.to_be_bytes(),
            &[1, 1, 0x11, 0],
        ]
        .concat();
        [
            &[0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff][..],
            &frame,
            &[0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0],
            &vec![7; packed],
            &[0xff, 0xd9],
        ]
        .concat()
    }

    //
    #[test]
    fn whole_images_are_taken_with_the_size_that_they_declare() {
        let png = check(&png_of(640, 480, 2_000), MAX);
        assert_eq!(
            png,
            Ok(ImageFacts {
                format: ImageFormat::Png,
                width: 640,
                height: 480
            })
        );
        let jpeg = check(&jpeg_of(640, 480, 2_000), MAX);
        assert_eq!(
            jpeg,
            Ok(ImageFacts {
                format: ImageFormat::Jpeg,
                width: 640,
                height: 480
            })
        );
    }

    //
    #[test]
    fn what_is_no_image_is_refused_whatever_it_calls_itself() {
        let files: [&[u8]; 9] = [
            b"",
            b"\xff",
            b"\xff\xd8",
            b"%PDF-1.7\n",
            b"GIF89a\x01\x00\x01\x00",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"RIFF\x00\x00\x00\x00WEBPVP8 ",
            b"PK\x03\x04",
            b"\x89PNG\n\n\x1a\n",
        ];
        for file in files {
            assert_eq!(
                check(file, MAX),
                Err(ImageRefused::NotAnImage),
                "{}",
                file.escape_ascii()
            );
        }
    }

    //
    #[test]
    fn the_bound_on_bytes_is_exact() {
        for image in [png_of(10, 10, 500), jpeg_of(10, 10, 500)] {
            let max_bytes = image.len();
            assert!(check(&image, max_bytes).is_ok());
            let over = check(&image, max_bytes - 1);
            assert_eq!(
                over,
                Err(ImageRefused::TooLarge {
                    max_bytes: max_bytes - 1
                })
            );
        }
    }

    #[test]
    fn a_refusal_crosses_the_wire_under_its_own_code() {
        let problem = Problem::from(ImageRefused::TooLarge { max_bytes: 7 });
        assert_eq!(problem.code(), Code::TooLarge);
        assert_eq!(problem.detail_text(), Some("the image has more than 7 bytes"));
        for refused in [
            ImageRefused::NotAnImage,
            ImageRefused::Damaged,
            ImageRefused::Incomplete,
            ImageRefused::ImpossibleSize,
        ] {
            assert_eq!(Problem::from(refused).code(), Code::NotAnImage);
        }
    }

    //
    #[test]
    fn an_image_that_is_cut_off_anywhere_is_refused() {
        for image in [png_of(10, 10, 50), jpeg_of(10, 10, 50)] {
            assert!(check(&image, MAX).is_ok(), "the control");
            for end in 0..image.len() {
                assert!(check(&image[..end], MAX).is_err(), "{end} of {} bytes", image.len());
            }
        }
    }

    //
    #[test]
    fn a_size_that_the_bytes_cannot_hold_is_refused() {
        assert_eq!(check(&png_of(0, 10, 50), MAX), Err(ImageRefused::ImpossibleSize));
        assert_eq!(check(&png_of(10, 0, 50), MAX), Err(ImageRefused::ImpossibleSize));
        assert_eq!(
            check(&png_of(u32::MAX, u32::MAX, 50), MAX),
            Err(ImageRefused::ImpossibleSize)
        );
        assert_eq!(check(&jpeg_of(0, 10, 50), MAX), Err(ImageRefused::ImpossibleSize));
        assert_eq!(
            check(&jpeg_of(65_535, 65_535, 50), MAX),
            Err(ImageRefused::ImpossibleSize)
        );
        // On both sides of the bound: a row of 343 pixels is 1,030 bytes, one of 344 is 1,033; one byte unpacks to 1,032.
        assert!(check(&png_of(343, 1, 1), MAX).is_ok());
        assert_eq!(check(&png_of(344, 1, 1), MAX), Err(ImageRefused::ImpossibleSize));
        assert!(check(&jpeg_of(512, 12, 10), MAX).is_ok());
        assert_eq!(check(&jpeg_of(512, 13, 10), MAX), Err(ImageRefused::ImpossibleSize));
    }

    #[test]
    fn no_bytes_make_the_check_do_anything_but_answer() {
        let mut state: u32 = 7;
        for image in [png_of(10, 10, 50), jpeg_of(10, 10, 50)] {
            for _ in 0..20_000 {
                let mut image = image.clone();
                for _ in 0..3 {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let place = (state >> 8) as usize % image.len();
                    image[place] = state.to_be_bytes()[0];
                }
                let _answer = check(&image, MAX);
            }
        }
    }

    #[test]
    fn segments_that_lie_about_themselves_are_refused() {
        let no_frame = [&[0xff, 0xd8][..], &[0xff, 0xda, 0, 2, 1, 2, 0xff, 0xd9]].concat();
        assert_eq!(check(&no_frame, MAX), Err(ImageRefused::Damaged));
        let no_scan = [0xff, 0xd8, 0xff, 0xd9];
        assert_eq!(check(&no_scan, MAX), Err(ImageRefused::Damaged));
        let short_segment = [0xff, 0xd8, 0xff, 0xe0, 0, 1];
        assert_eq!(check(&short_segment, MAX), Err(ImageRefused::Damaged));
        let data_first = [PNG_SIGNATURE, &png_chunk(b"IDAT", &[0; 13])].concat();
        assert_eq!(check(&data_first, MAX), Err(ImageRefused::Damaged));
    }
}
