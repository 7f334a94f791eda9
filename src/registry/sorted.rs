use std::collections::BTreeMap;

/// A map in the order of its keys, for keys that come nearly in that order and may go in
/// any: those of the subscriptions.
///
/// It keeps runs of neighbours, each full before the next one begins. A B-tree that is
/// filled from one end stays half empty: that costs 50 bytes an entry here.
pub(super) struct Sorted<K, V> {
    /// Each under the first key that it had: what is less is in the one before.
    runs: BTreeMap<K, Vec<(K, V)>>,
    len: usize,
}

/// How long a run is: a change moves half of one, and looking for a key in it takes five
/// comparisons.
const RUN: usize = 32;

impl<K: Ord + Copy, V> Sorted<K, V> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn get(&self, key: K) -> Option<&V> {
        let (_, run) = self.runs.range(..=key).next_back()?;
        let at = find(run, key).ok()?;
        Some(&run[at].1)
    }

    pub(super) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let (_, run) = self.runs.range_mut(..=key).next_back()?;
        let at = find(run, key).ok()?;
        Some(&mut run[at].1)
    }

    /// Puts a value under a key that has none.
    pub(super) fn insert(&mut self, key: K, value: V) {
        self.len += 1;
        let Some((_, run)) = self.runs.range_mut(..=key).next_back() else {
            self.runs.insert(key, vec![(key, value)]);
            return;
        };
        let at = find(run, key).unwrap_or_else(|at| at);
        if run.len() < RUN {
            return run.insert(at, (key, value));
        }
        // The last one begins a new run, and takes those along that are behind it.
        let mut next = run.split_off(at);
        next.insert(0, (key, value));
        self.runs.insert(key, next);
    }

    pub(super) fn remove(&mut self, key: K) -> Option<V> {
        let (first, run) = self.runs.range_mut(..=key).next_back()?;
        let at = find(run, key).ok()?;
        let (_, value) = run.remove(at);
        self.len -= 1;
        if run.is_empty() {
            let first = *first;
            self.runs.remove(&first);
        }
        Some(value)
    }

    /// All from a key on.
    pub(super) fn from(&self, key: K) -> impl Iterator<Item = (K, &V)> {
        let before = self.runs.range(..=key).next_back();
        let first = before.map_or(key, |(first, _)| *first);
        let runs = self.runs.range(first..).map(|(_, run)| run);
        let behind = runs.flat_map(move |run| &run[run.partition_point(|(k, _)| *k < key)..]);
        behind.map(|(key, value)| (*key, value))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        let all = self.runs.values().flatten();
        all.map(|(key, value)| (*key, value))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

fn find<K: Ord + Copy, V>(run: &[(K, V)], key: K) -> Result<usize, usize> {
    run.binary_search_by_key(&key, |(key, _)| *key)
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self {
            runs: BTreeMap::new(),
            len: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::btree_map::Entry;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_comes_in_order_fills_its_runs() {
        let mut sorted = Sorted::default();
        for key in 0..1_000 {
            sorted.insert(key, ());
        }
        assert_eq!(sorted.runs.len(), 1_000_usize.div_ceil(RUN));
        assert!((0..1_000).all(|key| sorted.remove(key).is_some()));
        assert!(sorted.is_empty() && sorted.runs.is_empty());
    }

    proptest! {
        #[test]
        fn it_is_a_map_in_order(changes in prop::collection::vec((0..200_u16, any::<bool>()), 0..600)) {
            let (mut sorted, mut model) = (Sorted::default(), BTreeMap::new());
            for (number, (key, is_in)) in changes.into_iter().enumerate() {
                if !is_in {
                    prop_assert_eq!(sorted.remove(key), model.remove(&key));
                } else if let Entry::Vacant(free) = model.entry(key) {
                    sorted.insert(key, number);
                    free.insert(number);
                }
                prop_assert_eq!(sorted.get(key).copied(), model.get(&key).copied());
                prop_assert_eq!(sorted.get_mut(key).copied(), model.get(&key).copied());
                prop_assert_eq!(sorted.len(), model.len());
                prop_assert!(sorted.from(key).eq(model.range(key..).map(|(k, v)| (*k, v))));
                prop_assert!(sorted.iter().eq(model.iter().map(|(k, v)| (*k, v))));
            }
        }
    }
}
