//! DER by hand, so that what no writer would write can be written too.

pub(crate) fn tlv(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let length = match length {
        0..=127 => vec![u8::try_from(length).unwrap()],
        128..=255 => vec![0x81, u8::try_from(length).unwrap()],
        _ => [vec![0x82], u16::try_from(length).unwrap().to_be_bytes().to_vec()].concat(),
    };
    [tag, &length, value].concat()
}

pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(&[0x30], &parts.concat())
}

pub(crate) fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(&[0x31], &parts.concat())
}

pub(crate) fn number(number: u64) -> Vec<u8> {
    integer(&number.to_be_bytes())
}

/// A positive integer.
pub(crate) fn integer(bytes: &[u8]) -> Vec<u8> {
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    let mut value = bytes[first..].to_vec();
    if value[0] & 0x80 != 0 {
        value.insert(0, 0);
    }
    tlv(&[0x02], &value)
}

pub(crate) fn enumerated(value: u8) -> Vec<u8> {
    tlv(&[0x0a], &[value])
}

pub(crate) fn boolean(value: bool) -> Vec<u8> {
    tlv(&[0x01], &[if value { 0xff } else { 0 }])
}

pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    tlv(&[0x04], bytes)
}

pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(&[0x03], &[&[0], bytes].concat())
}

pub(crate) fn null() -> Vec<u8> {
    vec![0x05, 0x00]
}

pub(crate) fn oid(arcs: &[u32]) -> Vec<u8> {
    let mut value = vec![u8::try_from(arcs[0] * 40 + arcs[1]).unwrap()];
    for arc in &arcs[2..] {
        value.extend(base128(*arc));
    }
    tlv(&[0x06], &value)
}

/// An explicit context tag, with as many bytes as its number takes.
pub(crate) fn tagged(number: u32, inner: &[u8]) -> Vec<u8> {
    let tag = match u8::try_from(number) {
        Ok(small) if small < 31 => vec![0xa0 | small],
        _ => [vec![0xbf], base128(number)].concat(),
    };
    tlv(&tag, inner)
}

/// Seconds since 1970, as UTCTime.
pub(crate) fn time(unix: i64) -> Vec<u8> {
    let rfc3339 = quittance_protocol::Timestamp::from_unix(unix).unwrap().to_string();
    let digits: String = rfc3339.chars().filter(char::is_ascii_digit).collect();
    assert!(("1970".."2050").contains(&&digits[..4]), "UTCTime ends there");
    tlv(&[0x17], format!("{}Z", &digits[2..]).as_bytes())
}

fn base128(mut number: u32) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(number & 0x7f).unwrap()];
    while number > 0x7f {
        number >>= 7;
        bytes.insert(0, u8::try_from(number & 0x7f).unwrap() | 0x80);
    }
    bytes
}
