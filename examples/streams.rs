//! Deliveries as a stream, and a stream as the source of events: readings come from a
//! stream, a chart that is too slow hears what it has missed, and alarms cross to
//! another linker. `cargo run --example streams`

use std::time::Duration;

use futures::{StreamExt, stream};
use ventix::{Emitter, Linker, Overflow, Received, Strategy, on};

#[derive(Clone, Copy)]
struct Reading {
    celsius: f64,
}

struct Alarm {
    text: String,
}

#[actix::main]
async fn main() -> ventix::Result {
    let factory = Linker::start();
    let office = Linker::start();

    // A chart that looks only now and then: the last three readings will do.
    let mut chart = factory.stream::<Reading>(3)?;

    // An archive that must have all of them: the emitter waits for it, as its lane is no
    // larger than its stream.
    let wait = Overflow::Wait(Duration::from_secs(10));
    let (spec, archive) = on::<Reading>().stream(4);
    factory.subscribe(spec.named("archive").capacity(4).overflow(wait))?;
    let archived = actix::spawn(archive.deliveries().count());

    // Alarms cross to the other linker: a stream is forwarded to an emitter.
    let too_hot = factory.stream::<Reading>(64)?.deliveries();
    let alarms = too_hot.filter_map(async |reading| {
        let text = format!("{} degrees", reading.celsius);
        (reading.celsius > 90.0).then_some(Alarm { text })
    });
    office.subscribe(on::<Alarm>().call(|alarm| println!("alarm: {}", alarm.text)))?;
    let to_office = Emitter::start(&office, Strategy::current());
    let bridge = actix::spawn(async move { to_office.forward(alarms).await });

    // The sensor is a stream too, and is asked as fast as everybody can take it.
    let emitter = Emitter::start(&factory, Strategy::current());
    let sensor = stream::iter((0..100).map(f64::from)).map(|celsius| Reading { celsius });
    let forwarded = emitter.forward(sensor).await;
    println!("{} readings emitted", forwarded.emitted());
    assert!(forwarded.is_complete());

    // Unlinked, the streams end with what they have.
    factory.stop();
    while let Some(item) = chart.next().await {
        match item {
            Received::Lagged(missed) => println!("chart: missed {missed}"),
            Received::Delivery(reading) => println!("chart: {} degrees", reading.celsius),
        }
    }
    assert_eq!(archived.await?, 100);
    assert_eq!(bridge.await?.emitted(), 9);
    assert!(office.drain(Duration::from_secs(10)).await.is_complete());
    Ok(())
}
