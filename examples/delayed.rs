//! A strategy of your own that delays: answer first, work afterwards, as a web
//! framework's background tasks do. `cargo run --example delayed`

use std::collections::VecDeque;
use std::time::Duration;

use actix::prelude::*;
use ventix::{Emission, Emitter, Linker, on};

/// actix's timers that end together fire in any order: each runs the oldest.
struct Delayed {
    pause: Duration,
    waiting: VecDeque<Emission>,
}

impl Actor for Delayed {
    type Context = Context<Self>;
}

impl Handler<Emission> for Delayed {
    type Result = ();

    fn handle(&mut self, emission: Emission, ctx: &mut Context<Self>) {
        self.waiting.push_back(emission);
        ctx.run_later(self.pause, |delayed, _| {
            if let Some(oldest) = delayed.waiting.pop_front() {
                oldest.run();
            }
        });
    }
}

struct Registered {
    name: &'static str,
}

/// A web handler's part: it returns before anything has run.
fn register(emitter: &Emitter, name: &'static str) -> String {
    let receipt = emitter.emit(Registered { name });
    format!("welcome, {name}: {} to do", receipt.accepted())
}

#[actix::main]
async fn main() -> ventix::Result {
    let linker = Linker::start();
    linker.subscribe(on::<Registered>().call(|user| println!("mail to {}", user.name)))?;

    let (pause, waiting) = (Duration::from_millis(20), VecDeque::new());
    let delayed = Delayed { pause, waiting }.start();
    let emitter = Emitter::with(&linker, delayed.recipient());
    for name in ["ada", "grace"] {
        println!("{}", register(&emitter, name));
    }

    // One more, waited for: the strategy keeps the order, so the others are done.
    let report = emitter.emit_and_wait(Registered { name: "alan" }).await;
    assert!(report.all_handled());
    Ok(())
}
