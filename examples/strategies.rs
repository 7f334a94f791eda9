//! The same subscriptions under every strategy, and a function that takes just
//! `&Emitter`. Prints which thread ran what; then one emitter goes through all
//! strategies while it emits. `cargo run --example strategies`

use actix::prelude::*;
use ventix::{Delivery, Emission, Emitter, Linker, Routing, Strategy, on};

struct Greeting(&'static str);

/// The thread that runs this.
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

/// A strategy of one's own: an actor that handles emissions.
struct Counting(u32);

impl Actor for Counting {
    type Context = Context<Self>;
}

impl Handler<Emission> for Counting {
    type Result = ();

    fn handle(&mut self, emission: Emission, _: &mut Context<Self>) {
        self.0 += 1;
        println!("  emission {} of {}", self.0, emission.metadata().name());
        emission.run();
    }
}

fn counting() -> Recipient<Emission> {
    Counting(0).start().recipient()
}

/// Callbacks of every kind, and an actor on an arbiter of its own.
fn subscribe(linker: &Linker, actors: &ArbiterHandle) -> ventix::Result {
    let greeter = Greeter::start_in_arbiter(actors, |_| Greeter);
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
    Ok(())
}

/// Every strategy, by its name; and one that keeps order.
fn strategies(arbiter: &ArbiterHandle) -> Vec<(&'static str, Strategy)> {
    vec![
        ("inline", Strategy::inline()),
        ("current", Strategy::current()),
        ("on", Strategy::on(arbiter)),
        ("dedicated", Strategy::dedicated()),
        ("pool", Strategy::pool(2).routing(Routing::Keyed)),
        ("blocking", Strategy::blocking(2)),
        ("custom", Strategy::custom(counting())),
        (
            "custom pool",
            Strategy::custom_pool([counting(), counting()]),
        ),
        ("in order", Strategy::current().in_order()),
    ]
}

/// It neither knows nor cares where handlers run.
async fn greet(emitter: &Emitter, who: &'static str) {
    let report = emitter
        .prepare(Greeting(who))
        .key(who)
        .emit_and_wait()
        .await;
    assert!(report.all_handled());
}

#[actix::main]
async fn main() -> ventix::Result {
    let (actors, arbiter) = (Arbiter::new(), Arbiter::new());
    let linker = Linker::start();
    subscribe(&linker, &actors.handle())?;

    for (name, strategy) in strategies(&arbiter.handle()) {
        println!("{name}: {strategy:?}");
        let emitter = Emitter::start(&linker, strategy);
        greet(&emitter, "world").await;
    }

    println!("one emitter, switched:");
    let emitter = Emitter::start(&linker, Strategy::current());
    for (name, strategy) in strategies(&arbiter.handle()) {
        emitter.switch(strategy).await?;
        greet(&emitter, name).await;
    }

    let left = linker.drain(std::time::Duration::from_secs(5)).await;
    println!("{left}");
    assert!(left.is_complete());
    actors.stop();
    arbiter.stop();
    Ok(())
}
