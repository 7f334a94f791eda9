use std::fmt;
use std::time::Duration;

use super::link::Link;
use super::redis::Redis;
use super::settings::Settings;
use super::shared::Shared;
use crate::remote::BackendError;

/// How to connect to Redis, and how to use it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use ventix::remote::redis::Redis;
/// use ventix::remote::Backend;
///
/// let redis = Redis::builder("redis://127.0.0.1:6379")
///     .prefix("shop")
///     .dedup_window(Duration::from_secs(3600))
///     .build()?;
/// assert_eq!(redis.capabilities().dedup_window, Some(Duration::from_secs(3600)));
/// # Ok::<(), ventix::remote::BackendError>(())
/// ```
#[derive(Clone)]
#[must_use = "nothing is built before `build`"]
pub struct RedisBuilder {
    url: String,
    roots: Option<Vec<u8>>,
    settings: Settings,
}

impl RedisBuilder {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            roots: None,
            settings: Settings::default(),
        }
    }

    /// Sets what the names of all keys begin with. Default: `ventix`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.prefix = prefix.into();
        self
    }

    /// Sets how long ids are known that were published; zero: not at all. Each takes about
    /// 100 bytes of the server's memory for so long. Default: 10 minutes.
    pub fn dedup_window(mut self, window: Duration) -> Self {
        self.settings.window = window;
        self
    }

    /// Sets how long to wait for a connection. Default: 2 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// Sets how long to wait for an answer before the connection is given up. A lease is
    /// settled within twice that. Default: 5 seconds.
    pub fn command_timeout(mut self, timeout: Duration) -> Self {
        self.settings.command_timeout = timeout;
        self
    }

    /// Sets how long a read waits inside the server before it asks anew. What becomes ready
    /// or due meanwhile ends the wait, so this matters only for finding out that a connection
    /// is dead, together with the [`command_timeout`](Self::command_timeout).
    /// Default: 2 seconds.
    pub fn poll(mut self, poll: Duration) -> Self {
        self.settings.block = poll.max(Duration::from_millis(1));
        self
    }

    /// Sets how large a message may be, in bytes. Default: 16 MiB.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_bytes = bytes;
        self
    }

    /// Trusts servers with a certificate of these authorities, in PEM, and no others: for
    /// `rediss://`.
    #[cfg(feature = "redis-tls")]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots = Some(pem.into());
        self
    }

    /// Builds the backend. It connects when it is first used.
    ///
    /// # Errors
    ///
    /// [`BackendError::Refused`] if the URL is none, or is of a kind that this build has no
    /// feature for.
    pub fn build(self) -> Result<Redis, BackendError> {
        let link = connect(&self.url, self.roots)
            .and_then(|client| Link::new(&client, &self.settings))
            .map_err(|e| BackendError::Refused(e.into()))?;
        Ok(Redis::new(Shared::new(link, self.settings)))
    }
}

#[cfg(feature = "redis-tls")]
fn connect(url: &str, roots: Option<Vec<u8>>) -> redis::RedisResult<redis::Client> {
    // More than one implementation may be linked in; somebody has to say which. It is no
    // matter who was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match roots {
        None => redis::Client::open(url),
        Some(roots) => {
            let certificates = redis::TlsCertificates {
                client_tls: None,
                root_cert: Some(roots),
            };
            redis::Client::build_with_tls(url, certificates)
        }
    }
}

#[cfg(not(feature = "redis-tls"))]
fn connect(url: &str, _: Option<Vec<u8>>) -> redis::RedisResult<redis::Client> {
    redis::Client::open(url)
}

impl fmt::Debug for RedisBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may have a password in it.
        f.debug_struct("RedisBuilder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
