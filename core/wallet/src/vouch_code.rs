//! The code that a payer shows to whoever is to vouch for them: who asks, for what, in which run.

use crate::error::WalletError;
use crate::inner::Inner;
use quittance_protocol::{AccountId, FlowId};
use std::fmt;

/// How a code begins.
const BEGINS: &str = "quittance:vouch?";

/// What a contact or guardian is asked. It is no secret and proves nothing: only who was asked can answer it, by a
/// statement of their own that names all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VouchRequest {
    /// The run that asks.
    pub flow: FlowId,
    /// Whose it is.
    pub requester: AccountId,
    /// The definition's name: what it is for.
    pub purpose: String,
}

impl VouchRequest {
    /// Reads a code that was scanned: each part once, in any sequence, and nothing else.
    ///
    /// # Errors
    /// [`WalletError::ForeignLink`] where it is none.
    pub fn read(code: &str) -> Result<Self, WalletError> {
        Self::parse(code).ok_or(WalletError::ForeignLink)
    }

    fn parse(code: &str) -> Option<Self> {
        let (mut flow, mut requester, mut purpose) = (None, None, None);
        for part in code.strip_prefix(BEGINS)?.split('&') {
            let (name, value) = part.split_once('=')?;
            let place = match name {
                "flow" => &mut flow,
                "requester" => &mut requester,
                "purpose" => &mut purpose,
                _ => return None,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        let purpose = purpose.filter(|name| is_name(name))?;
        Some(Self {
            flow: flow?.parse().ok()?,
            requester: requester?.parse().ok()?,
            purpose: purpose.to_owned(),
        })
    }
}

impl fmt::Display for VouchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            flow,
            requester,
            purpose,
        } = self;
        write!(f, "{BEGINS}flow={flow}&requester={requester}&purpose={purpose}")
    }
}

/// Whether a text can be a definition's name: nothing that would have to be written otherwise in a link.
fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

impl Inner {
    /// What a run of this phone asks of others.
    pub(crate) fn vouch_request(&self, flow: FlowId) -> Result<VouchRequest, WalletError> {
        let open = self.open_flow(flow)?.ok_or(WalletError::FlowEnded { code: None })?;
        let enrolled = self.enrolled()?.enrolled.ok_or(WalletError::NotEnrolled)?;
        Ok(VouchRequest {
            flow,
            requester: enrolled.account,
            purpose: open.row.start.definition,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> VouchRequest {
        VouchRequest {
            flow: FlowId::from_bytes([1; 16]),
            requester: AccountId::from_bytes([2; 16]),
            purpose: "recovery.trusted_contacts".to_owned(),
        }
    }

    //
    #[test]
    fn a_code_names_run_requester_and_purpose_and_reads_back() {
        let code = request().to_string();
        assert_eq!(VouchRequest::read(&code).unwrap(), request());
        for part in [
            "flo_01010101010101010101010101010101",
            "acc_02020202020202020202020202020202",
            "recovery.trusted_contacts",
        ] {
            assert!(code.contains(part), "{code}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let code = request().to_string();
        let purpose = "&purpose=recovery.trusted_contacts";
        for wrong in [
            String::new(),
            "https://example.org".to_owned(),
            code.replace(purpose, ""),
            format!("{code}{purpose}"),
            format!("{code}&approves=true"),
            code.replace("recovery.trusted", "recovery trusted"),
            code.replace(purpose, "&purpose="),
            code.replace("flow=flo_", "flow=man_"),
            code.replacen("quittance:vouch?", "quittance:vouch", 1),
            code.to_uppercase(),
        ] {
            assert!(
                matches!(VouchRequest::read(&wrong), Err(WalletError::ForeignLink)),
                "{wrong}"
            );
        }
    }
}
