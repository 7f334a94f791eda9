use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix::clock::Instant;

use crate::remote::dead::{DeadId, DeadPage, DeadQuery, DeadReason, DeadRecord};
use crate::remote::status::{ConsumerStatus, GroupStatus};
use crate::remote::topology::GroupName;

use super::store::after;

/// A message of one group.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) key: Option<Arc<str>>,
    pub(super) body: Arc<[u8]>,
    /// How often it was handed out.
    pub(super) deliveries: u32,
    /// When it may be handed out.
    pub(super) due: Option<Instant>,
}

/// What waits in a group, what is out, and what is dead: by place, which is the order of
/// publishing.
#[derive(Debug, Default)]
pub(super) struct Group {
    waiting: BTreeMap<u64, Message>,
    out: BTreeMap<u64, Out>,
    dead: BTreeMap<u64, Dead>,
    consumers: HashMap<Arc<str>, Instant>,
    /// How many leases were given, and dead letters made: what tells them apart.
    given: u64,
}

/// A message that is leased.
#[derive(Debug)]
struct Out {
    message: Message,
    owner: Arc<str>,
    token: u64,
    until: Instant,
}

/// A message that is dead, with its key.
#[derive(Debug)]
pub(super) struct Dead {
    pub(super) record: DeadRecord,
    pub(super) key: Option<Arc<str>>,
}

/// What a consumer gets.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) place: u64,
    pub(super) token: u64,
    pub(super) message: Message,
}

/// What is to become of a leased message.
#[derive(Debug)]
pub(super) enum Settlement {
    Ack,
    Retry(Duration, Option<Arc<[u8]>>),
    Dead(DeadReason, Option<Arc<[u8]>>),
    Release,
    Extend(Duration),
}

impl Group {
    pub(super) fn add(&mut self, place: u64, message: Message) {
        self.waiting.insert(place, message);
    }

    /// How many are not settled.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.out.len()
    }

    /// Leases what can be handed out now. In order, one of a key is out at a time.
    pub(super) fn lease(
        &mut self,
        now: Instant,
        owner: &Arc<str>,
        lease: Duration,
        free: usize,
        in_order: bool,
    ) -> Vec<Given> {
        self.consumers.insert(owner.clone(), now);
        self.take_back(now);
        let out = self.out.values().filter_map(|out| out.message.key.clone());
        let mut held: HashSet<Arc<str>> = out.filter(|_| in_order).collect();
        let mut places = Vec::new();
        for (place, message) in &self.waiting {
            if places.len() == free {
                break;
            }
            let key = message.key.as_ref().filter(|_| in_order);
            // Whether it is taken or has to wait, what comes after it with its key waits.
            let is_held = key.is_some_and(|key| !held.insert(key.clone()));
            if !is_held && message.due.is_none_or(|due| due <= now) {
                places.push(*place);
            }
        }
        places
            .into_iter()
            .filter_map(|place| self.hand_out(place, owner, after(now, lease)))
            .collect()
    }

    fn hand_out(&mut self, place: u64, owner: &Arc<str>, until: Instant) -> Option<Given> {
        let mut message = self.waiting.remove(&place)?;
        message.deliveries += 1;
        message.due = None;
        self.given += 1;
        let out = Out {
            message: message.clone(),
            owner: owner.clone(),
            token: self.given,
            until,
        };
        self.out.insert(place, out);
        Some(Given {
            place,
            token: self.given,
            message,
        })
    }

    /// Leases that have run out are nobody's.
    fn take_back(&mut self, now: Instant) {
        let late = self.out.iter().filter(|(_, out)| out.until <= now);
        let late: Vec<_> = late.map(|(place, _)| *place).collect();
        for place in late {
            if let Some(out) = self.out.remove(&place) {
                self.waiting.insert(place, out.message);
            }
        }
    }

    /// When something may have to be handed out that cannot be now.
    pub(super) fn next_change(&self, now: Instant) -> Option<Instant> {
        let due = self.waiting.values().filter_map(|message| message.due);
        let due = due.filter(|due| *due > now);
        due.chain(self.out.values().map(|out| out.until)).min()
    }

    /// Settles what is still leased by this token; says whether it was.
    pub(super) fn settle(
        &mut self,
        now: Instant,
        place: u64,
        token: u64,
        settlement: Settlement,
    ) -> bool {
        let Some(out) = self.out.get_mut(&place) else {
            return false;
        };
        if out.token != token || out.until <= now {
            return false;
        }
        if let Settlement::Extend(lease) = settlement {
            out.until = after(now, lease);
            return true;
        }
        let Some(Out { mut message, .. }) = self.out.remove(&place) else {
            return false;
        };
        match settlement {
            Settlement::Ack | Settlement::Extend(_) => {}
            Settlement::Retry(delay, body) => {
                message.body = body.unwrap_or(message.body);
                message.deliveries = 0;
                message.due = Some(after(now, delay));
                self.waiting.insert(place, message);
            }
            Settlement::Release => {
                message.deliveries -= 1;
                self.waiting.insert(place, message);
            }
            Settlement::Dead(reason, body) => self.bury(message, reason, body),
        }
        true
    }

    fn bury(&mut self, message: Message, reason: DeadReason, body: Option<Arc<[u8]>>) {
        self.given += 1;
        let record = DeadRecord {
            // As texts they are in the order of their numbers.
            id: DeadId(format!("{:020}", self.given).into()),
            reason,
            time: SystemTime::now(),
            body: body.unwrap_or(message.body),
        };
        let key = message.key;
        self.dead.insert(self.given, Dead { record, key });
    }

    pub(super) fn dead(&self, query: &DeadQuery) -> DeadPage {
        let last = query.after.as_ref().and_then(|id| id.0.parse().ok());
        let rest = self.dead.range(last.map_or(0, |id: u64| id + 1)..);
        let is_asked = |record: &&DeadRecord| {
            let code = query.code.as_deref();
            code.is_none_or(|code| code == record.reason.code())
        };
        let mut asked = rest.map(|(_, dead)| &dead.record).filter(is_asked);
        let records: Vec<_> = asked.by_ref().take(query.limit).cloned().collect();
        let next = asked.next().and(records.last()).map(|it| it.id.clone());
        DeadPage { records, next }
    }

    pub(super) fn take_dead(&mut self, id: &DeadId) -> Option<Dead> {
        self.dead.remove(&id.0.parse().ok()?)
    }

    pub(super) fn status(&self, name: &GroupName, now: Instant) -> GroupStatus {
        let is_delayed = |message: &&Message| message.due.is_some_and(|due| due > now);
        let delayed = self.waiting.values().filter(is_delayed).count();
        let out = || self.out.values().filter(|out| out.until > now);
        let late = self.out.len() - out().count();
        // Who has stopped may have some out yet.
        let owners = out().map(|out| &out.owner);
        let names: BTreeSet<_> = self.consumers.keys().chain(owners).collect();
        let consumers = names.into_iter().map(|name| ConsumerStatus {
            name: name.clone(),
            in_flight: number(out().filter(|out| out.owner == *name).count()),
            idle: (self.consumers.get(name)).map(|seen| now.saturating_duration_since(*seen)),
        });
        GroupStatus {
            group: name.clone(),
            ready: number(self.waiting.len() - delayed + late),
            delayed: number(delayed),
            in_flight: number(out().count()),
            dead: number(self.dead.len()),
            consumers: consumers.collect(),
        }
    }

    /// It reads no more; what it has out it may settle.
    pub(super) fn leave(&mut self, owner: &Arc<str>) {
        self.consumers.remove(owner);
    }
}

pub(super) fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
