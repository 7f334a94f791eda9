use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by type. A `TypeId` is a good hash already, so hashing it again, which
/// took a sixth of an emission that nobody hears, is left out.
pub(super) type TypeMap<T> = HashMap<TypeId, T, BuildHasherDefault<TypeIdHasher>>;

/// Takes the one number that a `TypeId` writes for its hash.
#[derive(Default)]
pub(super) struct TypeIdHasher(u64);

impl Hasher for TypeIdHasher {
    fn write_u64(&mut self, part: u64) {
        self.0 = part;
    }

    /// Not what a `TypeId` does today; right all the same if it does one day.
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_keep_apart() {
        let mut types = TypeMap::default();
        types.insert(TypeId::of::<u8>(), 8);
        types.insert(TypeId::of::<u16>(), 16);
        assert_eq!(types.get(&TypeId::of::<u8>()), Some(&8));
        assert_eq!(types.get(&TypeId::of::<u16>()), Some(&16));
        assert_eq!(types.get(&TypeId::of::<u32>()), None);
    }
}
