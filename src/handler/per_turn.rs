/// How much of one thing is done in one turn of an arbiter, before its timers, its
/// other actors and whatever else it has to do get theirs: emissions that are run, or
/// deliveries that are sent to an actor.
///
/// As many as the tasks (61) that tokio's scheduler runs before it looks at timers and
/// at what comes from other threads.
pub(crate) const PER_TURN: usize = 61;
