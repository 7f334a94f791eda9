use std::time::Duration;

use redis::Value;

use super::fault::Fault;
use super::keys::queues;
use super::link::call;
use super::reply::Reply;
use super::script::{REMOVE, STATUS};
use super::shared::Shared;
use crate::remote::{ConsumerStatus, GroupName, GroupStatus, QueueName, QueueStatus};

pub(super) async fn status(
    shared: &Shared,
    queue: &QueueName,
) -> Result<Option<QueueStatus>, Fault> {
    let ask = call(&STATUS, &shared.key(queue), 0, 0);
    let value = shared.open()?.eval(&STATUS, &ask).await?;
    if value == Value::Nil {
        return Ok(None);
    }
    let mut reply = Reply::new("status", value)?;
    let partitions: u16 = reply.number()?;
    let unclaimed = reply.number()?;
    let mut groups = Vec::new();
    while !reply.is_empty() {
        groups.push(group(reply.list()?)?);
    }
    Ok(Some(QueueStatus {
        queue: queue.clone(),
        partitions: (partitions > 0).then_some(partitions),
        unclaimed,
        groups,
    }))
}

fn group(mut entry: Reply) -> Result<GroupStatus, Fault> {
    let mut status = GroupStatus {
        group: GroupName::new(entry.text()?).map_err(|_| Fault::Answer { what: "status" })?,
        ready: entry.number()?,
        delayed: entry.number()?,
        in_flight: entry.number()?,
        dead: entry.number()?,
        consumers: Vec::new(),
    };
    while !entry.is_empty() {
        let mut consumer = entry.list()?;
        status.consumers.push(ConsumerStatus {
            name: consumer.text()?.into(),
            in_flight: consumer.number()?,
            idle: u64::try_from(consumer.number::<i64>()?)
                .ok()
                .map(Duration::from_millis),
        });
    }
    status.consumers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(status)
}

/// Removes a group; says whether it was there.
pub(super) async fn remove(
    shared: &Shared,
    queue: &QueueName,
    group: &GroupName,
) -> Result<bool, Fault> {
    let mut remove = call(&REMOVE, &shared.key(queue), 1, 0);
    remove.arg(group.as_str());
    Ok(shared.open()?.eval(&REMOVE, &remove).await? == Value::Int(1))
}

/// Lists the queues, by name.
pub(super) async fn list(shared: &Shared) -> Result<Vec<QueueName>, Fault> {
    let mut members = redis::cmd("SMEMBERS");
    members.arg(queues(&shared.settings.prefix));
    let mut reply = Reply::new("queues", shared.open()?.run(&members).await?)?;
    let mut names = Vec::new();
    while !reply.is_empty() {
        // What somebody else has put there is no queue of ours.
        names.extend(QueueName::new(reply.text()?));
    }
    names.sort();
    Ok(names)
}
