use std::sync::Arc;

use actix::{Actor, Context, Handler};
use actix_rt::ArbiterHandle;

use crate::delivery::{Delivery, Parcel, Turn};
use crate::outcome::Reason;
use crate::registry::{Record, Target};

use super::factory::Factory;
use super::post::{Post, Staffing};
use super::restart::Restart;
use super::routing::{Router, round};
use super::site::Site;

/// Equal actors that the bus has made, each at its post: one subscription that
/// uses as many threads.
pub(crate) struct Crew<A: Actor<Context = Context<A>>> {
    // Before the site: the actors are told to stop, then their arbiters.
    posts: Vec<Arc<Post<A>>>,
    router: Router,
    _site: Site,
}

impl<A: Actor<Context = Context<A>>> Crew<A> {
    /// Makes an actor on each arbiter of the site.
    pub(crate) fn start(
        site: Site,
        factory: &Factory<A>,
        restart: Restart,
        record: &Arc<Record>,
        home: &ArbiterHandle,
    ) -> Self {
        let staffing = Arc::new(Staffing {
            make: factory.make.clone(),
            restart,
            record: record.clone(),
            home: home.clone(),
        });
        let posts = site.arbiters().iter();
        let posts = posts.map(|arbiter| Post::start(arbiter.clone(), staffing.clone()));
        Self {
            posts: posts.collect(),
            router: Router::new(factory.routing),
            _site: site,
        }
    }

    /// The post for a delivery: the one whose turn it is, or, if that takes none
    /// and any will do, the next one that does.
    fn post(&self, key: Option<&str>) -> &Arc<Post<A>> {
        let posts = &self.posts;
        let load = |at: usize| posts[at].load();
        let first = self.router.pick(posts.len(), key, load);
        if self.router.is_fixed(key) {
            return &posts[first];
        }
        let able = round(first, posts.len()).find(|at| posts[*at].check().is_ok());
        &posts[able.unwrap_or(first)]
    }
}

impl<A, E> Target<E> for Crew<A>
where
    A: Actor<Context = Context<A>> + Handler<Delivery<E>>,
    E: ?Sized + Send + Sync + 'static,
{
    fn start(&self, turn: Turn<'_, E>) {
        let parcel: Parcel<E> = turn.into_parcel();
        let key = parcel.metadata().and_then(|metadata| metadata.key());
        let post = self.post(key);
        post.take(Box::new(parcel));
    }

    fn is_alive(&self) -> bool {
        self.posts.iter().any(|post| !post.is_gone())
    }

    fn check(&self) -> Result<(), Reason> {
        let mut checks = self.posts.iter().map(|post| post.check());
        let first = checks.next().unwrap_or(Err(Reason::HandlerGone));
        // One that can is enough; a suspended one may come back.
        checks.fold(first, |known, next| match (known, next) {
            (Ok(()), _) | (_, Ok(())) => Ok(()),
            (Err(Reason::HandlerGone), next) => next,
            (known, _) => known,
        })
    }

    fn resume(&self) -> bool {
        let resumed = self.posts.iter().map(Post::resume);
        resumed.fold(false, |any, one| any | one)
    }
}
