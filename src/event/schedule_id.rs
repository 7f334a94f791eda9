use std::fmt;

/// The id of a schedule, unique within its linker and never used again. Those that one
/// thread makes rise.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # use ventix::{Emitter, Linker, Strategy};
/// # actix::System::new().block_on(async {
/// let emitter = Emitter::start(&Linker::start(), Strategy::inline());
/// let first = emitter.prepare(1_u8).after(Duration::from_secs(2));
/// let second = emitter.prepare(2_u8).after(Duration::from_secs(1));
/// assert!(first.id() < second.id());
/// # });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScheduleId(u64);

impl ScheduleId {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for ScheduleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl fmt::Debug for ScheduleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScheduleId({})", self.0)
    }
}
