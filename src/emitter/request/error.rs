use std::error::Error;
use std::fmt;
use std::ops::Deref;

use crate::event::EventType;
use crate::outcome::{Reason, SharedError};

use super::silent::Silent;

/// Why a request got no reply.
///
/// # Examples
///
/// ```
/// use ventix::{on, Emitter, Linker, RequestError, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let emitter = Emitter::start(&linker, Strategy::current());
/// let error = emitter.request::<_, u32>("42").await.unwrap_err();
/// assert!(matches!(error, RequestError::Unheard));
///
/// linker.subscribe(on::<&str>().call(|text| println!("{}", **text)).named("printer"))?;
/// let error = emitter.request::<_, u32>("42").await.unwrap_err();
/// assert_eq!(error.to_string(), "no reply is a u32: #1 (printer) replied nothing");
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No subscription matched.
    #[error("nobody listens to the request")]
    Unheard,
    /// The request was refused as a whole, and reached nobody.
    #[error("the request was refused")]
    Refused(#[source] Reason),
    /// All handlers have ended, and none with the reply that was asked for.
    #[error("no reply is a {expected}: {}", Brief(handlers))]
    #[non_exhaustive]
    NoReply {
        /// The type that was asked for.
        expected: EventType,
        /// The handlers, in the order of delivery.
        handlers: Vec<Silent>,
        /// What went wrong, if that is one thing: of the only handler with an error.
        #[source]
        cause: Option<Cause>,
    },
    /// The limit was reached before a handler replied.
    #[error("no reply in time: {}", Brief(handlers))]
    #[non_exhaustive]
    TimedOut {
        /// The handlers, in the order of delivery:
        /// [open](crate::Silence::Open), or ended without a reply.
        handlers: Vec<Silent>,
    },
}

impl RequestError {
    pub(super) fn no_reply(expected: EventType, handlers: Vec<Silent>) -> Self {
        let mut errors = handlers.iter().filter_map(|silent| silent.why().error());
        let cause = errors.next().filter(|_| errors.next().is_none()).map(Cause);
        drop(errors);
        Self::NoReply {
            expected,
            handlers,
            cause,
        }
    }

    /// Returns the handlers that have not replied, in the order of delivery: none if
    /// the request has reached nobody.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
    /// linker.subscribe(on::<&str>().call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// let error = emitter.request::<_, u32>("no number").await.unwrap_err();
    /// let lines: Vec<_> = error.handlers().iter().map(ToString::to_string).collect();
    /// assert_eq!(lines, ["#1 failed: invalid digit found in string", "#2 replied nothing"]);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn handlers(&self) -> &[Silent] {
        match self {
            Self::NoReply { handlers, .. } | Self::TimedOut { handlers } => handlers,
            Self::Unheard | Self::Refused(_) => &[],
        }
    }

    /// Returns whether the limit is what ended it: it was reached before a reply came, or
    /// before the request could be emitted at all ([`Reason::Expired`]).
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ventix::{on, Emitter, Linker, Strategy};
    /// # actix::System::new().block_on(async {
    /// # tokio::time::pause();
    /// let linker = Linker::start();
    /// linker.subscribe(on::<u8>().call_async(|_| std::future::pending::<()>()))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// for limit in [Duration::from_secs(1), Duration::ZERO] {
    ///     let error = emitter.request::<_, u8>(1_u8).within(limit).await.unwrap_err();
    ///     assert!(error.is_timed_out());
    /// }
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_timed_out(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::Refused(Reason::Expired))
    }
}

/// The one thing that went wrong in a request that got no reply: the error itself, which
/// [`source`](Error::source) returns.
///
/// # Examples
///
/// ```
/// use std::error::Error;
/// use std::num::ParseIntError;
/// use ventix::{on, Emitter, Linker, RequestError, Strategy};
///
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<&str>().call(|text| text.parse::<u32>()))?;
/// let emitter = Emitter::start(&linker, Strategy::current());
/// let error = emitter.request::<_, u32>("no number").await.unwrap_err();
/// assert!(error.source().unwrap().is::<ParseIntError>());
/// let RequestError::NoReply { cause: Some(cause), .. } = error else { return Err(error.into()) };
/// assert!(cause.is::<ParseIntError>());
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
// A `SharedError` is an error of its own, so as a source it would hide the one in it.
#[derive(Debug, Clone)]
pub struct Cause(SharedError);

impl Deref for Cause {
    type Target = dyn Error + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// Each handler in a few words; their errors are causes, and not this layer's.
struct Brief<'a>(&'a [Silent]);

impl fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, silent) in self.0.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(f, "{comma}{} {}", silent.handler(), silent.why().as_str())?;
        }
        Ok(())
    }
}
