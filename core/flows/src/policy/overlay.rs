//! What differs in a region: a merge patch over the bundle.

use super::{Policy, PolicyError};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The one member that a region changes: which checks it adds. Every other value holds for all payers of a bundle.
const REGIONAL: &str = "regions";

impl Policy {
    /// The bundle as it holds in a region: `overlays.{region}` merged over it (RFC 7396), which
    /// `bundle.region` then names. A region without an overlay has the bundle as it is.
    ///
    /// Two parties that have the same bundle and the same region get the same values. Ask the bundle itself, not one
    /// that was merged already.
    ///
    /// # Errors
    /// [`PolicyError::Overlay`]; none for a bundle that was checked.
    pub fn for_region(&self, region: &str) -> Result<Cow<'_, Self>, PolicyError> {
        let Some(patch) = self.overlays.get(region) else {
            return Ok(Cow::Borrowed(self));
        };
        let mut tree = self.tree().clone();
        merge(&mut tree, &Value::Object(patch.clone()));
        let name = Map::from_iter([("region".to_owned(), Value::from(region))]);
        let head = Map::from_iter([("bundle".to_owned(), Value::Object(name))]);
        merge(&mut tree, &Value::Object(head));
        let merged = Self::from_tree(tree).map_err(|error| within(region, error))?;
        Ok(Cow::Owned(merged))
    }

    /// No overlay reaches what is the same everywhere: such a value would stand in the bundle, and change nothing.
    pub(super) fn check_overlay_members(&self) -> Result<(), PolicyError> {
        for (region, patch) in &self.overlays {
            if let Some(name) = patch.keys().find(|name| *name != REGIONAL) {
                return Err(within(region, PolicyError::value(name, "a region cannot change this")));
            }
        }
        Ok(())
    }

    /// Every overlay gives a bundle that can be used.
    pub(super) fn check_overlays(&self) -> Result<(), PolicyError> {
        for region in self.overlays.keys() {
            let merged = self.for_region(region)?;
            merged.check_values().map_err(|error| within(region, error))?;
        }
        Ok(())
    }
}

fn within(region: &str, error: PolicyError) -> PolicyError {
    PolicyError::Overlay {
        region: region.to_owned(),
        error: Box::new(error),
    }
}

/// RFC 7396: null removes, objects merge, everything else replaces.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(members) = target {
        for (name, value) in patch {
            if value.is_null() {
                members.remove(name);
            } else {
                merge(members.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_patch_merges_as_rfc_7396_says() {
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
        ] {
            let mut merged = target.clone();
            merge(&mut merged, &patch);
            assert_eq!(merged, result, "{target} + {patch}");
        }
    }
}
