pub(super) fn is_asymmetric() -> bool {
    false
}

pub(super) fn barrier() {}
