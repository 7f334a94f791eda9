use std::fmt;
use std::sync::Arc;

use actix_rt::ArbiterHandle;

use crate::registry::SubscribeError;

use super::routing::Routing;
use super::site::{MAX_ARBITERS, Site};

/// How the bus makes actors, where, and how many: for an actor that handles several
/// types of events. For one type, [`On::actor_in`](crate::On::actor_in) and
/// [`On::actor_pool`](crate::On::actor_pool) say the same in one go.
///
/// A factory is a description. The actors belong to the subscription: all its
/// handlers that name the same factory are the same actors, and another subscription
/// has actors of its own.
///
/// # Examples
///
/// ```
/// use actix::prelude::*;
/// use ventix::{on, Delivery, Emitter, Factory, Linker, Strategy};
///
/// struct Deposit(u32);
/// struct Withdrawal(u32);
///
/// #[derive(Default)]
/// struct Account { balance: u32 }
///
/// impl Actor for Account {
///     type Context = Context<Self>;
/// }
///
/// impl Handler<Delivery<Deposit>> for Account {
///     type Result = ();
///
///     fn handle(&mut self, deposit: Delivery<Deposit>, _: &mut Context<Self>) {
///         self.balance += deposit.0;
///     }
/// }
///
/// impl Handler<Delivery<Withdrawal>> for Account {
///     type Result = ();
///
///     fn handle(&mut self, withdrawal: Delivery<Withdrawal>, _: &mut Context<Self>) {
///         self.balance -= withdrawal.0;
///         withdrawal.reply(self.balance);
///     }
/// }
///
/// # System::new().block_on(async {
/// let linker = Linker::start();
/// let account = Factory::in_arbiter(&Arbiter::current(), Account::default);
/// let both = on::<Deposit>().made_by(&account).and(on::<Withdrawal>().made_by(&account));
/// linker.subscribe(both)?;
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// emitter.emit(Deposit(10));
/// let report = emitter.emit_and_wait(Withdrawal(3)).await;
/// assert_eq!(report.replies::<u32>().next(), Some(&7));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
pub struct Factory<A> {
    pub(crate) make: Arc<dyn Fn() -> A + Send + Sync>,
    pub(crate) routing: Routing,
    ground: Ground,
}

/// Where the actors live.
#[derive(Debug, Clone)]
enum Ground {
    Given(Vec<ArbiterHandle>),
    Own(usize),
}

impl<A> Factory<A> {
    /// Makes one actor on an arbiter.
    ///
    /// # Examples
    ///
    /// See [`Factory`].
    #[must_use]
    pub fn in_arbiter(
        arbiter: &ArbiterHandle,
        make: impl Fn() -> A + Send + Sync + 'static,
    ) -> Self {
        Self::new(make, Ground::Given(vec![arbiter.clone()]))
    }

    /// Makes `size` actors, each on an arbiter that is started for it and stopped
    /// with the subscription. 0 and more than 1,024 are errors of subscribing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Delivery, Emitter, Factory, Linker, Routing, Strategy};
    /// # struct Store;
    /// # impl Actor for Store { type Context = Context<Self>; }
    /// # impl Handler<Delivery<u8>> for Store {
    /// #     type Result = ();
    /// #     fn handle(&mut self, _: Delivery<u8>, _: &mut Context<Self>) {}
    /// # }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// let stores = Factory::pool(2, || Store).routing(Routing::Keyed);
    /// linker.subscribe(on::<u8>().made_by(&stores))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn pool(size: usize, make: impl Fn() -> A + Send + Sync + 'static) -> Self {
        Self::new(make, Ground::Own(size))
    }

    /// Makes an actor on each of the arbiters, which are the user's to stop.
    ///
    /// # Examples
    ///
    /// ```
    /// # use actix::prelude::*;
    /// # use ventix::{on, Delivery, Emitter, Factory, Linker, Strategy};
    /// # struct Store;
    /// # impl Actor for Store { type Context = Context<Self>; }
    /// # impl Handler<Delivery<u8>> for Store {
    /// #     type Result = ();
    /// #     fn handle(&mut self, _: Delivery<u8>, _: &mut Context<Self>) {}
    /// # }
    /// # System::new().block_on(async {
    /// let linker = Linker::start();
    /// let (a, b) = (Arbiter::new(), Arbiter::new());
    /// let stores = Factory::pool_in([a.handle(), b.handle()], || Store);
    /// linker.subscribe(on::<u8>().made_by(&stores))?;
    /// let emitter = Emitter::start(&linker, Strategy::current());
    /// assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn pool_in(
        arbiters: impl IntoIterator<Item = ArbiterHandle>,
        make: impl Fn() -> A + Send + Sync + 'static,
    ) -> Self {
        Self::new(make, Ground::Given(arbiters.into_iter().collect()))
    }

    /// Sets which of the actors takes the next delivery. By default one after the
    /// other does.
    ///
    /// # Examples
    ///
    /// See [`pool`](Self::pool).
    #[must_use]
    pub fn routing(mut self, routing: Routing) -> Self {
        self.routing = routing;
        self
    }

    fn new(make: impl Fn() -> A + Send + Sync + 'static, ground: Ground) -> Self {
        Self {
            make: Arc::new(make),
            routing: Routing::default(),
            ground,
        }
    }

    /// Finds the arbiters, or starts them.
    pub(crate) fn site(&self) -> Result<Site, SubscribeError> {
        let max = MAX_ARBITERS;
        let size = match &self.ground {
            Ground::Given(arbiters) => arbiters.len(),
            Ground::Own(size) => *size,
        };
        if !(1..=max).contains(&size) {
            return Err(SubscribeError::PoolSize { size, max });
        }
        match &self.ground {
            Ground::Given(arbiters) => Ok(Site::given(arbiters.clone())),
            Ground::Own(size) => Site::own(*size).ok_or(SubscribeError::NoSystem),
        }
    }

    /// What tells it from other factories.
    pub(crate) fn identity(&self) -> *const () {
        Arc::as_ptr(&self.make).cast()
    }
}

impl<A> Clone for Factory<A> {
    fn clone(&self) -> Self {
        Self {
            make: self.make.clone(),
            routing: self.routing,
            ground: self.ground.clone(),
        }
    }
}

impl<A> fmt::Debug for Factory<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Factory")
            .field("actor", &std::any::type_name::<A>())
            .field("routing", &self.routing)
            .field("ground", &self.ground)
            .finish_non_exhaustive()
    }
}
