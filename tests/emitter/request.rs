//! Requests, under every strategy.

use std::sync::Arc;

use tokio::sync::Semaphore;
use ventix::{BoxError, RequestError, on};

use super::Log;
use super::promises::{Order, everywhere, wherever};

#[actix::test]
async fn a_request_gets_the_first_reply_or_all() {
    everywhere(async |linker, emitter| {
        let (go, gate) = futures::channel::oneshot::channel::<()>();
        let gate = futures::FutureExt::shared(gate);
        let slow = on::<u32>().call_async(move |n| {
            let gate = gate.clone();
            async move { gate.await.map(|()| *n) }
        });
        linker.subscribe(slow).unwrap();
        linker
            .subscribe(on::<u32>().call(|n| Ok::<_, BoxError>(**n + 1)))
            .unwrap();
        let first = emitter.request::<_, u32>(1_u32).first().await;
        assert_eq!(first.unwrap(), 2, "{emitter:?}");
        go.send(()).unwrap();
        let all = emitter.request::<_, u32>(1_u32).all().await;
        assert_eq!(all.into_iter().collect::<Vec<_>>(), [1, 2], "{emitter:?}");
        let error = emitter.request::<_, u64>(1_u32).await.unwrap_err();
        assert!(matches!(error, RequestError::NoReply { .. }), "{emitter:?}");
    })
    .await;
}

#[actix::test]
async fn a_handler_may_ask() {
    // A user's own actor that lets one end before the next begins cannot know.
    let is_ours = |order, name: &str| order != Order::Ends || !name.contains("custom(..)\"");
    wherever(
        |_| true,
        async |order, linker, emitter| {
            if !is_ours(order, &format!("{emitter:?}")) {
                return;
            }
            let log = Log::new();
            let (outer, inner) = (log.clone(), log.clone());
            let known = Arc::new(Semaphore::new(0));
            let answer = known.clone();
            linker
                .subscribe(on::<u32>().call_async(move |n| {
                    let (log, known) = (outer.clone(), known.clone());
                    async move {
                        log.push(format!("{} asks", *n));
                        let asked = n.emitter().request::<_, u64>(u64::from(*n)).first().await;
                        log.push(format!("{} knows", *n));
                        known.add_permits(1);
                        asked
                    }
                }))
                .unwrap();
            linker
                .subscribe(on::<u64>().call(|n| Ok::<_, BoxError>(**n * 10)))
                .unwrap();
            // Ends after the reply: in order, part of what comes before the next one.
            linker
                .subscribe(on::<u64>().call_async(move |n| {
                    let (log, known) = (inner.clone(), answer.clone());
                    async move {
                        known.acquire().await.unwrap().forget();
                        log.push(format!("{} ends", *n));
                    }
                }))
                .unwrap();
            let ask = |n| emitter.prepare(n).key("k").request::<u64>().all();
            let (one, two) = futures::join!(ask(1_u32), ask(2_u32));
            let replies: Vec<_> = one.into_iter().chain(two).collect();
            assert_eq!(replies, [10, 20], "{emitter:?}");
            if matches!(order, Order::Ends | Order::EndsByKey) {
                let entries = log.entries();
                let at = |what: &str| entries.iter().position(|entry| entry == what);
                assert!(at("1 ends") < at("2 asks"), "{emitter:?}: {entries:?}");
                assert!(at("1 knows") < at("1 ends"), "{emitter:?}: {entries:?}");
            }
        },
    )
    .await;
}
