use std::sync::Arc;
use std::time::Duration;

use redis::Value;
use tokio::time::Instant;

use super::fault::Fault;
use super::link::call;
use super::publish::millis;
use super::reply::{Reply, is_lost};
use super::script::{SWEEP, TAKE};
use super::settle::{Handed, Place};

/// How many delayed messages are appended at most by one call of the script.
const MOVED: u64 = 128;

/// What a sweep has found.
pub(super) enum Swept {
    /// The group is gone.
    Lost,
    Done(Done),
}

pub(super) struct Done {
    /// When there is more to do, if that is known.
    pub(super) next: Option<Duration>,
    /// How many messages are gone that were out.
    pub(super) lost: u64,
    /// The shortest lease that any consumer of the group has.
    pub(super) shortest_lease: Duration,
    /// What was handed out, and since when.
    pub(super) handed: Vec<(Instant, Handed)>,
}

/// Looks after a group, and takes what is to be had: see the scripts.
pub(super) async fn sweep(
    place: Arc<Place>,
    ordered: bool,
    free: usize,
    join: bool,
) -> Result<Swept, Fault> {
    let script = if ordered { &TAKE } else { &SWEEP };
    let mut sweep = call(script, &place.key, 0, 0);
    sweep
        .arg(place.consumer.group.as_str())
        .arg(&*place.consumer.name)
        .arg(millis(place.consumer.lease))
        .arg(free)
        .arg(MOVED)
        .arg(u8::from(join));
    // The lease begins no later than the answer, and no earlier than this.
    let at = Instant::now();
    let value = place.shared.open()?.eval(script, &sweep).await?;
    match is_lost(&value) {
        true => Ok(Swept::Lost),
        false => read(at, value).map(Swept::Done),
    }
}

fn read(at: Instant, value: Value) -> Result<Done, Fault> {
    let mut reply = Reply::new("sweep", value)?;
    let next: i64 = reply.number()?;
    let moved: u64 = reply.number()?;
    let lost = reply.number()?;
    let shortest_lease = Duration::from_millis(reply.number()?);
    let mut handed = Vec::new();
    while !reply.is_empty() {
        let mut entry = reply.list()?;
        let message = Handed {
            partition: entry.number()?,
            id: entry.text()?,
            token: entry.number()?,
            deliveries: entry.number()?,
            body: entry.body()?,
        };
        handed.push((at, message));
    }
    let next = match moved {
        MOVED.. => Some(Duration::ZERO),
        _ => u64::try_from(next).ok().map(Duration::from_millis),
    };
    Ok(Done {
        next,
        lost,
        shortest_lease,
        handed,
    })
}
