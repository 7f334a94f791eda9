//! The spans of emissions and deliveries: fields, links, and that they do not nest.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use actix::prelude::*;
use futures::channel::oneshot;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Span, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context as Ctx, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use ventix::{Delivery, EmissionLayer, Emitter, Linker, Outgoing, Reason, Retry, Strategy, on};

/// What is known of a span.
#[derive(Debug, Clone, Default)]
struct Seen {
    name: &'static str,
    parent: Option<usize>,
    follows: Vec<usize>,
    fields: HashMap<&'static str, String>,
    closed: bool,
}

impl Seen {
    fn is(&self, name: &str, event: &str) -> bool {
        self.name == name && self.fields.get("event").is_some_and(|it| it == event)
    }
}

impl Visit for Seen {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }
}

/// Every span that was made, in order.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<Seen>>>);

/// Which of them a span is.
struct Number(usize);

impl Spans {
    fn install(targets: &str) -> (Self, DefaultGuard) {
        let spans = Self::default();
        let filter: Targets = targets.parse().unwrap();
        let layer = spans.clone().with_filter(filter);
        let subscriber = tracing_subscriber::registry().with(layer);
        (spans, tracing::subscriber::set_default(subscriber))
    }

    fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }

    /// The places and spans of a name and an event.
    fn find(&self, name: &str, event: &str) -> Vec<(usize, Seen)> {
        let all = self.all().into_iter().enumerate();
        all.filter(|(_, span)| span.is(name, event)).collect()
    }

    /// The only one.
    fn one(&self, name: &str, event: &str) -> (usize, Seen) {
        let found = self.find(name, event);
        assert_eq!(found.len(), 1, "{name} of {event}: {:#?}", self.all());
        found.into_iter().next().unwrap()
    }
}

fn number<S: Subscriber + for<'a> LookupSpan<'a>>(id: &Id, ctx: &Ctx<'_, S>) -> Option<usize> {
    let span = ctx.span(id)?;
    let extensions = span.extensions();
    extensions.get::<Number>().map(|number| number.0)
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Ctx<'_, S>) {
        let span = ctx.span(id).unwrap();
        let parent = span.parent().map(|parent| parent.id());
        let mut seen = Seen {
            name: attributes.metadata().name(),
            parent: parent.and_then(|parent| number(&parent, &ctx)),
            ..Seen::default()
        };
        attributes.record(&mut seen);
        let mut all = self.0.lock().unwrap();
        span.extensions_mut().insert(Number(all.len()));
        all.push(seen);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, ctx: Ctx<'_, S>) {
        let at = number(id, &ctx).unwrap();
        record.record(&mut self.0.lock().unwrap()[at]);
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, ctx: Ctx<'_, S>) {
        if let (Some(at), Some(follows)) = (number(id, &ctx), number(follows, &ctx)) {
            self.0.lock().unwrap()[at].follows.push(follows);
        }
    }

    fn on_close(&self, id: Id, ctx: Ctx<'_, S>) {
        let at = number(&id, &ctx).unwrap();
        self.0.lock().unwrap()[at].closed = true;
    }
}

/// Which span this is.
fn current() -> Option<String> {
    Span::current()
        .metadata()
        .map(|metadata| metadata.name().to_owned())
}

#[actix::test]
async fn a_delivery_is_a_child_of_its_emission_with_all_its_fields() {
    let (spans, _guard) = Spans::install("ventix=debug");
    let linker = Linker::builder().name("orders").start().unwrap();
    let prints = on::<u8>().call(|_| Err::<(), _>("no paper"));
    linker.subscribe(prints.named("printer")).unwrap();
    let emitter = Emitter::builder(&linker).strategy(Strategy::inline());
    let emitter = emitter.name("shop").start().unwrap();
    let id = emitter.emit(1_u8).id().to_string();

    let (at, emission) = spans.one("emission", "u8");
    let field = |span: &Seen, name: &str| span.fields.get(name).cloned().unwrap_or_default();
    assert_eq!((emission.parent, &emission.follows), (None, &vec![]));
    for (name, value) in [("emitter", "shop"), ("emission", &id), ("correlation", &id)] {
        assert_eq!(field(&emission, name), value);
    }
    assert_eq!(field(&emission, "accepted"), "1");
    let (_, delivery) = spans.one("delivery", "u8");
    assert_eq!(delivery.parent, Some(at));
    for (name, value) in [
        ("linker", "orders"),
        ("subscription", "#1 (printer)"),
        ("emission", &id),
        ("attempt", "1"),
        ("outcome", "failed"),
        ("error", "no paper"),
        ("otel.name", "handle u8"),
        ("otel.status_code", "ERROR"),
    ] {
        assert_eq!(field(&delivery, name), value);
    }
    assert!(emission.closed && delivery.closed);
}

#[actix::test]
async fn a_chain_of_events_is_linked_and_never_nested() {
    let (spans, _guard) = Spans::install("ventix=debug");
    let linker = Linker::start();
    let chain = on::<u64>().call(|n| {
        if **n > 0 {
            // Also in a span of the handler's own.
            let emit = || n.emitter().emit(**n - 1);
            tracing::info_span!(target: "ventix::test", "work").in_scope(emit);
        }
    });
    linker.subscribe(chain).unwrap();
    Emitter::start(&linker, Strategy::inline()).emit(20_u64);

    let all = spans.all();
    let depth = |mut at: usize| {
        let mut depth = 0;
        while let Some(parent) = all[at].parent {
            (at, depth) = (parent, depth + 1);
        }
        depth
    };
    let emissions = spans.find("emission", "u64");
    let deliveries = spans.find("delivery", "u64");
    assert_eq!((emissions.len(), deliveries.len()), (21, 21));
    assert!(
        (0..all.len()).all(|at| depth(at) <= 2),
        "a span of the user's is the deepest"
    );
    for (n, (_, emission)) in emissions.iter().enumerate() {
        assert_eq!(emission.parent, None);
        match n.checked_sub(1) {
            None => assert!(emission.follows.is_empty()),
            Some(cause) => assert!(emission.follows.contains(&deliveries[cause].0)),
        }
    }
    assert!(all.iter().all(|span| span.closed));
}

#[actix::test]
async fn what_is_emitted_in_a_span_follows_from_it() {
    let (spans, _guard) = Spans::install("ventix=debug,web=info");
    let linker = Linker::start();
    linker.subscribe(on::<u8>().call(|_| ())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let request = tracing::info_span!(target: "web", "request", event = "http");
    request.in_scope(|| emitter.emit(1_u8));
    let (request, _) = spans.one("request", "http");
    let (_, emission) = spans.one("emission", "u8");
    assert_eq!((emission.parent, emission.follows), (None, vec![request]));
}

#[actix::test]
async fn callbacks_run_in_their_span_and_an_async_one_only_while_it_is_polled() {
    let (_spans, _guard) = Spans::install("ventix=debug");
    let linker = Linker::start();
    let (open, gate) = oneshot::channel::<()>();
    let gate = futures::FutureExt::shared(gate);
    linker
        .subscribe(on::<u8>().call(|_| Ok::<_, &str>(current())))
        .unwrap();
    linker
        .subscribe(on::<u8>().call_async(move |_| {
            let (made, gate) = (current(), gate.clone());
            async move {
                let before = current();
                gate.await.unwrap_or_default();
                Ok::<_, &str>(made.filter(|_| before == current() && before.is_some()))
            }
        }))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    let (report, ()) = futures::join!(emitter.emit_and_wait(1_u8), async {
        actix_rt::task::yield_now().await;
        assert_eq!(current(), None, "it waits");
        drop(open);
    });
    let ran_in: Vec<_> = report.replies::<Option<String>>().collect();
    let delivery = Some("delivery".to_owned());
    assert_eq!(ran_in, [&delivery, &delivery]);
}

/// Puts into a header in which span an event is emitted.
struct Inject;

impl EmissionLayer for Inject {
    fn before(&self, emission: &mut Outgoing<'_>) -> Result<(), Reason> {
        if let Some(id) = Span::current().id() {
            emission.set_header("span", id.into_u64().to_string());
        }
        Ok(())
    }
}

#[actix::test]
async fn layers_around_emissions_run_in_the_span_of_the_handler_that_emits() {
    let (_spans, _guard) = Spans::install("ventix=debug");
    let linker = Linker::builder().emission_layer(Inject).start().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let first = on::<u8>().call_async(move |n| {
        let tell = tell.clone();
        async move {
            let own = n.span().id().map(|id| id.into_u64().to_string());
            tell.send((n.metadata().headers().get("span").is_some(), own))?;
            n.emitter().emit("second");
            Ok::<_, ventix::BoxError>(())
        }
    });
    linker.subscribe(first).unwrap();
    let (carry, carried) = std::sync::mpsc::channel();
    let second = on::<&str>().call(move |it| {
        let header = it.metadata().headers().get("span");
        carry.send(header.map(str::to_owned))
    });
    linker.subscribe(second).unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    let (was_in_one, own) = told.recv().unwrap();
    assert!(!was_in_one && own.is_some());
    assert_eq!(carried.recv(), Ok(own));
}

/// Tells in which span it works, when it has entered that of its delivery.
struct Inside;

impl Actor for Inside {
    type Context = Context<Self>;
}

impl Handler<Delivery<u8>> for Inside {
    type Result = ();

    fn handle(&mut self, n: Delivery<u8>, _: &mut Context<Self>) {
        let inside = n.span().in_scope(current);
        n.reply((current(), inside));
    }
}

#[actix::test]
async fn an_actors_delivery_carries_its_span_and_leaves_it_when_it_has_ended() {
    let (spans, _guard) = Spans::install("ventix=debug");
    let linker = Linker::start();
    linker.subscribe(on::<u8>().actor(Inside.start())).unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    let report = emitter.emit_and_wait(1_u8).await;
    let (outside, inside) = report
        .replies::<(Option<String>, Option<String>)>()
        .next()
        .unwrap();
    assert_eq!((outside, inside.as_deref()), (&None, Some("delivery")));
    drop(report);
    actix_rt::task::yield_now().await;
    assert!(spans.all().iter().all(|span| span.closed));
}

#[actix::test]
async fn each_attempt_has_a_span_of_its_own() {
    tokio::time::pause();
    let (spans, _guard) = Spans::install("ventix=debug");
    let linker = Linker::start();
    let third = on::<u8>().call(|n| match n.attempt() {
        3 => Ok(()),
        _ => Err("not yet"),
    });
    let retry = Retry::constant(std::time::Duration::from_secs(1)).attempts(3);
    linker.subscribe(third.retry(retry)).unwrap();
    let emitter = Emitter::start(&linker, Strategy::current());
    assert!(emitter.emit_and_wait(1_u8).await.all_handled());
    let (emission, _) = spans.one("emission", "u8");
    let attempts = spans.find("delivery", "u8");
    let told = attempts.iter().map(|(_, span)| {
        assert_eq!(span.parent, Some(emission));
        (
            span.fields["attempt"].as_str(),
            span.fields["outcome"].as_str(),
        )
    });
    assert!(told.eq([("1", "failed"), ("2", "failed"), ("3", "handled")]));
}

#[actix::test]
async fn a_dead_letter_that_is_kept_keeps_no_span_open() {
    let (spans, _guard) = Spans::install("ventix=debug");
    let linker = Linker::start();
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = kept.clone();
    let keeps = on::<ventix::DeadLetter>().call_async(move |dead| {
        keep.lock().unwrap().push(dead);
        async {}
    });
    linker.subscribe(keeps).unwrap();
    linker
        .subscribe(on::<u8>().call(|_| Err::<(), _>("no")))
        .unwrap();
    let emitter = Emitter::start(&linker, Strategy::inline());
    assert!(!emitter.emit_and_wait(1_u8).await.all_handled());
    actix_rt::task::yield_now().await;
    assert_eq!(kept.lock().unwrap().len(), 1);
    let (_, emission) = spans.one("emission", "u8");
    assert!(emission.closed);
    assert_eq!(spans.all().len(), 2, "notices have none");
}

#[actix::test]
async fn what_is_refused_or_unheard_has_a_span_that_says_so() {
    let (spans, _guard) = Spans::install("ventix=debug");
    let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    emitter.emit(1_u8);
    emitter.prepare(1_u16).topic("no topic").emit();
    let (_, unheard) = spans.one("emission", "u8");
    assert_eq!(unheard.fields["matched"], "0");
    let (_, refused) = spans.one("emission", "u16");
    assert!(refused.fields["refused"].contains("invalid topic"));
    assert!(unheard.closed && refused.closed);
}

#[actix::test]
async fn spans_follow_the_filter_and_the_debug_mode() {
    let emit = |on: Option<bool>| {
        let linker = Linker::start();
        linker.subscribe(on_u8()).unwrap();
        let emitter = Emitter::builder(&linker).strategy(Strategy::inline());
        let emitter = match on {
            Some(on) => emitter.debug(on),
            None => emitter,
        };
        emitter.start().unwrap().emit(1_u8);
    };
    for (filter, on, emissions, deliveries) in [
        ("ventix=debug", None, 1, 1),
        ("ventix::span=debug", None, 1, 1),
        ("ventix=info", None, 0, 0),
        ("ventix=info", Some(true), 1, 0),
        ("ventix=trace", Some(false), 0, 0),
    ] {
        let (spans, _guard) = Spans::install(filter);
        emit(on);
        let found = ["emission", "delivery"].map(|name| spans.find(name, "u8").len());
        assert_eq!(found, [emissions, deliveries], "{filter} {on:?}");
    }
}

fn on_u8() -> ventix::SubscriptionSpec {
    on::<u8>().call(|n| assert!(n.span().is_disabled() || current().is_some()))
}

const REQUEST: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// What two generations of events carry, the first with these headers.
fn carried(emitter: &Emitter, headers: &[(&str, &str)]) -> Vec<Option<(String, String)>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let listens = on::<u64>().call(move |n| {
        let headers = n.metadata().headers();
        let state = headers.get("tracestate").unwrap_or_default().to_owned();
        let context = n.metadata().trace_context();
        let context = context.map(|context| (context.to_string(), state));
        tell.lock().unwrap().push(context);
        if **n > 0 {
            n.emitter().emit(**n - 1);
        }
    });
    let _guard = emitter.linker().subscribe(listens).unwrap().guard();
    let mut emission = emitter.prepare(2_u64);
    for (name, value) in headers {
        emission = emission.header(*name, *value);
    }
    emission.emit();
    let told = told.lock().unwrap().clone();
    assert_eq!(told.len(), 3);
    told
}

#[actix::test]
async fn a_trace_context_is_handed_down_with_its_state_and_new_parents() {
    let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    let headers = [("traceparent", REQUEST), ("tracestate", "a=1,b=2")];
    let told = carried(&emitter, &headers);
    let (parents, states): (Vec<_>, Vec<_>) = told.into_iter().flatten().unzip();
    assert_eq!(states, ["a=1,b=2"; 3]);
    assert_eq!(parents[0], REQUEST);
    let part = |parent: &String, from: usize, to: usize| parent[from..to].to_owned();
    assert!(
        parents
            .iter()
            .all(|parent| part(parent, 0, 35) == part(&parents[0], 0, 35))
    );
    assert!(parents.iter().all(|parent| parent.ends_with("-01")));
    let mut ids: Vec<_> = parents.iter().map(|parent| part(parent, 36, 52)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each generation has a parent of its own");
}

#[actix::test]
async fn none_is_made_unless_asked_and_nonsense_is_ignored() {
    let emitter = Emitter::start(&Linker::start(), Strategy::inline());
    assert_eq!(carried(&emitter, &[]), [None, None, None]);
    let nonsense = [("traceparent", "00-nonsense"), ("tracestate", "a=1")];
    assert_eq!(carried(&emitter, &nonsense), [None, None, None]);

    let builder = Emitter::builder(emitter.linker()).strategy(Strategy::inline());
    let emitter = builder.trace_context(true).start().unwrap();
    for headers in [&[][..], &nonsense] {
        let told = carried(&emitter, headers);
        let traces: Vec<_> = told
            .iter()
            .flatten()
            .map(|(it, _)| it[3..35].to_owned())
            .collect();
        assert_eq!(traces.len(), 3);
        assert!(traces.windows(2).all(|pair| pair[0] == pair[1]));
        assert!(told.iter().flatten().all(|(_, state)| state.is_empty()));
    }
    let asked = carried(&emitter, &[("traceparent", REQUEST)]);
    assert_eq!(asked[0].as_ref().unwrap().0, REQUEST);
}
