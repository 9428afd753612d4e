//! The signature form of platform keystores, DER, turned into the form of JWS.

/// Reads `SEQUENCE { INTEGER r, INTEGER s }` in strict DER (X.690 section 10) and writes r || s, 32 bytes each
/// (RFC 7518 section 3.4). `None` for anything that a DER writer would not have written.
pub(crate) fn ecdsa_to_fixed(der: &[u8]) -> Option<[u8; 64]> {
    let (body, rest) = element(0x30, der)?;
    let (r, after_r) = element(0x02, body)?;
    let (s, after_s) = element(0x02, after_r)?;
    if !rest.is_empty() || !after_s.is_empty() {
        return None;
    }
    let mut fixed = [0; 64];
    let (left, right) = fixed.split_at_mut(32);
    place(r, left)?;
    place(s, right)?;
    Some(fixed)
}

/// Splits one element off. Lengths over 127 do not occur in a P-256 signature, so only the short form is read.
fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, bytes) = bytes.split_first()?;
    let (&length, bytes) = bytes.split_first()?;
    if found != tag || length > 127 {
        return None;
    }
    bytes.split_at_checked(usize::from(length))
}

/// Writes a positive, minimally written integer right-aligned into its 32 bytes.
fn place(integer: &[u8], into: &mut [u8]) -> Option<()> {
    let digits = match integer {
        // The leading zero stands only where the number would else read as negative.
        [0, next, ..] if *next >= 0x80 => integer.get(1..)?,
        [first, ..] if (1..0x80).contains(first) => integer,
        _ => return None,
    };
    let start = into.len().checked_sub(digits.len())?;
    into.get_mut(start..)?.copy_from_slice(digits);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
        let mut body = vec![2, r.len() as u8];
        body.extend(r);
        body.extend([2, s.len() as u8]);
        body.extend(s);
        [&[0x30, body.len() as u8], body.as_slice()].concat()
    }

    #[test]
    fn short_integers_are_right_aligned() {
        let fixed = ecdsa_to_fixed(&der(&[1], &[0, 0x80])).unwrap();
        assert_eq!((fixed[31], fixed[63]), (1, 0x80));
        assert_eq!(fixed.iter().map(|byte| u32::from(*byte)).sum::<u32>(), 0x81);
    }

    #[test]
    fn what_is_not_strict_der_is_refused() {
        let good = der(&[1], &[2]);
        assert!(ecdsa_to_fixed(&good).is_some());
        let full = [0x7f; 32];
        let over = [0x01; 33];
        for bad in [
            vec![],
            vec![0x30],
            der(&[], &[2]),
            der(&[0], &[2]),
            der(&[0, 1], &[2]),
            der(&[0x80], &[2]),
            der(&over, &full),
            der(&[[0].as_slice(), &over].concat(), &full),
            [good.as_slice(), &[0]].concat(),
            [&[0x30, 0x81, 6], good.get(2..).unwrap()].concat(),
            [&[0x30, 0x80], good.get(2..).unwrap(), &[0, 0]].concat(),
            [&[0x31], good.get(1..).unwrap()].concat(),
            good.get(..good.len() - 1).unwrap().to_vec(),
            [&[0x30, 9], good.get(2..).unwrap(), &[2, 1, 1]].concat(),
        ] {
            assert_eq!(ecdsa_to_fixed(&bad), None, "{bad:02x?}");
        }
    }
}
