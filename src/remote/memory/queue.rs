use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use actix::clock::Instant;

use crate::event::EmissionId;
use crate::remote::dead::DeadSelection;
use crate::remote::outgoing::{Confirmed, Outgoing};
use crate::remote::status::QueueStatus;
use crate::remote::topology::{GroupName, QueueName};

use super::group::{Group, Message, number};
use super::store::after;

/// A queue: its groups, and what waits for a first one.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// The number of partitions, if it is ordered; as it was ensured first.
    pub(super) partitions: Option<Option<u16>>,
    pub(super) groups: BTreeMap<GroupName, Group>,
    unclaimed: BTreeMap<u64, Message>,
    /// Ids that were published, and when: the oldest first.
    seen: HashMap<EmissionId, Instant>,
    seen_in_order: VecDeque<(Instant, EmissionId)>,
    /// How many places were given.
    places: u64,
}

impl Queue {
    /// Adds a group, unless it is there. The first one gets what has waited.
    pub(super) fn ensure(&mut self, name: &GroupName) {
        if self.groups.contains_key(name) {
            return;
        }
        let mut group = Group::default();
        for (place, message) in std::mem::take(&mut self.unclaimed) {
            group.add(place, message);
        }
        self.groups.insert(name.clone(), group);
    }

    /// Stores a message for every group; `None` if one of them is full.
    pub(super) fn publish(
        &mut self,
        now: Instant,
        outgoing: &Outgoing,
        window: Duration,
        capacity: usize,
    ) -> Option<Confirmed> {
        while let Some((seen, id)) = self.seen_in_order.front() {
            if after(*seen, window) > now {
                break;
            }
            self.seen.remove(id);
            self.seen_in_order.pop_front();
        }
        if self.seen.contains_key(&outgoing.id) {
            return Some(Confirmed::Duplicate);
        }
        let fullest = self.groups.values().map(Group::len).max();
        if fullest.unwrap_or(self.unclaimed.len()) >= capacity {
            return None;
        }
        let place = self.place();
        let message = Message {
            key: outgoing.key.clone(),
            body: outgoing.body.clone(),
            deliveries: 0,
            due: outgoing.delay.map(|delay| after(now, delay)),
        };
        if self.groups.is_empty() {
            self.unclaimed.insert(place, message);
        } else {
            for group in self.groups.values_mut() {
                group.add(place, message.clone());
            }
        }
        self.seen.insert(outgoing.id, now);
        self.seen_in_order.push_back((now, outgoing.id));
        Some(Confirmed::Stored)
    }

    fn place(&mut self) -> u64 {
        self.places += 1;
        self.places
    }

    pub(super) fn requeue(&mut self, selection: &DeadSelection) -> usize {
        let mut requeued = 0;
        for (id, body) in &selection.letters {
            let place = self.place();
            let group = self.groups.get_mut(&selection.group);
            let Some((group, letter)) = group.and_then(|it| it.take_dead(id).map(|l| (it, l)))
            else {
                continue;
            };
            let message = Message {
                key: letter.key,
                body: body.clone().unwrap_or(letter.record.body),
                deliveries: 0,
                due: None,
            };
            group.add(place, message);
            requeued += 1;
        }
        requeued
    }

    pub(super) fn purge(&mut self, selection: &DeadSelection) -> usize {
        let Some(group) = self.groups.get_mut(&selection.group) else {
            return 0;
        };
        let letters = selection.letters.iter();
        letters.filter_map(|(id, _)| group.take_dead(id)).count()
    }

    pub(super) fn status(&self, name: &QueueName, now: Instant) -> QueueStatus {
        let groups = self.groups.iter();
        QueueStatus {
            queue: name.clone(),
            partitions: self.partitions.flatten(),
            unclaimed: number(self.unclaimed.len()),
            groups: groups
                .map(|(name, group)| group.status(name, now))
                .collect(),
        }
    }
}
