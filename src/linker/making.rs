use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Context};
use actix_rt::ArbiterHandle;

use crate::event::AnyValue;
use crate::handler::{Crew, Factory, Restart};
use crate::registry::{Part, Record, SubscribeError};

use super::heartbeat::Heartbeat;

/// What the handlers of a subscription are made of, beside what they are.
pub(super) struct Making<'a> {
    /// The linker's arbiter, for what needs one where there is none.
    pub(super) home: &'a ArbiterHandle,
    pub(super) weak: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) record: &'a Arc<Record>,
    pub(super) restart: Restart,
    pub(super) heartbeat: Option<&'a Heartbeat>,
    /// The actors that have been made, by their factory.
    pub(super) crews: RefCell<Vec<(*const (), Box<AnyValue>)>>,
}

impl Making<'_> {
    /// The actors of a factory: the same for all handlers that name it.
    pub(super) fn crew<A>(&self, factory: &Factory<A>) -> Result<Arc<Crew<A>>, SubscribeError>
    where
        A: Actor<Context = Context<A>>,
    {
        let mut crews = self.crews.borrow_mut();
        let known = crews.iter().find(|(of, _)| *of == factory.identity());
        let known = known.and_then(|(_, crew)| crew.downcast_ref::<Arc<Crew<A>>>());
        if let Some(crew) = known {
            return Ok(crew.clone());
        }
        let site = factory.site()?;
        if let Some(heartbeat) = self.heartbeat {
            heartbeat.watch("handler", &site);
        }
        let crew = Crew::start(site, factory, self.restart, self.record, self.home);
        let crew = Arc::new(crew);
        crews.push((factory.identity(), Box::new(crew.clone())));
        Ok(crew)
    }
}

/// Makes a handler of a subscription, when that is linked.
pub(super) type MakePart =
    Box<dyn FnOnce(&Making<'_>) -> Result<Box<dyn Part>, SubscribeError> + Send>;

/// What kinds of handlers there are.
#[derive(Clone, Copy, Default)]
pub(super) struct Kinds {
    /// Their deliveries may wait, so that they need a bound.
    pub(super) queued: bool,
    /// Actors of the user's, which can be held weakly.
    pub(super) actors: bool,
    /// Actors that the bus makes, and can make anew.
    pub(super) made: bool,
}
