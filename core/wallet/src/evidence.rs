//! Images and recordings: uploaded first, then named by their digests.

use crate::error::WalletError;
use crate::inner::Inner;
use crate::transport::read;
use quittance_protocol::answer::Uploaded;
use quittance_protocol::bytes::Digest32;
use std::sync::Arc;

const JPEG: &[u8] = &[0xff, 0xd8, 0xff];
const PNG: &[u8] = &[0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

impl Inner {
    /// Uploads images in their sequence: the digests that a statement names them by. What cannot be taken is refused
    /// here, before anything is sent.
    pub(crate) async fn upload_all(self: &Arc<Self>, images: Vec<Vec<u8>>) -> Result<Vec<Digest32>, WalletError> {
        let most = self.look(|inner| inner.most_upload_bytes()).await?;
        if images.is_empty() {
            return Err(WalletError::NothingNamed);
        }
        for image in &images {
            if image.len() > most {
                return Err(WalletError::TooLarge { most_bytes: most });
            }
            kind_of(image).ok_or(WalletError::NotAnImage)?;
        }
        let mut digests = Vec::new();
        for image in images {
            let digest = Digest32::of(&image);
            let uploaded = self.upload(image).await?;
            if uploaded.digest != digest {
                return Err(WalletError::Answer("the digest of another upload"));
            }
            digests.push(digest);
        }
        Ok(digests)
    }

    async fn upload(self: &Arc<Self>, image: Vec<u8>) -> Result<Uploaded, WalletError> {
        let kind = kind_of(&image).ok_or(WalletError::NotAnImage)?;
        let image = &image;
        let answer = self
            .with_bearer(|bearer| async move { self.transport.upload(image.clone(), kind, &bearer).await })
            .await?;
        Ok(read(&answer)?)
    }

    fn most_upload_bytes(&self) -> Result<usize, WalletError> {
        let most = self.policy()?.limits.uploads.max_bytes;
        Ok(usize::try_from(most).unwrap_or(usize::MAX))
    }
}

/// The media type of an image, by its first bytes; nothing for what is none that a reviewer's screen shows.
fn kind_of(image: &[u8]) -> Option<&'static str> {
    if image.starts_with(JPEG) {
        Some("image/jpeg")
    } else if image.starts_with(PNG) {
        Some("image/png")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_its_first_bytes_and_by_nothing_else() {
        assert_eq!(kind_of(&[0xff, 0xd8, 0xff, 0xe0]), Some("image/jpeg"));
        assert_eq!(kind_of(b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
        for other in [b"GIF89a".as_slice(), b"%PDF-1.7", b"<svg/>", b"", &[0xff, 0xd8]] {
            assert_eq!(kind_of(other), None, "{other:?}");
        }
    }
}
