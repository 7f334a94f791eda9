//! Events that go out later: after a while, at a time, at intervals, by a cron
//! expression; and a retry that a handler puts off. `cargo run --example schedule`

use std::time::{Duration, SystemTime};

use actix::clock::sleep;
use ventix::{Emitter, Linker, Strategy, on};

const MILLIS: Duration = Duration::from_millis(1);

#[derive(Clone)]
struct Beat;

struct Reminder(&'static str);

struct Order {
    id: u32,
    tries: u32,
}

#[actix::main]
async fn main() -> ventix::Result {
    let linker = Linker::start();
    linker.subscribe(on::<Beat>().call(|_| println!("beat")))?;
    let reminders =
        linker.subscribe(on::<Reminder>().call(|reminder| println!("{}", reminder.0)))?;

    // Try again, three times at most: what is emitted later still names its cause.
    let orders = linker.subscribe(on::<Order>().call(|order| {
        let (id, tries) = (order.id, order.tries + 1);
        println!(
            "order {id}, try {tries}, caused by {:?}",
            order.metadata().causation()
        );
        if tries < 3 {
            order
                .emitter()
                .prepare(Order { id, tries })
                .after(200 * MILLIS);
        }
    }))?;

    let emitter = Emitter::start(&linker, Strategy::current());
    emitter.emit(Order { id: 7, tries: 0 });
    let beat = emitter.prepare(Beat).every(250 * MILLIS)?;
    emitter
        .prepare(Reminder("a second has passed"))
        .after(1_000 * MILLIS);
    emitter
        .prepare(Reminder("half past"))
        .at(SystemTime::now() + 500 * MILLIS);
    let paid = emitter.prepare(Reminder("pay!")).after(1_500 * MILLIS);
    #[cfg(feature = "cron")]
    emitter
        .prepare(Beat)
        .topic("weekdays")
        .cron("30 8 * * MON-FRI")?;

    for schedule in emitter.schedules() {
        println!("pending: {schedule}");
    }
    sleep(1_200 * MILLIS).await;
    assert!(paid.cancel(), "no reminder");

    sleep(500 * MILLIS).await;
    println!("{beat:?}");
    assert!(beat.fired() + beat.missed() >= 6);
    assert_eq!(reminders.counts().handled, 2);
    assert_eq!(orders.counts().handled, 3);

    // What is still pending is cancelled, and not waited for.
    let left = linker.drain(Duration::from_secs(5)).await;
    println!("{left}");
    assert!(left.is_complete() && !beat.is_active());
    Ok(())
}
