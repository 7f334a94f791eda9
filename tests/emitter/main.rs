//! Emitters: what every strategy promises, and what each adds.

mod blocking;
mod bounds;
mod current;
mod custom;
mod dedicated;
mod drain;
mod emit_all;
mod fairness;
mod in_order;
mod inline;
mod messages;
mod metadata;
mod on;
mod overflow;
mod pool;
mod promises;
mod request;
mod switch;

use std::sync::{Arc, Mutex};

use actix::prelude::*;
use ventix::{Emission, Report};

/// What handlers wrote down, in the order in which they did.
#[derive(Clone, Default)]
struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T: Clone> Log<T> {
    fn new() -> Self {
        Self(Arc::default())
    }

    fn push(&self, entry: T) {
        self.0.lock().unwrap().push(entry);
    }

    fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    fn entries(&self) -> Vec<T> {
        self.0.lock().unwrap().clone()
    }
}

/// How each line of a report ended.
fn words(report: &Report) -> Vec<&'static str> {
    report.iter().map(|line| line.outcome().as_str()).collect()
}

/// The least that a strategy of a user's can be.
struct Plain;

impl Actor for Plain {
    type Context = Context<Self>;
}

impl Plain {
    fn start_in(self, arbiter: &Arbiter) -> Addr<Self> {
        Self::start_in_arbiter(&arbiter.handle(), |_| self)
    }
}

impl Handler<Emission> for Plain {
    type Result = ();

    fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
        emission.run();
    }
}
