use crate::event::SubscriptionId;

use super::registry::Registry;
use super::selector::Selector;
use super::snapshot::{Snapshot, SubscriptionInfo};
use super::stats::Stats;
use super::table::Linked;

/// What is linked to what at this moment, and what has become of it.
impl Registry {
    pub(crate) fn subscription_count(&self) -> usize {
        self.table().subscription_count()
    }

    pub(crate) fn selector_count(&self) -> usize {
        self.table().selector_count()
    }

    pub(crate) fn selectors(&self) -> Vec<Selector> {
        let mut selectors: Vec<_> = self.table().selectors().cloned().collect();
        selectors.sort_by_cached_key(ToString::to_string);
        selectors
    }

    pub(crate) fn selectors_of(&self, id: SubscriptionId) -> Vec<Selector> {
        let table = self.table();
        let linked = table.subscription(id);
        linked.map_or_else(Vec::new, |linked| linked.selectors.to_vec())
    }

    pub(crate) fn subscribers(&self, selector: &Selector) -> Vec<SubscriptionId> {
        self.table().subscribers(selector)
    }

    pub(crate) fn subscriber_count(&self, selector: &Selector) -> usize {
        self.table().subscriber_count(selector)
    }

    pub(crate) fn contains(&self, id: SubscriptionId) -> bool {
        self.table().subscription(id).is_some()
    }

    pub(crate) fn are_linked(&self, id: SubscriptionId, selector: &Selector) -> bool {
        let table = self.table();
        let linked = table.subscription(id);
        linked.is_some_and(|linked| linked.selectors.contains(selector))
    }

    /// What has become of the deliveries of all subscriptions, or of those of a selector.
    pub(crate) fn stats(&self, of: Option<&Selector>) -> Stats {
        let table = self.table();
        let counts = |linked: &&Linked| of.is_none_or(|of| linked.selectors.contains(of));
        let linked = table.subscriptions().filter(counts);
        let records: Vec<_> = linked.map(|linked| linked.record.clone()).collect();
        drop(table);
        let mut stats = Stats::default();
        for record in records {
            stats.merge(&record.stats());
        }
        stats
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let info = |linked: &Linked| {
            let Linked { record, selectors } = linked;
            SubscriptionInfo::new(record, selectors.to_vec())
        };
        Snapshot::new(self.table().subscriptions().map(info).collect())
    }
}
