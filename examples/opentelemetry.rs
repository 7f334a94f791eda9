//! A chain of events as OpenTelemetry sees it: a span for each emission and each
//! delivery, short traces that are linked, and one W3C trace context all the way down.
//!
//! `cargo run --example opentelemetry`. It exports to memory and prints what came; for a
//! collector, put the exporter of `opentelemetry-otlp` in its place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::channel::oneshot;
use opentelemetry::trace::{SpanId, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use ventix::{Delivery, Emitter, Linker, TraceContext, on};

struct OrderPlaced(u32);
struct PaymentTaken(u32);
struct ParcelSent(u32);

/// What the headers of the request that started it all said.
const REQUEST: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[actix::main]
async fn main() -> ventix::Result {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let spans: Targets = "ventix::span=debug".parse()?;
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("shop"))
        .with_filter(spans);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;

    let linker = Linker::builder().name("shop").start()?;
    // What each event carries.
    let contexts = Arc::new(Mutex::new(Vec::new()));
    let carried = contexts.clone();
    let note = move |context: Option<TraceContext>| carried.lock().unwrap().extend(context);

    let noted = note.clone();
    let cashier = on::<OrderPlaced>().call(move |order| {
        noted(order.metadata().trace_context());
        order.emitter().emit(PaymentTaken(order.0));
    });
    let noted = note.clone();
    let packer = on::<PaymentTaken>().call_async(move |payment: Delivery<PaymentTaken>| {
        noted(payment.metadata().trace_context());
        async move {
            actix_rt::task::yield_now().await;
            payment.emitter().emit(ParcelSent(payment.0));
        }
    });
    let (arrived, arrival) = oneshot::channel::<()>();
    let arrived = Mutex::new(Some(arrived));
    let clerk = on::<ParcelSent>().call(move |parcel| {
        note(parcel.metadata().trace_context());
        drop(arrived.lock().unwrap().take());
        Err::<(), _>(format!("no address for parcel {}", parcel.0))
    });
    linker.subscribe(cashier.named("cashier"))?;
    linker.subscribe(packer.named("packer"))?;
    linker.subscribe(clerk.named("clerk"))?;

    let emitter = Emitter::builder(&linker).name("web").start()?;
    let order = emitter.prepare(OrderPlaced(7));
    order.header("traceparent", REQUEST).emit();
    // The last one of the chain is on its way: nothing more is emitted, and a drain waits
    // for the rest.
    let _ = arrival.await;
    let drained = linker.drain(Duration::from_secs(5)).await;
    assert!(drained.is_complete());

    provider.force_flush()?;
    let spans = exporter.get_finished_spans()?;
    print(&spans);
    check(&spans);

    println!("\ntraceparent of the events, in their order:");
    let contexts = contexts.lock().unwrap();
    let request = TraceContext::parse(REQUEST).expect("it is valid");
    assert_eq!(contexts.len(), 3);
    for context in contexts.iter() {
        println!("  {context}");
        assert_eq!(context.trace_id(), request.trace_id());
    }
    Ok(())
}

fn print(spans: &[SpanData]) {
    let names: HashMap<SpanId, &str> = spans
        .iter()
        .map(|span| (span.span_context.span_id(), span.name.as_ref()))
        .collect();
    let name = |id: SpanId| names.get(&id).copied().unwrap_or("-");
    for span in spans {
        let links: Vec<_> = span.links.iter().collect();
        let links = links.iter().map(|link| name(link.span_context.span_id()));
        let links: Vec<_> = links.collect();
        println!(
            "{:<40} in trace {}, child of {:?}, follows from {links:?}, {:?}",
            span.name,
            span.span_context.trace_id(),
            name(span.parent_span_id),
            span.status,
        );
    }
}

/// Each delivery is a child of its emission, and each emission but the first is a root
/// that is linked to the delivery which caused it.
fn check(spans: &[SpanData]) {
    assert_eq!(spans.len(), 6);
    let find = |what: &str, event: &str| {
        let found = spans
            .iter()
            .find(|span| span.name.starts_with(what) && span.name.ends_with(&format!("::{event}")));
        found.unwrap_or_else(|| panic!("{what} {event}"))
    };
    let mut cause: Option<&SpanData> = None;
    for event in ["OrderPlaced", "PaymentTaken", "ParcelSent"] {
        let (emission, delivery) = (find("emit", event), find("handle", event));
        assert_eq!(emission.parent_span_id, SpanId::INVALID);
        assert_eq!(delivery.parent_span_id, emission.span_context.span_id());
        let linked = emission.links.iter().map(|link| &link.span_context);
        assert!(linked.eq(cause.map(|cause| &cause.span_context)));
        // By it what came with the request can be found.
        let mut carried = emission.attributes.iter();
        let carried = carried.find(|it| it.key.as_str() == "traceparent");
        let carried = carried.and_then(|it| TraceContext::parse(&it.value.as_str()));
        let request = TraceContext::parse(REQUEST).expect("it is valid");
        assert_eq!(carried.map(|it| it.trace_id()), Some(request.trace_id()));
        cause = Some(delivery);
    }
}
