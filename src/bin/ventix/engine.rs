use std::sync::Arc;

use ventix::BoxError;
use ventix::remote::Backend;
use ventix::remote::redis::Redis;
use ventix::remote::sqlite::Sqlite;

/// Connects to the engine that a URL names. What is not there is not made.
pub(crate) fn connect(url: &str, prefix: &str) -> Result<Arc<dyn Backend>, BoxError> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        if !std::path::Path::new(path).exists() {
            return Err(format!("there is no file {path}").into());
        }
        return Ok(Arc::new(Sqlite::open(path)?));
    }
    if url.starts_with("redis://") || url.starts_with("rediss://") {
        return Ok(Arc::new(Redis::builder(url).prefix(prefix).build()?));
    }
    // The URL may hold a password.
    let scheme = url.split(':').next().unwrap_or_default();
    Err(
        format!("`{scheme}` is no engine; `sqlite:PATH`, `redis://HOST` and `rediss://HOST` are")
            .into(),
    )
}
