//! Actors that the bus makes: one dies of bad input and is made anew, its queue
//! is kept, and in the end it is suspended, and resumed.
//! `cargo run --example supervision`

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix::prelude::*;
use futures::channel::mpsc;
use futures::future::join_all;
use futures::{Stream, StreamExt};
use ventix::{
    DeadLetter, Delivery, Emitter, HandlerPanicked, HandlerRestarted, HandlerSuspended, Linker,
    Restart, Strategy, on,
};

/// A line of a meter: a number, or something that brings the parser down.
struct Line(&'static str);

/// Adds up what it reads. It was written for numbers, and for nothing else.
struct Parser {
    /// Which one it is.
    number: u32,
}

impl Actor for Parser {
    type Context = Context<Self>;
}

impl Handler<Delivery<Line>> for Parser {
    type Result = ();

    fn handle(&mut self, line: Delivery<Line>, _: &mut Context<Self>) {
        let value: u32 = line.0.parse().expect("a number");
        println!("parser {} read {value}", self.number);
        line.reply(value);
    }
}

/// Prints what the bus has to say, and passes on that the parser is suspended.
fn watch(linker: &Linker) -> ventix::Result<impl Stream<Item = ()> + use<>> {
    let (tell, told) = mpsc::unbounded();
    linker.subscribe(on::<HandlerPanicked>().call(|panic| println!("  panicked: {panic}")))?;
    linker.subscribe(on::<HandlerRestarted>().call(|again| println!("  {again}")))?;
    linker.subscribe(on::<DeadLetter>().call(|letter| println!("  dead letter: {letter}")))?;
    linker.subscribe(on::<HandlerSuspended>().call(move |suspended| {
        println!("  {suspended}");
        tell.unbounded_send(())
    }))?;
    Ok(told)
}

#[actix::main]
async fn main() -> ventix::Result {
    let linker = Linker::start();
    let mut suspended = watch(&linker)?;

    let arbiter = Arbiter::new();
    let made = Arc::new(AtomicU32::new(0));
    let parser = on::<Line>().actor_in(&arbiter.handle(), move || Parser {
        number: made.fetch_add(1, Ordering::Relaxed) + 1,
    });
    let restart = Restart::default()
        .budget(2, Duration::from_secs(60))
        .backoff(Duration::from_millis(20), Duration::from_secs(1));
    let parser = linker.subscribe(parser.named("parser").restart(restart))?;
    let emitter = Emitter::start(&linker, Strategy::inline());

    println!("One bad line: those behind it wait for the next parser.");
    let lines = ["1", "2", "three", "4", "5"];
    let reports = join_all(lines.map(|line| emitter.emit_and_wait(Line(line)))).await;
    let read = |report: &ventix::Report| report.replies::<u32>().sum::<u32>();
    assert_eq!(reports.iter().map(read).sum::<u32>(), 12);

    println!("Two more: the budget of 2 restarts is spent.");
    let _ = emitter.emit_and_wait(Line("six")).await;
    let _ = emitter.emit_and_wait(Line("seven")).await;
    suspended.next().await;
    let receipt = emitter.emit(Line("8"));
    println!("line 8: {}", receipt.refusals()[0].reason());

    println!("Resumed.");
    assert!(parser.resume());
    let report = emitter.emit_and_wait(Line("9")).await;
    assert_eq!(read(&report), 9);

    let counts = parser.counts();
    println!(
        "of {} lines {} were handled, {} panicked, {} were refused",
        counts.matched, counts.handled, counts.panicked, counts.refused,
    );
    assert_eq!((counts.handled, counts.panicked, counts.refused), (5, 3, 1));
    arbiter.stop();
    Ok(())
}
