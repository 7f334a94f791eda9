use actix::prelude::*;
use ventix::{Emit, Emitter, Linker, Strategy, on, on_topic};

use super::{Log, Plain};

fn strategies() -> Vec<Strategy> {
    let custom = Strategy::custom(Plain.start().recipient());
    vec![
        Strategy::inline(),
        Strategy::current(),
        Strategy::dedicated(),
        custom,
    ]
}

#[actix::test]
async fn a_message_does_what_the_handle_does_in_one_order_with_it() {
    for strategy in strategies() {
        let linker = Linker::start();
        let log = Log::new();
        let writer = log.clone();
        linker
            .subscribe(on::<u8>().call(move |n| writer.push(**n)))
            .unwrap();
        let emitter = Emitter::start(&linker, strategy);
        let addr = emitter.addr();
        addr.do_send(Emit(1_u8));
        let receipt = addr.send(Emit(2_u8)).await.unwrap();
        assert_eq!((receipt.matched(), receipt.accepted()), (1, 1));
        assert!(emitter.emit_and_wait(3_u8).await.all_handled());
        assert_eq!(log.entries(), [1, 2, 3]);
        assert!(addr.send(Emit("unheard")).await.unwrap().is_unheard());
    }
}

#[actix::test]
async fn a_message_carries_what_was_prepared() {
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    linker
        .subscribe(on_topic::<u8>("bytes.*").call(move |n| {
            writer.push((n.name().to_owned(), n.metadata().key().map(str::to_owned)));
        }))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    let message = emitter
        .prepare(1_u8)
        .topic("bytes.in")
        .key("k")
        .into_message();
    assert_eq!(emitter.addr().send(message).await.unwrap().accepted(), 1);
    assert_eq!(
        log.entries(),
        [("bytes.in".to_owned(), Some("k".to_owned()))]
    );
}

#[actix::test]
async fn an_address_keeps_the_emitter_working_when_the_handles_are_gone() {
    for strategy in strategies() {
        let linker = Linker::start();
        linker.subscribe(on::<u8>().call(|_| ())).unwrap();
        let addr = Emitter::start(&linker, strategy).addr();
        for _ in 0..3 {
            assert_eq!(addr.send(Emit(1_u8)).await.unwrap().accepted(), 1);
        }
    }
}
