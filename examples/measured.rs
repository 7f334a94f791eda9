//! A strategy of your own that measures: how long the handlers of an emission
//! take, from the first start to the last end. `cargo run --example measured`

use std::time::{Duration, Instant};

use actix::prelude::*;
use ventix::{Emission, Emitter, Linker, on};

struct Measured;

impl Actor for Measured {
    type Context = Context<Self>;
}

impl Handler<Emission> for Measured {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, emission: Emission, _: &mut Context<Self>) -> Self::Result {
        let name = emission.metadata().name().to_owned();
        Box::pin(async move {
            let begin = Instant::now();
            let handlers = emission.deliveries();
            emission.run_to_end().await;
            let took = begin.elapsed();
            println!("{name}: {handlers} handlers took {took:.1?}");
        })
    }
}

#[actix::main]
async fn main() -> ventix::Result {
    let linker = Linker::start();
    linker.subscribe(on::<Duration>().call_async(|time| actix::clock::sleep(*time)))?;
    linker.subscribe(on::<Duration>().call_blocking(|time| std::thread::sleep(*time / 2)))?;

    let emitter = Emitter::with(&linker, Measured.start().recipient());
    for millis in [5, 20] {
        let report = emitter.emit_and_wait(Duration::from_millis(millis)).await;
        assert!(report.all_handled());
    }
    Ok(())
}
