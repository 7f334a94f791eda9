//! A fence that costs nothing where it is passed all the time, and all the more where the
//! other side passes it once.
//!
//! One that comes writes that it is there and then asks whether it may stay; one that closes
//! forbids it and then asks who is there. Between the write and the question each needs a
//! fence, or they miss each other. Emissions come by the million, and hardly anything ever
//! closes: so the one that comes passes a [`light`] fence, which only keeps the compiler from
//! exchanging the two, and the one that closes passes a [`heavy`] one, which makes every
//! thread of the process that is running at this moment pass a full fence, wherever it is.
//! These are *asymmetric* fences, as in P. Dice, H. Huang, M. Yang, "Asymmetric Dekker
//! Synchronization", 2001; Linux has the heavy one as `membarrier`.
//!
//! Where the system [has none](is_asymmetric), whoever comes is to count itself in by an
//! atomic addition, which is a fence of its own.

mod bias;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use portable as system;

use std::sync::atomic::{Ordering, compiler_fence, fence};

pub(crate) use bias::Bias;

/// Whether a [`light`] fence is enough.
pub(crate) fn is_asymmetric() -> bool {
    system::is_asymmetric()
}

/// Stands between what one writes and what it then reads, if the other side passes a
/// [`heavy`] one.
#[inline]
pub(crate) fn light() {
    compiler_fence(Ordering::SeqCst);
}

/// Returns when every thread has passed a fence since it was called.
pub(crate) fn heavy() {
    fence(Ordering::SeqCst);
    system::barrier();
    fence(Ordering::SeqCst);
}
