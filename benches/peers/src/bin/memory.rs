//! Counts what is allocated, and prints it as JSON, for `peers`.

use std::alloc::System as SystemAllocator;

use actix::{Recipient, System};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use ventix::{Emitter, Linker, Strategy, on};
use ventix_peers::contest::Row;
use ventix_peers::contestants::actix::Counter;
use ventix_peers::contestants::bursts::{self, Audience};
use ventix_peers::contestants::ventix::{By, To, emitter};
use ventix_peers::event::Event;
use ventix_peers::place::Place;
use ventix_peers::shapes::Shape;
use ventix_peers::shapes::memory::{BATCH, BEYOND, IDLE, IDLE_AGAIN, NAME};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<SystemAllocator> = &INSTRUMENTED_SYSTEM;

const SUBSCRIPTIONS: usize = 10_000;
const EMISSIONS: usize = 100;

fn main() -> serde_json::Result<()> {
    let rows = System::new().block_on(async {
        let [idle, again] = subscriptions();
        let raw = raw(100).await;
        let actors = allocations(By::Inline, To::Actor, 100).await;
        vec![
            row(IDLE, idle),
            row(IDLE_AGAIN, again),
            row("allocations of raw do_send to 100 actors", raw),
            row(BEYOND, actors - raw),
            row(
                "allocations of an emission to one actor",
                allocations(By::Inline, To::Actor, 1).await,
            ),
            row(
                "allocations of an emission to one callback",
                allocations(By::Inline, To::Callback, 1).await,
            ),
            row(
                "allocations of an emission to 100 callbacks",
                allocations(By::Inline, To::Callback, 100).await,
            ),
            row(
                "allocations of an emission to 100 callbacks by current",
                allocations(By::Current, To::Callback, 100).await,
            ),
            row(BATCH, batch().await),
        ]
    });
    let shape = Shape {
        name: NAME.to_owned(),
        unit: "bytes, allocations".to_owned(),
        floor: None,
        rows,
    };
    serde_json::to_writer(std::io::stdout(), &shape)
}

fn row(name: &str, figure: f64) -> Row {
    Row::of(name, vec![figure])
}

/// Bytes of a subscription, before and after it has had deliveries.
fn subscriptions() -> [f64; 2] {
    let linker = Linker::start();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let first = on::<Event>().call(|_| ());
    linker.subscribe(first).expect("no limit is set");
    drop(emitter.emit(Event::new(0)));
    let region = Region::new(ALLOCATOR);
    for _ in 0..SUBSCRIPTIONS {
        let spec = on::<Event>().call(|_| ());
        linker.subscribe(spec).expect("no limit is set");
    }
    let idle = bytes(&region);
    for n in 0..EMISSIONS {
        drop(emitter.emit(Event::new(n)));
    }
    [idle, bytes(&region)]
}

/// Bytes of each subscription that are still in use.
fn bytes(region: &Region<'_, SystemAllocator>) -> f64 {
    // Reallocations are among both.
    let change = region.change();
    let bytes = change.bytes_allocated as f64 - change.bytes_deallocated as f64;
    bytes / SUBSCRIPTIONS as f64
}

/// Allocations of each of some emissions, when everything has its size.
async fn counted(audience: &Audience, burst: usize, emit: impl Fn(usize)) -> f64 {
    let mut count = 0;
    for is_warm in [false, false, true] {
        let region = Region::new(ALLOCATOR);
        audience.left.expect(0, burst * audience.handlers);
        emit(burst);
        let are_over = audience.left.are_over(audience.place.spins()).await;
        assert!(are_over, "a delivery was lost");
        if is_warm {
            let change = region.change();
            count = change.allocations + change.reallocations;
        }
    }
    count as f64 / burst as f64
}

async fn raw(handlers: usize) -> f64 {
    let audience = Audience::new(handlers, Place::Here);
    let mut actors: Vec<Recipient<Event>> = Vec::new();
    for _ in 0..handlers {
        actors.push(
            Counter::start(&audience.left, &audience.place)
                .await
                .recipient(),
        );
    }
    let emit = |burst| {
        for n in 0..burst {
            for actor in &actors {
                actor.do_send(Event::new(n));
            }
        }
    };
    counted(&audience, EMISSIONS, emit).await
}

async fn allocations(by: By, to: To, handlers: usize) -> f64 {
    let audience = Audience::new(handlers, Place::Here);
    let emitter = emitter(by, to, &audience).await;
    let emit = |burst| (0..burst).for_each(|n| drop(emitter.emit(Event::new(n))));
    counted(&audience, EMISSIONS, emit).await
}

/// Allocations of a batch, without the list that its events are collected in.
async fn batch() -> f64 {
    let audience = Audience::new(1, Place::Here);
    let emitter = emitter(By::Dedicated, To::Callback, &audience).await;
    let emit = |burst| drop(emitter.emit_all((0..burst).map(Event::new)));
    counted(&audience, bursts::BATCH, emit).await * bursts::BATCH as f64 - 1.0
}
