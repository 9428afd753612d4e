//! The public log, as C2SP tlog-tiles: no authentication, nothing private.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use quittance_protocol::answer::ConsistencyAnswer;
use quittance_protocol::log::merkle;
use quittance_protocol::log::tiles::{CHECKPOINT_TYPE, TILE_TYPE, Tile, TileKind, bundle};
use quittance_protocol::problem::Code;
use quittance_protocol::{Digest32, Problem};
use serde::Deserialize;

use super::{Refused, Served, json};
use crate::failure::Failure;
use crate::replay::Response;

/// The newest checkpoint.
pub(super) async fn checkpoint(State(shared): Served) -> Result<impl IntoResponse, Refused> {
    let note = shared
        .read(|store| Ok(store.checkpoint()?.ok_or(Code::NotFound)?.1))
        .await?;
    Ok((
        [
            (header::CONTENT_TYPE, CHECKPOINT_TYPE),
            (header::CACHE_CONTROL, "no-store"),
        ],
        note,
    ))
}

/// The log's verifier key; for people, since whoever checks the log has pinned it.
pub(super) async fn vkey(State(shared): Served) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, CHECKPOINT_TYPE)],
        format!("{}\n", shared.world.log.verifier()),
    )
}

/// Two sizes of the log.
#[derive(Deserialize)]
pub(super) struct Sizes {
    from: u64,
    to: u64,
}

/// The proof that the log at one size is a beginning of the log at another.
pub(super) async fn consistency(
    State(shared): Served,
    sizes: Result<Query<Sizes>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Refused> {
    let Query(Sizes { from, to }) =
        sizes.map_err(|_| Problem::new(Code::Malformed).detail("ask with from= and to=, two sizes of the log"))?;
    let hashes = shared
        .read(move |store| {
            let size = store.checkpoint()?.map_or(0, |(size, _)| size);
            if from == 0 || from > to {
                return Err(Problem::new(Code::Malformed)
                    .at("/from")
                    .detail("0 < from <= to")
                    .into());
            }
            if to > size {
                return Err(Problem::new(Code::NotFound).at("/to").into());
            }
            Ok(merkle::consistency_proof(from, to, &store)?)
        })
        .await?;
    json(&ConsistencyAnswer {
        hashes: hashes.into_iter().map(Digest32::from_bytes).collect(),
    })
}

/// A tile of hashes, or a bundle of entries.
pub(super) async fn tile(State(shared): Served, Path(path): Path<String>) -> Result<impl IntoResponse, Refused> {
    let tile: Tile = format!("tile/{path}").parse().map_err(|_| Code::NotFound)?;
    let bytes = shared
        .read(move |store| {
            let size = store.checkpoint()?.map_or(0, |(size, _)| size);
            if !tile.exists_at(size) {
                return Err(Code::NotFound.into());
            }
            match tile.kind {
                TileKind::Hashes(_) => Ok(tile.hashes(&store)?),
                TileKind::Entries => {
                    let span = tile.span();
                    let entries = store.entries(span.start, span.end)?;
                    let bytes = bundle(entries.iter().map(Vec::as_slice));
                    Ok(bytes.map_err(|_| Failure::Damaged("a log entry"))?)
                }
            }
        })
        .await?;
    // A tile never changes; a partial one is a beginning of the full one.
    let forever = "public, max-age=31536000, immutable";
    Ok((
        [(header::CONTENT_TYPE, TILE_TYPE), (header::CACHE_CONTROL, forever)],
        bytes,
    ))
}
