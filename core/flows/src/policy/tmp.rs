//! tmp
use super::*;
use quittance_protocol::Quantity;
impl Policy {
    pub fn leaf(&self, key: &str) -> Option<&serde_json::Value> {
        self.tree.pointer(&format!("/{}", key.replace('.', "/")))
    }
    pub fn quantity(&self, key: &str) -> Result<Quantity, PolicyError> {
        let e = || PolicyError::Malformed(key.to_owned());
        match self.leaf(key).ok_or_else(e)? {
            serde_json::Value::Number(n) => Ok(Quantity::whole(n.as_i64().unwrap_or(0))),
            serde_json::Value::String(s) => s.parse().map_err(|_| e()),
            _ => Err(e()),
        }
    }
    pub fn text(&self, key: &str) -> Result<&str, PolicyError> {
        self.leaf(key)
            .and_then(|v| v.as_str())
            .ok_or_else(|| PolicyError::Malformed(key.to_owned()))
    }
    pub fn span(&self, key: &str) -> Result<Seconds, PolicyError> {
        let text = self.text(key)?;
        // Stand-in: business days as days.
        let text = text
            .strip_suffix("BD")
            .map_or(text.to_owned(), |rest| format!("{rest}D"));
        text.try_into().map_err(PolicyError::Malformed)
    }
    pub fn list(&self, key: &str) -> Result<Vec<&str>, PolicyError> {
        let list = self
            .leaf(key)
            .and_then(|v| v.as_array())
            .map(|v| v.iter().filter_map(|v| v.as_str()).collect());
        list.ok_or_else(|| PolicyError::Malformed(key.to_owned()))
    }
    pub fn flag(&self, key: &str) -> Result<bool, PolicyError> {
        self.leaf(key)
            .and_then(|v| v.as_bool())
            .ok_or_else(|| PolicyError::Malformed(key.to_owned()))
    }
    pub fn after(
        &self,
        key: &str,
        start: quittance_protocol::Timestamp,
    ) -> Result<quittance_protocol::Timestamp, PolicyError> {
        Ok(start.plus_seconds(self.span(key)?.get()))
    }
}
