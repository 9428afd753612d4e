//! Images that a payer hands in: checked, sealed, kept for as long as the policy says.

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use quittance_protocol::answer::Uploaded;
use quittance_protocol::problem::Code;
use quittance_protocol::{Digest32, Problem};
use zeroize::Zeroizing;

use super::reads::bearer;
use super::statements::PATIENCE;
use super::{Refused, Served};
use crate::failure::Failure;
use crate::flows::evidence;
use crate::parties::images::{self, ImageRefused};
use crate::replay::Response;

/// Takes one image; the same bytes again are the same upload.
pub(super) async fn upload(State(shared): Served, headers: HeaderMap, body: Body) -> Result<Response, Refused> {
    let account = bearer(&shared, &headers)?;
    let rules = {
        let current = shared.world.policies.current().map_err(|failure| failure.problem())?;
        current.policy.limits.uploads
    };
    let most = usize::try_from(rules.max_bytes).unwrap_or(usize::MAX);
    let Some(_room) = shared.lanes.image(account).await else {
        return Err(Problem::new(Code::ExternalUnavailable).retry_after(5).into());
    };
    let bytes = read(body, most).await?;
    images::check(&bytes, most).map_err(Problem::from)?;
    let digest = Digest32::of(&bytes);
    Ok(shared
        .work(move |turn| {
            let kept_until = evidence::keep(turn, account, &digest, &bytes)?;
            Ok(serde_json::to_vec(&Uploaded { digest, kept_until }).map_err(|_| Failure::Damaged("an answer"))?)
        })
        .await)
}

/// Reads a body up to what one image may have and not one byte further.
async fn read(body: Body, most: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
    match tokio::time::timeout(PATIENCE, to_bytes(body, most)).await {
        Ok(Ok(bytes)) => Ok(Zeroizing::new(bytes.to_vec())),
        Ok(Err(_)) => Err(Problem::from(ImageRefused::TooLarge { max_bytes: most }).into()),
        Err(_) => Err(Problem::new(Code::Malformed)
            .detail("the body did not arrive in time")
            .into()),
    }
}
