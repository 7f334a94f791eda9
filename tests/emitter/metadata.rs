use std::time::{Duration, SystemTime};

use actix::clock::Instant;
use actix::prelude::*;
use ventix::{
    AnyEvent, Delivery, EmissionId, Emitter, Linker, Metadata, Reason, Strategy, on, on_any,
    on_topic,
};

use super::Log;

#[derive(Debug, Clone, PartialEq)]
struct Seen {
    id: EmissionId,
    name: String,
    topic: Option<String>,
    key: Option<String>,
    correlation: EmissionId,
    causation: Option<EmissionId>,
    deadline: Option<Instant>,
    headers: Vec<(String, String)>,
    time: SystemTime,
}

impl From<&Metadata> for Seen {
    fn from(about: &Metadata) -> Self {
        let headers = about.headers().iter();
        Self {
            id: about.id(),
            name: about.name().to_owned(),
            topic: about.topic().map(ToString::to_string),
            key: about.key().map(str::to_owned),
            correlation: about.correlation(),
            causation: about.causation(),
            deadline: about.deadline(),
            headers: headers.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            time: about.time(),
        }
    }
}

struct Reader(Log<Seen>);

impl Actor for Reader {
    type Context = Context<Self>;
}

impl Handler<Delivery<u8>> for Reader {
    type Result = ();

    fn handle(&mut self, n: Delivery<u8>, _: &mut Context<Self>) {
        self.0.push(n.metadata().into());
    }
}

impl Handler<Delivery<AnyEvent>> for Reader {
    type Result = ();

    fn handle(&mut self, any: Delivery<AnyEvent>, _: &mut Context<Self>) {
        assert_eq!(any.downcast_ref::<u8>(), Some(&7));
        assert!(any.downcast_ref::<u16>().is_none());
        self.0.push(any.metadata().into());
    }
}

#[actix::test]
async fn metadata_reads_the_same_from_every_form_of_delivery() {
    let linker = Linker::start();
    let log = Log::new();
    let reader = Reader(log.clone()).start();
    let (a, b, c) = (log.clone(), log.clone(), log.clone());
    linker
        .subscribe(on_topic::<u8>("bytes.in").call(move |n| a.push(n.metadata().into())))
        .unwrap();
    linker
        .subscribe(on_any().call(move |any| b.push(any.metadata().into())))
        .unwrap();
    linker
        .subscribe(on_topic::<AnyEvent>("bytes.>").call_async(move |any| {
            c.push(any.metadata().into());
            async {}
        }))
        .unwrap();
    linker
        .subscribe(on_topic::<u8>("bytes.*").actor(reader.clone()))
        .unwrap();
    linker.subscribe(on_any().actor(reader)).unwrap();

    let emitter = Emitter::start(&linker, Strategy::current());
    let deadline = Instant::now() + Duration::from_secs(60);
    let before = SystemTime::now() - Duration::from_millis(50);
    let report = emitter
        .prepare(7_u8)
        .topic("bytes.in")
        .key("customer-7")
        .correlation(EmissionId::from_u128(5))
        .deadline(deadline)
        .header("tenant", "acme")
        .header("trace", "1")
        .emit_and_wait()
        .await;
    assert!(report.all_handled());
    let seen = log.entries();
    assert_eq!(seen.len(), 5);
    assert!(seen.iter().all(|s| s == &seen[0]));
    let own = |(a, b): (&str, &str)| (a.to_owned(), b.to_owned());
    let expected = Seen {
        id: report.receipt().id(),
        name: "bytes.in".into(),
        topic: Some("bytes.in".into()),
        key: Some("customer-7".into()),
        correlation: EmissionId::from_u128(5),
        causation: None,
        deadline: Some(deadline),
        headers: vec![own(("tenant", "acme")), own(("trace", "1"))],
        time: seen[0].time,
    };
    assert_eq!(seen[0], expected);
    assert!(before <= seen[0].time && seen[0].time <= SystemTime::now());
}

#[actix::test]
async fn an_event_without_a_topic_is_named_after_its_type() {
    let linker = Linker::start();
    linker
        .subscribe(on::<String>().call(|text| {
            assert_eq!(text.name(), "alloc::string::String");
            assert_eq!(text.metadata().topic(), None);
            assert!(text.metadata().headers().is_empty());
        }))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    assert!(emitter.emit_and_wait(String::new()).await.all_handled());
}

#[actix::test]
async fn an_invalid_topic_refuses_the_emission_and_says_why() {
    let linker = Linker::start();
    linker.subscribe(on_any().call(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    for text in ["", "a..b", "a b", "a.*", "a.>"] {
        let receipt = emitter.prepare(1_u8).topic(text).emit();
        assert!(
            matches!(receipt.refusal(), Some(Reason::InvalidTopic(_))),
            "{text:?}"
        );
    }
}

#[actix::test]
async fn a_deadline_is_handed_down_and_can_only_be_brought_forward() {
    let linker = Linker::start();
    let log = Log::new();
    let writer = log.clone();
    let now = Instant::now();
    let at = move |seconds| now + Duration::from_secs(seconds);
    linker
        .subscribe(on::<u8>().call(move |n| {
            let emitter = n.emitter();
            emitter.emit(1_u16);
            emitter.prepare(2_u16).deadline(at(10)).emit();
            emitter.prepare(3_u16).deadline(at(90)).emit();
        }))
        .unwrap();
    linker
        .subscribe(on::<u16>().call(move |n| writer.push(n.metadata().deadline())))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    emitter.prepare(1_u8).deadline(at(60)).emit();
    assert_eq!(log.entries(), [Some(at(60)), Some(at(10)), Some(at(60))]);
}

#[actix::test]
async fn an_error_type_is_an_event_like_any_other() {
    let linker = Linker::start();
    linker
        .subscribe(on::<std::io::Error>().call(|error| {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        }))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    let error = std::io::Error::from(std::io::ErrorKind::NotFound);
    let report = emitter.emit_and_wait(error).await;
    assert_eq!(report.handled(), 1);
}
