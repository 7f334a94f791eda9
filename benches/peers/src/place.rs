//! Where handlers live.

use std::future::Future;

use actix::ArbiterHandle;
use futures::channel::oneshot;

/// Where handlers live.
#[derive(Clone, Debug)]
pub enum Place {
    /// On the thread that emits.
    Here,
    /// On the thread of this arbiter.
    There(ArbiterHandle),
}

impl Place {
    /// Makes something in this place.
    ///
    /// # Panics
    ///
    /// When the arbiter is gone.
    pub async fn make<T, F>(&self, make: impl FnOnce() -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        match self {
            Self::Here => make().await,
            Self::There(arbiter) => {
                let (tell, told) = oneshot::channel();
                let is_sent = arbiter.spawn_fn(move || {
                    actix_rt::spawn(async { tell.send(make().await) });
                });
                assert!(is_sent, "the arbiter runs");
                told.await.expect("the arbiter runs")
            }
        }
    }

    /// How long to look away while handlers run here; see
    /// [`Left::are_over`](crate::event::Left::are_over).
    #[must_use]
    pub fn spins(&self) -> usize {
        match self {
            Self::Here => 0,
            Self::There(_) => 32,
        }
    }
}
