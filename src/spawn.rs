use actix_rt::Arbiter;

use crate::shield::try_run;

/// Whether this thread's arbiter seems to be running. A `System` that has been
/// made but not entered yet has an arbiter and no place to spawn on.
pub(crate) fn can_spawn() -> bool {
    Arbiter::try_current().is_some() && tokio::runtime::Handle::try_current().is_ok()
}

/// Spawns on this thread's arbiter, which has been asked for, and returns whether
/// that worked: a thread may have an arbiter and run something else's runtime,
/// where spawning panics.
pub(crate) fn try_spawn(future: impl Future<Output = ()> + 'static) -> bool {
    try_run(|| drop(actix_rt::spawn(future))).is_ok()
}
