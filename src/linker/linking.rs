//! From the description of a subscription to what is linked: the checks of its options,
//! its record, and its handlers.

use std::cell::RefCell;
use std::sync::Arc;

use actix::clock::Instant;

use crate::event::HandlerRef;
use crate::middleware::Around;
use crate::policy::{Pace, Throttle, WhenPaused};
use crate::registry::{Extras, Lane, Part, Record, Replay, Rules, Runs, Shots, SubscribeError};

use super::expiry::expire;
use super::making::Making;
use super::shared::Core;
use super::spec::SubscriptionSpec;
use super::timeouts::Timeouts;

impl SubscriptionSpec {
    /// Returns the first thing that is wrong with the subscription itself.
    fn check(&self, default_capacity: usize) -> Result<(), SubscribeError> {
        let options = &self.options;
        if let Some(error) = &self.invalid {
            return Err(error.clone().into());
        }
        if options.capacity == Some(0) {
            return Err(SubscribeError::ZeroCapacity);
        }
        let capacity = options.capacity.unwrap_or(default_capacity);
        let never_fills = |size: &&usize| **size == 0 || **size > capacity;
        if let Some(&size) = self.batches.iter().find(never_fills) {
            return Err(SubscribeError::BatchSize { size, capacity });
        }
        if !self.batches.is_empty() && self.parts.len() > 1 && self.is_serial() {
            return Err(SubscribeError::BatchNotAlone);
        }
        if options.shots == Some(0) {
            return Err(SubscribeError::ZeroShots);
        }
        if self.weak && !self.kinds.actors {
            return Err(SubscribeError::NotWeak);
        }
        if options.restart.is_some() && !self.kinds.made {
            return Err(SubscribeError::NotMade);
        }
        Ok(options.check()?)
    }

    /// Whether its lane lets one thing be handled at a time.
    fn is_serial(&self) -> bool {
        let overflow = self.options.overflow.unwrap_or_default();
        self.in_order || overflow.takes_back()
    }

    fn lane(&self, default_capacity: usize, now: Instant) -> Lane {
        let options = &self.options;
        let holds = self.replays_last || options.when_paused == Some(WhenPaused::Hold);
        let throttle = options.throttle.filter(Throttle::holds);
        let rules = Rules::new(
            self.in_order,
            throttle.map(|throttle| Pace::new(&throttle, now)),
            options.debounce,
        )
        .in_batches(!self.batches.is_empty());
        let (capacity, overflow) = (options.capacity, options.overflow);
        // What is tried again waits as well.
        let queued = self.kinds.queued || options.retry.is_some();
        let waits = queued || holds || rules.is_any();
        if !waits && capacity.is_none() && overflow.is_none() {
            return Lane::unbounded();
        }
        let capacity = capacity.unwrap_or(default_capacity);
        let lane = Lane::new(capacity, overflow.unwrap_or_default(), rules, holds);
        if self.replays_last { lane.shut() } else { lane }
    }

    /// What is to be linked, without its handlers.
    pub(super) fn record(&self, linker: &Core) -> Result<Record, SubscribeError> {
        self.check(linker.capacity)?;
        let (options, now) = (&self.options, Instant::now());
        let subscription = linker.registry.next_id();
        let name = self.name.clone();
        let handler = HandlerRef { subscription, name };
        let refusing = options.throttle.filter(|throttle| !throttle.holds());
        let timeout = options.timeout;
        let registry = Arc::downgrade(&linker.registry);
        let extras = Extras {
            when_paused: options.when_paused.unwrap_or_default(),
            until: options.until,
            _expiry: options
                .until
                .map(|until| expire(until, subscription, linker)),
            pace: refusing.map(|throttle| Pace::new(&throttle, now)),
            shots: options.shots.map(Shots::new),
            runs: Runs::new(options.retry.clone(), options.breaker),
            replay: self.replays_last.then(Replay::default),
            expects: self.expects.clone(),
            around: Around::new(&linker.layers, &self.layers),
            callbacks: self.callbacks.clone().or(&linker.callbacks),
            stopwatch: timeout.and_then(|limit| Timeouts::start(limit, &linker.home)),
        };
        let lane = self.lane(linker.capacity, now);
        let record = Record::new(handler, (lane, extras), &linker.debug, registry);
        Ok(record.at_priority(options.priority.unwrap_or_default()))
    }

    pub(super) fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Makes the handlers.
    pub(super) fn into_parts(
        self,
        record: &Arc<Record>,
        linker: &Core,
    ) -> Result<Vec<Box<dyn Part>>, SubscribeError> {
        let making = Making {
            home: &linker.home,
            weak: self.weak,
            timeout: self.options.timeout,
            record,
            restart: self.options.restart.unwrap_or_default(),
            heartbeat: linker.heartbeat.as_ref(),
            crews: RefCell::default(),
        };
        self.parts.into_iter().map(|make| make(&making)).collect()
    }
}
