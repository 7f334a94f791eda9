//! The same subscriptions under every strategy, and a function that takes just
//! `&Emitter`. Prints which thread ran what. `cargo run --example strategies`

use actix::prelude::*;
use ventix::{Delivery, Emitter, Linker, Strategy, on};

struct Greeting(&'static str);

fn thread() -> String {
    let current = std::thread::current();
    current.name().unwrap_or("unnamed").to_owned()
}

struct Greeter;

impl Actor for Greeter {
    type Context = Context<Self>;
}

impl Handler<Delivery<Greeting>> for Greeter {
    type Result = ();

    fn handle(&mut self, greeting: Delivery<Greeting>, _: &mut Context<Self>) {
        println!("  actor on {}: {}", thread(), greeting.0);
    }
}

/// It neither knows nor cares where handlers run.
async fn greet(emitter: &Emitter, who: &'static str) {
    let report = emitter.emit_and_wait(Greeting(who)).await;
    assert!(report.all_handled());
}

#[actix::main]
async fn main() -> ventix::Result {
    let linker = Linker::start();
    let actors = Arbiter::new();
    let greeter = Greeter::start_in_arbiter(&actors.handle(), |_| Greeter);
    linker.subscribe(on::<Greeting>().actor(greeter))?;
    linker.subscribe(
        on::<Greeting>().call(|greeting| println!("  callback on {}: {}", thread(), greeting.0)),
    )?;
    linker.subscribe(on::<Greeting>().call_async(async |greeting| {
        println!("  async callback on {}: {}", thread(), greeting.0);
    }))?;
    linker.subscribe(on::<Greeting>().call_blocking(|greeting| {
        println!("  blocking callback on {}: {}", thread(), greeting.0);
    }))?;

    let arbiter = Arbiter::new();
    for strategy in [
        Strategy::inline(),
        Strategy::current(),
        Strategy::on(&arbiter.handle()),
        Strategy::dedicated(),
    ] {
        println!("{strategy:?}");
        greet(&Emitter::start(&linker, strategy), "hello").await;
    }
    Ok(())
}
