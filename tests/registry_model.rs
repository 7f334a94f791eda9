//! A linker under any sequence of changes and emissions, held against a list of
//! subscriptions that is searched from one end to the other.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use ventix::{
    AnyEvent, DeadLetter, Delivery, Emitter, EventType, Linker, On, Payload, Reason, Receipt,
    Selector, Strategy as Run, SubscribeError, Subscription, SubscriptionId, SubscriptionSpec, on,
    on_any, on_topic,
};

#[derive(Debug)]
struct A;
#[derive(Debug)]
struct B;
#[derive(Debug)]
struct C;

const TOPICS: [&str; 4] = ["a", "a.b", "a.c", "b.b"];
const PATTERNS: [&str; 6] = ["*", "a.*", "*.b", "a.>", ">", "b.*"];

/// The type that a handler takes, or that is emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    A,
    B,
    C,
    Any,
}

/// One handler of a subscription: its type, and what leads to it.
#[derive(Debug, Clone)]
struct Part {
    kind: Kind,
    /// The events of its type, or everything if it takes any type.
    bare: bool,
    texts: Vec<&'static str>,
}

#[derive(Debug, Clone)]
enum Step {
    Subscribe {
        parts: Vec<Part>,
        once: bool,
    },
    /// Of those that were ever subscribed, the one at this index, wrapped.
    Unsubscribe(usize),
    UnsubscribeFrom(usize, Event),
    RemoveEvent(Event),
    Clear,
    Emit(Kind),
    EmitOn(Kind, &'static str),
}

/// A selector by its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Type(Kind),
    Text(&'static str),
    Everything,
}

/// Every selector that there is in this world.
fn events() -> Vec<Event> {
    let types = [Kind::A, Kind::B, Kind::C].map(Event::Type);
    let texts = TOPICS.iter().chain(&PATTERNS).map(|text| Event::Text(text));
    types
        .into_iter()
        .chain(texts)
        .chain([Event::Everything])
        .collect()
}

fn selector(event: Event) -> Selector {
    match event {
        Event::Type(Kind::A) => Selector::event::<A>(),
        Event::Type(Kind::B) => Selector::event::<B>(),
        Event::Type(Kind::C) => Selector::event::<C>(),
        Event::Text(text) => Selector::topic(text).unwrap(),
        Event::Everything | Event::Type(Kind::Any) => Selector::everything(),
    }
}

impl Part {
    fn events(&self) -> Vec<Event> {
        let bare = match self.kind {
            Kind::Any => Event::Everything,
            kind => Event::Type(kind),
        };
        let texts = self.texts.iter().map(|text| Event::Text(text));
        self.bare.then_some(bare).into_iter().chain(texts).collect()
    }
}

// The model.

#[derive(Debug)]
struct Subscribed {
    id: SubscriptionId,
    once: bool,
    parts: Vec<Part>,
    /// What it is linked to still, in the order in which it was named.
    events: Vec<Event>,
}

/// What an emission comes to: who ran, through which of its handlers, and who
/// was of another type.
#[derive(Debug, Default, PartialEq)]
struct Delivered {
    ran: Vec<(SubscriptionId, usize)>,
    mismatched: Vec<SubscriptionId>,
}

#[derive(Debug, Default)]
struct Model {
    max: Option<usize>,
    live: Vec<Subscribed>,
}

/// Whether the text of a topic or pattern leads to a topic.
fn leads(text: &str, topic: &str) -> bool {
    match (text.split_once('.'), topic.split_once('.')) {
        _ if text == ">" => true,
        (None, None) => text == "*" || text == topic,
        (Some((part, text)), Some((first, topic))) => {
            (part == "*" || part == first) && leads(text, topic)
        }
        _ => false,
    }
}

impl Model {
    fn subscribers(&self, event: Event) -> Vec<SubscriptionId> {
        let live = self.live.iter().filter(|s| s.events.contains(&event));
        live.map(|s| s.id).collect()
    }

    /// The events of a new subscription, or the first of them that is full.
    fn check(&self, parts: &[Part]) -> Result<Vec<Event>, Event> {
        let mut events: Vec<Event> = Vec::new();
        for event in parts.iter().flat_map(Part::events) {
            if !events.contains(&event) {
                events.push(event);
            }
        }
        let is_full = |event: &&Event| {
            self.max
                .is_some_and(|m| self.subscribers(**event).len() >= m)
        };
        match events.iter().find(is_full) {
            Some(full) => Err(*full),
            None => Ok(events),
        }
    }

    fn unlink(&mut self, id: SubscriptionId, event: Event) -> bool {
        let Some(subscribed) = self.live.iter_mut().find(|s| s.id == id) else {
            return false;
        };
        let before = subscribed.events.len();
        subscribed.events.retain(|e| *e != event);
        let done = subscribed.events.len() < before;
        self.live.retain(|s| !s.events.is_empty());
        done
    }

    fn remove(&mut self, id: SubscriptionId) -> bool {
        let before = self.live.len();
        self.live.retain(|s| s.id != id);
        self.live.len() < before
    }

    fn emit(&mut self, kind: Kind, topic: Option<&str>) -> Delivered {
        let reaches = |event: &Event| match (*event, topic) {
            (Event::Everything, _) => true,
            (Event::Type(of), None) => of == kind,
            (Event::Text(text), Some(topic)) => leads(text, topic),
            _ => false,
        };
        let mut delivered = Delivered::default();
        for Subscribed {
            id, parts, events, ..
        } in &self.live
        {
            let led = |part: &Part| {
                part.events()
                    .iter()
                    .any(|e| events.contains(e) && reaches(e))
            };
            let takes = |p: &Part| p.kind == kind || p.kind == Kind::Any;
            match parts.iter().position(|p| takes(p) && led(p)) {
                Some(part) => delivered.ran.push((*id, part)),
                None if parts.iter().any(led) => delivered.mismatched.push(*id),
                None => {}
            }
        }
        let fired = |s: &Subscribed| s.once && delivered.ran.iter().any(|(id, _)| *id == s.id);
        self.live.retain(|s| !fired(s));
        delivered
    }
}

// The real one.

struct Real {
    linker: Linker,
    emitter: Emitter,
    handles: Vec<Subscription>,
    /// Who ran since it was last asked: which subscription, counted from 0, and
    /// which of its handlers.
    ran: Arc<Mutex<Vec<(usize, usize)>>>,
}

impl Real {
    fn new(max: Option<usize>) -> Self {
        let builder = Linker::builder();
        let builder = match max {
            Some(max) => builder.max_subscribers(max),
            None => builder,
        };
        let linker = builder.start().unwrap();
        Self {
            emitter: Emitter::start(&linker, Run::inline()),
            linker,
            handles: Vec::new(),
            ran: Arc::default(),
        }
    }

    /// The id at an index that a step made up.
    fn id(&self, index: usize) -> Option<SubscriptionId> {
        let count = self.handles.len();
        (count > 0).then(|| self.handles[index % count].id())
    }

    fn spec(&self, parts: &[Part], once: bool) -> SubscriptionSpec {
        let number = self.handles.len();
        let specs = parts.iter().enumerate().map(|(i, part)| match part.kind {
            Kind::A => self.handler(on_texts::<A>(part, on), (number, i)),
            Kind::B => self.handler(on_texts::<B>(part, on), (number, i)),
            Kind::C => self.handler(on_texts::<C>(part, on), (number, i)),
            Kind::Any => self.handler(on_texts::<AnyEvent>(part, on_any), (number, i)),
        });
        let spec = specs.reduce(SubscriptionSpec::and);
        let spec = spec.expect("a subscription has a handler");
        if once { spec.once() } else { spec }
    }

    fn handler<E>(&self, on: On<E>, mark: (usize, usize)) -> SubscriptionSpec
    where
        E: ?Sized + Send + Sync + 'static,
    {
        let ran = self.ran.clone();
        on.call(move |event: &Delivery<E>| {
            // A mismatch is a dead letter, which those that hear everything hear.
            if event.metadata().event_type() != EventType::of::<DeadLetter>() {
                ran.lock().unwrap().push(mark);
            }
        })
    }

    fn emit(&self, kind: Kind, topic: Option<&'static str>) -> (Receipt, Delivered) {
        let receipt = match kind {
            Kind::A => self.emit_on(A, topic),
            Kind::B => self.emit_on(B, topic),
            Kind::C | Kind::Any => self.emit_on(C, topic),
        };
        let ran = std::mem::take(&mut *self.ran.lock().unwrap());
        let mismatch = |r: &&ventix::Refusal| matches!(r.reason(), Reason::Mismatch { .. });
        let mismatched = receipt.refusals().iter().filter(mismatch);
        let delivered = Delivered {
            ran: ran
                .iter()
                .map(|(i, part)| (self.handles[*i].id(), *part))
                .collect(),
            mismatched: mismatched.map(ventix::Refusal::subscription).collect(),
        };
        (receipt, delivered)
    }

    fn emit_on<E: Send + Sync + 'static>(&self, event: E, topic: Option<&str>) -> Receipt {
        match topic {
            Some(topic) => self.emitter.prepare(event).topic(topic).emit(),
            None => self.emitter.emit(event),
        }
    }
}

/// What leads to a part, beginning with `bare` if it is to.
fn on_texts<E: ?Sized + Payload>(part: &Part, bare: fn() -> On<E>) -> On<E> {
    let mut texts = part.texts.iter();
    let first = if part.bare {
        bare()
    } else {
        on_topic(texts.next().expect("a part has a selector"))
    };
    texts.fold(first, On::or_topic)
}

// Both, side by side.

fn take(step: Step, real: &mut Real, model: &mut Model) -> Result<(), TestCaseError> {
    match step {
        Step::Subscribe { parts, once } => {
            let result = real.linker.subscribe(real.spec(&parts, once));
            match (result, model.check(&parts)) {
                (Ok(handle), Ok(events)) => {
                    let id = handle.id();
                    model.live.push(Subscribed {
                        id,
                        once,
                        parts,
                        events,
                    });
                    real.handles.push(handle);
                }
                (Err(SubscribeError::TooManySubscribers { event, .. }), Err(full)) => {
                    prop_assert_eq!(event, selector(full));
                }
                (real, model) => prop_assert!(false, "{:?} and {:?}", real, model),
            }
        }
        Step::Unsubscribe(index) => {
            if let Some(id) = real.id(index) {
                prop_assert_eq!(real.linker.unsubscribe(id), model.remove(id));
            }
        }
        Step::UnsubscribeFrom(index, event) => {
            if let Some(id) = real.id(index) {
                let done = real.linker.unsubscribe_from(id, &selector(event));
                prop_assert_eq!(done, model.unlink(id, event));
            }
        }
        Step::RemoveEvent(event) => {
            let ids = model.subscribers(event);
            prop_assert_eq!(real.linker.remove_event(&selector(event)), ids.len());
            for id in ids {
                prop_assert!(model.unlink(id, event));
            }
        }
        Step::Clear => {
            prop_assert_eq!(real.linker.clear(), model.live.len());
            model.live.clear();
        }
        Step::Emit(kind) => emit(kind, None, real, model)?,
        Step::EmitOn(kind, topic) => emit(kind, Some(topic), real, model)?,
    }
    Ok(())
}

fn emit(
    kind: Kind,
    topic: Option<&'static str>,
    real: &Real,
    model: &mut Model,
) -> Result<(), TestCaseError> {
    let expected = model.emit(kind, topic);
    let (receipt, delivered) = real.emit(kind, topic);
    prop_assert_eq!(receipt.accepted(), expected.ran.len());
    prop_assert_eq!(
        receipt.matched(),
        expected.ran.len() + expected.mismatched.len()
    );
    prop_assert_eq!(receipt.is_unheard(), receipt.matched() == 0);
    prop_assert_eq!(delivered, expected);
    Ok(())
}

/// Asks both everything there is to ask.
fn compare(real: &Real, model: &Model) -> Result<(), TestCaseError> {
    let linker = &real.linker;
    prop_assert_eq!(linker.is_empty(), model.live.is_empty());
    prop_assert_eq!(linker.subscription_count(), model.live.len());
    for handle in &real.handles {
        let id = handle.id();
        let subscribed = model.live.iter().find(|s| s.id == id);
        let of_it = subscribed.map_or(&[][..], |s| &s.events);
        let selectors: Vec<_> = of_it.iter().copied().map(selector).collect();
        prop_assert_eq!(linker.contains(id), subscribed.is_some());
        prop_assert_eq!(handle.is_active(), subscribed.is_some());
        prop_assert_eq!(linker.event_count_of(id), selectors.len());
        prop_assert_eq!(linker.events_of(id), selectors);
        for event in events() {
            prop_assert_eq!(
                linker.are_linked(id, &selector(event)),
                of_it.contains(&event)
            );
        }
    }
    let mut with_subscribers = Vec::new();
    for event in events() {
        let (ids, selector) = (model.subscribers(event), selector(event));
        prop_assert_eq!(linker.subscription_count_of(&selector), ids.len());
        prop_assert_eq!(linker.contains_event(&selector), !ids.is_empty());
        if !ids.is_empty() {
            with_subscribers.push(selector.clone());
        }
        prop_assert_eq!(linker.subscriptions_of(&selector), ids);
    }
    with_subscribers.sort_by_key(ToString::to_string);
    prop_assert_eq!(linker.event_count(), with_subscribers.len());
    prop_assert_eq!(linker.events(), with_subscribers);

    let snapshot = linker.snapshot();
    prop_assert_eq!(snapshot.iter().count(), model.live.len());
    for (info, subscribed) in snapshot.iter().zip(&model.live) {
        let selectors: Vec<_> = subscribed.events.iter().copied().map(selector).collect();
        prop_assert_eq!(info.id(), subscribed.id);
        prop_assert_eq!(info.selectors(), selectors);
        prop_assert_eq!(info.is_once(), subscribed.once);
    }
    Ok(())
}

// What may happen.

fn a_part() -> impl Strategy<Value = Part> {
    let kinds = select(&[Kind::A, Kind::B, Kind::C, Kind::Any]);
    let texts: Vec<_> = TOPICS.into_iter().chain(PATTERNS).collect();
    let part = (kinds, any::<bool>(), subsequence(texts, 0..4));
    part.prop_map(|(kind, bare, texts)| Part {
        kind,
        bare: bare || texts.is_empty(),
        texts,
    })
}

fn a_step() -> impl Strategy<Value = Step> {
    let kind = || select(&[Kind::A, Kind::B, Kind::C]);
    let payload = select(&[Kind::A, Kind::B]);
    let parts = prop::collection::vec(a_part(), 1..4);
    let subscribe = (parts, prop::bool::weighted(0.25));
    prop_oneof![
        6 => subscribe.prop_map(|(parts, once)| Step::Subscribe { parts, once }),
        2 => any::<usize>().prop_map(Step::Unsubscribe),
        2 => (any::<usize>(), select(events())).prop_map(|(i, e)| Step::UnsubscribeFrom(i, e)),
        1 => select(events()).prop_map(Step::RemoveEvent),
        1 => Just(Step::Clear),
        4 => kind().prop_map(Step::Emit),
        8 => (payload, select(&TOPICS[..])).prop_map(|(kind, topic)| Step::EmitOn(kind, topic)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_linker_does_what_a_list_of_subscriptions_would(
        max in prop::option::of(1..5_usize),
        steps in prop::collection::vec(a_step(), 1..40),
    ) {
        actix::System::new().block_on(async {
            let mut real = Real::new(max);
            let mut model = Model { max, ..Model::default() };
            for step in steps {
                take(step, &mut real, &mut model)?;
                compare(&real, &model)?;
            }
            Ok::<_, TestCaseError>(())
        })?;
    }
}
