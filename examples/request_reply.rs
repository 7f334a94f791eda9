//! Request and reply: ask who sells, take the first offer, the best, or all until a
//! limit, and hear why the others were silent. `cargo run --example request_reply`

use std::time::Duration;

use actix::clock::sleep;
use actix::prelude::*;
use futures::StreamExt;
use ventix::{Delivery, Emitter, Linker, RequestError, Strategy, on};

/// The question.
struct Wanted {
    article: &'static str,
}

/// What an answer is.
#[derive(Debug)]
struct Offer {
    from: &'static str,
    cents: u32,
}

/// An actor answers with `reply`, or says what is wrong with `fail`.
struct Warehouse;

impl Actor for Warehouse {
    type Context = Context<Self>;
}

impl Handler<Delivery<Wanted>> for Warehouse {
    type Result = ();

    fn handle(&mut self, wanted: Delivery<Wanted>, _: &mut Context<Self>) {
        let (from, cents) = ("warehouse", 250);
        match wanted.article {
            "tea" => wanted.reply(Offer { from, cents }),
            _ => wanted.fail("not in stock"),
        }
    }
}

#[actix::main]
async fn main() -> ventix::Result {
    let linker = Linker::start();
    linker.subscribe(on::<Wanted>().actor(Warehouse.start()).named("warehouse"))?;
    let market = on::<Wanted>().call_async(async |wanted| {
        sleep(Duration::from_millis(20)).await;
        let (from, cents) = ("market", 199 + u32::try_from(wanted.article.len())?);
        Ok::<_, ventix::BoxError>(Offer { from, cents })
    });
    linker.subscribe(market.named("market"))?;
    let log = on::<Wanted>().call(|wanted| println!("somebody wants {}", wanted.article));
    linker.subscribe(log.named("log"))?;
    let emitter = Emitter::start(&linker, Strategy::current());

    // The first offer: the market is still thinking.
    let first: Offer = emitter.request(Wanted { article: "tea" }).await?;
    assert_eq!(first.from, "warehouse");

    // All offers within a second: the best one, and who made none.
    let asked = emitter.request::<_, Offer>(Wanted { article: "tea" });
    let offers = asked.within(Duration::from_secs(1)).all().await;
    let best = offers.iter().min_by_key(|offer| offer.cents);
    println!("best: {best:?}; {}", offers.silent()[0]);
    assert_eq!(best.map(|offer| offer.from), Some("market"));

    // As they come.
    let asked = emitter.request::<_, Offer>(Wanted { article: "tea" });
    let mut offers = asked.replies();
    while let Some(Offer { from, cents }) = offers.next().await {
        println!("{from} offers it at {cents}");
    }

    // No patience, and no luck.
    let asked = emitter.request::<_, Offer>(Wanted { article: "coffee" });
    let error = asked.within(Duration::from_millis(5)).await.unwrap_err();
    println!("{error}");
    assert!(matches!(error, RequestError::TimedOut { .. }));
    Ok(())
}
