//! Layers around deliveries and emissions: built in, and one of your own.
//! `cargo run --example middleware`

use std::time::Duration;

use ventix::middleware::{Correlate, Deduplicate, Timing};
use ventix::{DeadLetter, DeliveryLayer, Emitter, Incoming, Linker, Outcome, Reason, Strategy, on};

struct Charge {
    cents: u64,
}

struct Receipt(String);

/// Lets nothing pass that nobody can be held to account for.
struct TenantOnly;

impl DeliveryLayer for TenantOnly {
    fn before(&self, delivery: &mut Incoming<'_>) -> Result<(), Reason> {
        match delivery.metadata().headers().get("tenant") {
            Some(_) => Ok(()),
            None => Err(Reason::layer("whose is it?")),
        }
    }
}

#[actix::main]
async fn main() -> ventix::Result {
    let timing = Timing::new();
    let linker = Linker::builder()
        .layer(timing.clone())
        .layer(TenantOnly)
        .emission_layer(Correlate::new().carry("tenant"))
        .start()?;

    // The same message is charged once an hour at most, however often it comes.
    let hour = Duration::from_secs(3_600);
    let charge = on::<Charge>().call(|charge| {
        println!("charge {} cents", charge.cents);
        let text = format!("you have paid {} cents", charge.cents);
        charge.emitter().emit(Receipt(text));
    });
    let once = Deduplicate::by_header("message-id", hour);
    let charges = linker.subscribe(charge.named("charge").layer(once))?;

    let receipts = on::<Receipt>().call(|receipt| {
        let tenant = receipt.metadata().headers().get("tenant");
        println!("{}: {}", tenant.unwrap_or("nobody"), receipt.0);
    });
    linker.subscribe(receipts)?;
    linker.subscribe(on::<DeadLetter>().call(|letter| println!("{letter}")))?;

    let emitter = Emitter::start(&linker, Strategy::current());
    for (message, tenant) in [("1", Some("acme")), ("1", Some("acme")), ("2", None)] {
        let mut prepared = emitter
            .prepare(Charge { cents: 100 })
            .header("message-id", message);
        if let Some(tenant) = tenant {
            prepared = prepared.header("tenant", tenant);
        }
        let report = prepared.emit_and_wait().await;
        let outcomes = report.outcomes().map(Outcome::as_str);
        println!(
            "message {message}: {}",
            outcomes.collect::<Vec<_>>().join(", ")
        );
    }

    assert!(linker.drain(Duration::from_secs(5)).await.is_complete());
    let counts = charges.counts();
    assert_eq!((counts.handled, counts.skipped, counts.refused), (1, 1, 1));
    for (handler, timed) in timing.summary() {
        println!(
            "{handler}: {} deliveries, {:?} in all",
            timed.count(),
            timed.total()
        );
    }
    Ok(())
}
