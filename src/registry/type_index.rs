use std::any::TypeId;
use std::hash::{BuildHasher, BuildHasherDefault};
use std::iter;
use std::sync::OnceLock;

use super::type_map::TypeIdHasher;

/// A map by type that only grows, and is read without a lock and without a write.
///
/// A program has a bounded number of types, so nothing needs to be taken out. Each of
/// the heads begins a chain; whoever comes second to the end of one goes on behind the
/// first.
pub(crate) struct TypeIndex<V> {
    heads: Box<[Link<V>; HEADS]>,
}

/// A power of two.
const HEADS: usize = 32;

type Link<V> = OnceLock<Box<Node<V>>>;

struct Node<V> {
    id: TypeId,
    value: V,
    next: Link<V>,
}

impl<V> TypeIndex<V> {
    #[inline]
    fn head(&self, id: TypeId) -> &Link<V> {
        let hash = BuildHasherDefault::<TypeIdHasher>::default().hash_one(id);
        // Less than the number of heads.
        let at = hash & (HEADS as u64 - 1);
        &self.heads[usize::try_from(at).unwrap_or(0)]
    }

    #[inline]
    pub(crate) fn get(&self, id: TypeId) -> Option<&V> {
        let mut link = self.head(id);
        while let Some(node) = link.get() {
            if node.id == id {
                return Some(&node.value);
            }
            link = &node.next;
        }
        None
    }

    /// Returns what is there, or what `make` makes: dropped, if another thread was first.
    pub(crate) fn get_or_insert_with(&self, id: TypeId, make: impl FnOnce() -> V) -> &V {
        if let Some(value) = self.get(id) {
            return value;
        }
        let mut new = Some(Box::new(Node {
            id,
            value: make(),
            next: OnceLock::new(),
        }));
        let mut link = self.head(id);
        loop {
            let node = link.get_or_init(|| new.take().expect("a chain has one end"));
            if node.id == id {
                return &node.value;
            }
            link = &node.next;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &V> {
        self.heads.iter().flat_map(|head| {
            let nodes = iter::successors(head.get(), |node| node.next.get());
            nodes.map(|node| &node.value)
        })
    }
}

impl<V> Default for TypeIndex<V> {
    fn default() -> Self {
        Self {
            heads: Box::new([const { OnceLock::new() }; HEADS]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    /// More types than there are heads.
    fn ids() -> Vec<TypeId> {
        macro_rules! ids {
            ($($n:literal)*) => { vec![$(TypeId::of::<[u8; $n]>(), TypeId::of::<[u16; $n]>()),*] };
        }
        ids!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31)
    }

    #[test]
    fn types_keep_apart_and_stay() {
        let index = TypeIndex::default();
        assert!(index.get(TypeId::of::<u8>()).is_none());
        for (number, id) in ids().into_iter().enumerate() {
            assert_eq!(*index.get_or_insert_with(id, || number), number);
        }
        for (number, id) in ids().into_iter().enumerate() {
            assert_eq!(index.get(id), Some(&number));
            assert_eq!(*index.get_or_insert_with(id, || 1_000), number);
        }
        assert!(index.get(TypeId::of::<u8>()).is_none());
        assert_eq!(index.iter().collect::<HashSet<_>>().len(), ids().len());
    }

    #[test]
    fn threads_that_insert_the_same_type_see_one_value() {
        for _ in 0..200 {
            let (index, start) = (TypeIndex::default(), Barrier::new(4));
            let seen = thread::scope(|scope| {
                let insert = |thread| {
                    let (index, start) = (&index, &start);
                    scope.spawn(move || {
                        start.wait();
                        let insert = |id| *index.get_or_insert_with(id, || thread);
                        ids().into_iter().map(insert).collect::<Vec<_>>()
                    })
                };
                let threads: Vec<_> = (0..4).map(insert).collect();
                let seen = threads.into_iter().map(|thread| thread.join().unwrap());
                seen.collect::<HashSet<_>>()
            });
            assert_eq!(seen.len(), 1, "all threads see the same");
            assert_eq!(index.iter().count(), ids().len());
        }
    }
}
