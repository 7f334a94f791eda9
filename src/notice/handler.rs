use std::fmt;
use std::time::Duration;

use crate::event::{EmissionId, HandlerRef};
use crate::outcome::Panicked;

/// A handler panicked: in a delivery, or, for an actor that the bus
/// [made](crate::On::actor_in), in something of its own.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, HandlerPanicked, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// let id = linker.subscribe(on::<u8>().call(|_| panic!("out of ink")).named("printer"))?.id();
/// linker.subscribe(on::<HandlerPanicked>().call(move |panic| {
///     assert_eq!(panic.handler().subscription(), id);
///     println!("{panic}, over {:?}", panic.emission());
/// }))?;
/// Emitter::start(&linker, Strategy::inline()).emit(1_u8);
/// # assert_eq!(linker.snapshot().iter().last().unwrap().counts().handled, 1);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct HandlerPanicked {
    pub(crate) handler: HandlerRef,
    pub(crate) emission: Option<EmissionId>,
    pub(crate) panic: Panicked,
}

impl HandlerPanicked {
    /// Returns whose handler it is.
    ///
    /// # Examples
    ///
    /// See [`HandlerPanicked`].
    #[must_use]
    pub fn handler(&self) -> &HandlerRef {
        &self.handler
    }

    /// Returns the emission that it was handling, if it was.
    ///
    /// # Examples
    ///
    /// See [`HandlerPanicked`].
    #[must_use]
    pub fn emission(&self) -> Option<EmissionId> {
        self.emission
    }

    /// Returns the panic, with what it said if that is known.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, HandlerPanicked};
    /// on::<HandlerPanicked>().call(|panic| println!("{:?}", panic.panic().message()));
    /// ```
    #[must_use]
    pub fn panic(&self) -> &Panicked {
        &self.panic
    }
}

impl fmt::Display for HandlerPanicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.handler, self.panic)
    }
}

/// An actor that died of a panic was made anew by its factory, and is linked again.
///
/// # Examples
///
/// ```
/// # use ventix::{on, HandlerRestarted};
/// on::<HandlerRestarted>().call(|restart| {
///     println!("{}: restart {}", restart.handler(), restart.restarts());
/// });
/// ```
#[derive(Debug, Clone)]
pub struct HandlerRestarted {
    pub(crate) handler: HandlerRef,
    pub(crate) restarts: u32,
    pub(crate) after: Duration,
}

impl HandlerRestarted {
    /// Returns whose handler it is.
    ///
    /// # Examples
    ///
    /// See [`HandlerRestarted`].
    #[must_use]
    pub fn handler(&self) -> &HandlerRef {
        &self.handler
    }

    /// Returns how often it was restarted within the time of its
    /// [budget](crate::Restart::budget), this one included; 0 when
    /// [`Subscription::resume`](crate::Subscription::resume) made it anew.
    ///
    /// # Examples
    ///
    /// See [`HandlerRestarted`].
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.restarts
    }

    /// Returns how long it was put off.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, HandlerRestarted};
    /// on::<HandlerRestarted>().call(|restart| println!("after {:?}", restart.after()));
    /// ```
    #[must_use]
    pub fn after(&self) -> Duration {
        self.after
    }
}

impl fmt::Display for HandlerRestarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            handler,
            restarts,
            after,
        } = self;
        match restarts {
            0 => write!(f, "{handler} resumed"),
            _ => write!(f, "{handler} restarted after {after:?}: restart {restarts}"),
        }
    }
}

/// An actor died more often than its [`Restart`](crate::Restart) allows, and is not
/// made anew until [`Subscription::resume`](crate::Subscription::resume) says so.
///
/// # Examples
///
/// ```
/// # use ventix::{on, HandlerSuspended};
/// on::<HandlerSuspended>().call(|suspended| {
///     println!("{} after {} restarts", suspended.handler(), suspended.restarts());
/// });
/// ```
#[derive(Debug, Clone)]
pub struct HandlerSuspended {
    pub(crate) handler: HandlerRef,
    pub(crate) restarts: u32,
    pub(crate) within: Duration,
}

impl HandlerSuspended {
    /// Returns whose handler it is.
    ///
    /// # Examples
    ///
    /// See [`HandlerSuspended`].
    #[must_use]
    pub fn handler(&self) -> &HandlerRef {
        &self.handler
    }

    /// Returns how often it was restarted, within [that time](Self::within).
    ///
    /// # Examples
    ///
    /// See [`HandlerSuspended`].
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.restarts
    }

    /// Returns the time of its [budget](crate::Restart::budget).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, HandlerSuspended};
    /// on::<HandlerSuspended>().call(|suspended| println!("within {:?}", suspended.within()));
    /// ```
    #[must_use]
    pub fn within(&self) -> Duration {
        self.within
    }
}

impl fmt::Display for HandlerSuspended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            handler,
            restarts,
            within,
        } = self;
        write!(
            f,
            "{handler} suspended: restarted {restarts} times within {within:?}"
        )
    }
}

/// An actor has stopped, or died without being supervised, and was unlinked.
///
/// Noticed by the next emission for it, by [`Linker::sweep`](crate::Linker::sweep),
/// and at once for an actor that the bus [made](crate::On::actor_in).
///
/// # Examples
///
/// ```
/// # use actix::prelude::*;
/// # use ventix::{on, Delivery, Emitter, HandlerGone, Linker, Strategy};
/// # struct Mailer;
/// # impl Actor for Mailer { type Context = Context<Self>; }
/// # impl Handler<Delivery<u8>> for Mailer {
/// #     type Result = ();
/// #     fn handle(&mut self, _: Delivery<u8>, ctx: &mut Context<Self>) { ctx.stop() }
/// # }
/// # System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().actor(Mailer.start()).named("mailer"))?;
/// linker.subscribe(on::<HandlerGone>().call(|gone| {
///     println!("{gone}");
/// #   assert_eq!(gone.handler().name(), Some("mailer"));
/// #   assert_eq!(gone.to_string(), "#1 (mailer) has gone");
/// }))?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let _ = emitter.emit_and_wait(1_u8).await; // it stops itself
/// # actix_rt::task::yield_now().await;
/// emitter.emit(2_u8);
/// # assert_eq!(linker.snapshot().iter().last().unwrap().counts().handled, 1);
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct HandlerGone {
    pub(crate) handler: HandlerRef,
}

impl HandlerGone {
    /// Returns whose handler it is.
    ///
    /// # Examples
    ///
    /// See [`HandlerGone`].
    #[must_use]
    pub fn handler(&self) -> &HandlerRef {
        &self.handler
    }
}

impl fmt::Display for HandlerGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has gone", self.handler)
    }
}
