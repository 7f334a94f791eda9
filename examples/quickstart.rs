//! The main job in one process: link handlers, emit events, read what became of
//! them. `cargo run --example quickstart`

use actix::prelude::*;
use ventix::{Delivery, Emitter, Linker, Strategy, on, on_any, on_topic};

/// An event is any value: no trait to implement.
struct OrderPlaced {
    id: u64,
}

/// A handler that is an actor.
struct Mailer;

impl Actor for Mailer {
    type Context = Context<Self>;
}

impl Handler<Delivery<OrderPlaced>> for Mailer {
    type Result = ();

    fn handle(&mut self, order: Delivery<OrderPlaced>, _: &mut Context<Self>) {
        if order.id == 0 {
            return order.fail("an order without an id");
        }
        println!("mailer: order {}", order.id);
    } // handled, when the delivery is dropped
}

/// Code that emits need not know where handlers run.
async fn place(emitter: &Emitter, id: u64) {
    let report = emitter.emit_and_wait(OrderPlaced { id }).await;
    print!("{report}");
}

#[actix::main]
async fn main() -> ventix::Result {
    let linker = Linker::start();

    // An actor, which hears of every order.
    linker.subscribe(on::<OrderPlaced>().actor(Mailer.start()).named("mailer"))?;

    // A callback that fires once.
    let first = on::<OrderPlaced>().call(|order| println!("first: order {}", order.id));
    linker.subscribe(first.once().named("first"))?;

    // An async callback, and what is called back when it has ended.
    let invoice = on::<OrderPlaced>().call_async(async |order| match order.id {
        0 => Err("nothing to invoice"),
        id => Ok(format!("INV-{id:04}")),
    });
    linker.subscribe(
        invoice
            .named("invoice")
            .on_success(|done| println!("invoice: {}", done.value::<String>().map_or("", |s| s)))
            .on_failure(|failure| println!("invoice: failed, {}", failure.error())),
    )?;

    // A pattern of topics, and everything.
    linker.subscribe(on_topic::<String>("audit.>").call(|line| println!("audit: {line}")))?;
    linker.subscribe(
        on_any()
            .call(|any| println!("saw {}", any.name()))
            .named("watcher"),
    )?;

    println!("--- on this arbiter");
    let here = Emitter::start(&linker, Strategy::current());
    place(&here, 1).await;

    println!("--- the same links, on a thread of the emitter's own");
    place(&Emitter::start(&linker, Strategy::dedicated()), 0).await;

    println!("--- on a topic, with a key");
    let line = String::from("order 1 placed");
    let audit = here.prepare(line).topic("audit.orders").key("customer-7");
    println!("  {} handled it", audit.emit_and_wait().await.handled());

    println!("--- what nobody hears says so");
    linker.clear();
    println!("  unheard: {}", here.emit(42_u8).is_unheard());
    Ok(())
}
