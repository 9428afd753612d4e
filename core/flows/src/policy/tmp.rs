//! tmp
use super::*;
use quittance_protocol::Quantity;
impl Policy {
    fn leaf(&self, key: &str) -> Option<serde_json::Value> {
        serde_json::to_value(self).ok()?.pointer(&format!("/{}", key.replace('.', "/"))).cloned()
    }
    pub fn quantity(&self, key: &str) -> Result<Quantity, PolicyError> {
        let e = || PolicyError::Malformed(key.to_owned());
        match self.leaf(key).ok_or_else(e)? { serde_json::Value::Number(n) => Ok(Quantity::whole(n.as_i64().unwrap_or(0))), serde_json::Value::String(s) => s.parse().map_err(|_| e()), _ => Err(e()) }
    }
    pub fn text(&self, key: &str) -> Result<String, PolicyError> {
        self.leaf(key).and_then(|v| v.as_str().map(str::to_owned)).ok_or_else(|| PolicyError::Malformed(key.to_owned()))
    }
    pub fn span(&self, key: &str) -> Result<Seconds, PolicyError> {
        self.text(key)?.try_into().map_err(PolicyError::Malformed)
    }
    pub fn after(&self, span: Seconds, start: quittance_protocol::Timestamp) -> Result<quittance_protocol::Timestamp, PolicyError> { Ok(start.plus_seconds(span.get())) }
}
