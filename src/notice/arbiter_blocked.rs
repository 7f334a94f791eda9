use std::fmt;
use std::time::Duration;

/// An arbiter does not answer: something blocks its thread, and everything that
/// lives there waits. Told once for each time it is blocked.
///
/// # Examples
///
/// ```
/// # use std::sync::mpsc::channel;
/// # use std::time::Duration;
/// # use ventix::{on, ArbiterBlocked, Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::builder().heartbeat(Duration::from_millis(20)).start()?;
/// let (tell, told) = channel();
/// linker.subscribe(on::<ArbiterBlocked>().call(move |blocked| tell.send(blocked.since())))?;
/// // This thread is the linker's arbiter, and waits.
/// assert!(told.recv()? >= Duration::from_millis(20));
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct ArbiterBlocked {
    pub(crate) of: &'static str,
    pub(crate) since: Duration,
}

impl ArbiterBlocked {
    /// Returns what the arbiter is for: `"linker"`, `"emitter"` or `"handler"`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, ArbiterBlocked};
    /// on::<ArbiterBlocked>().call(|blocked| println!("the arbiter of a {}", blocked.of()));
    /// ```
    #[must_use]
    pub fn of(&self) -> &'static str {
        self.of
    }

    /// Returns how long it has not answered.
    ///
    /// # Examples
    ///
    /// See [`ArbiterBlocked`].
    #[must_use]
    pub fn since(&self) -> Duration {
        self.since
    }
}

impl fmt::Display for ArbiterBlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, since } = self;
        write!(f, "the arbiter of the {of} has not answered for {since:?}")
    }
}
