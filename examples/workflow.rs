//! An order pipeline whose payment gateway is down: attempts, a breaker, dead letters, and
//! what an operator does about them. `cargo run --example workflow`

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use actix::clock::sleep;
use ventix::{
    Breaker, BreakerChanged, DeadLetter, Emitter, Linker, Reason, Retry, Strategy, Subscription,
    on, on_topic,
};

struct OrderPlaced(u64);
struct StockReserved(u64);
struct PaymentTaken(u64);

/// Takes the money, somewhere else.
fn pay(gateway: &AtomicBool, order: u64) -> Result<(), &'static str> {
    if !gateway.load(Relaxed) {
        return Err("the gateway does not answer");
    }
    println!("  charged order {order}");
    Ok(())
}

const PAUSE: Duration = Duration::from_millis(200);

/// Links the pipeline, and returns the step that may fail.
fn link(linker: &Linker, gateway: Arc<AtomicBool>) -> ventix::Result<Subscription> {
    let reserve = on::<OrderPlaced>().call(|order| {
        order.emitter().emit(StockReserved(order.0));
    });
    linker.subscribe(reserve.named("reserve"))?;

    let charge = on::<StockReserved>().call_async(move |stock| {
        let gateway = gateway.clone();
        async move {
            println!("  order {}, attempt {}", stock.0, stock.attempt());
            pay(&gateway, stock.0)?;
            stock.emitter().emit(PaymentTaken(stock.0));
            Ok::<_, ventix::BoxError>(())
        }
    });
    let breaker = Breaker::new().window(3).min_calls(3).probes(1);
    let charge = charge
        .named("charge")
        .retry(Retry::constant(Duration::from_millis(10)).attempts(3))
        .breaker(breaker.open_for(PAUSE));
    let charge = linker.subscribe(charge)?;

    let ship = on::<PaymentTaken>().call(|paid| {
        let parcel = format!("order {} is shipped", paid.0);
        paid.emitter().prepare(parcel).topic("audit.ship").emit();
    });
    linker.subscribe(ship.named("ship"))?;
    linker.subscribe(on_topic::<String>("audit.>").call(|line| println!("  {}", **line)))?;

    linker.subscribe(on::<DeadLetter>().call(|letter| println!("  dead letter: {letter}")))?;
    linker.subscribe(on::<BreakerChanged>().call(|change| println!("  {change}")))?;
    Ok(charge)
}

#[actix::main]
async fn main() -> ventix::Result {
    let gateway = Arc::<AtomicBool>::default();
    let linker = Linker::builder().dead_letters(1_000).start()?;
    let charge = link(&linker, gateway.clone())?;
    let emitter = Emitter::start(&linker, Strategy::current());
    let letters = linker.dead_letters();

    println!("the gateway is down");
    for (order, dead) in (1..=3).zip(1..) {
        emitter.emit(OrderPlaced(order));
        while letters.len() < dead {
            sleep(Duration::from_millis(1)).await;
        }
    }
    print!(
        "why is nobody charged?\n{}",
        linker.explain(&StockReserved(4))
    );
    let reason = |n: usize| letters.list()[n].error().downcast_ref::<Reason>().cloned();
    assert!(reason(0).is_none() && letters.list()[0].attempts().len() == 3);
    assert!(matches!(reason(2), Some(Reason::BreakerOpen { .. })));

    println!("the gateway is up again, and its letters are delivered again");
    gateway.store(true, Relaxed);
    sleep(PAUSE).await;
    while letters.requeue_all(|letter| letter.is_for(charge.id())) > 0 {
        while charge.counts().in_flight() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
    }
    assert!(letters.is_empty() && charge.counts().handled == 3);
    assert!(linker.drain(Duration::from_secs(5)).await.is_complete());
    Ok(())
}
