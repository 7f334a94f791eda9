use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use ventix::BoxError;
use ventix::remote::{
    Backend, Consumer, DeadLetters, DeadQuery, DeadRecord, Envelope, GroupName, QueueName,
    QueueStatus, Topology,
};

use super::arguments::{Arguments, Chosen, Command, Letters, Of};
use super::engine;
use super::output::Output;

type Outcome<T = ()> = Result<T, BoxError>;

pub(crate) async fn run(arguments: Arguments) -> Outcome {
    let backend = engine::connect(&arguments.url, &arguments.prefix)?;
    let out = Output {
        is_json: arguments.json,
    };
    let done = command(&*backend, &out, arguments.command).await;
    let closed = backend.close(Duration::from_secs(5)).await;
    done?;
    Ok(closed?)
}

async fn command(backend: &dyn Backend, out: &Output, command: Command) -> Outcome {
    match command {
        Command::Status { queue } => status(backend, out, queue).await,
        Command::Consumers { queue } => consumers(backend, out, &queue).await,
        Command::Dead {
            of,
            letters,
            limit,
            full,
        } => dead(backend, out, &of, &letters, limit, full).await,
        Command::Requeue { of, letters } => {
            let is_wanted = choose(&letters)?;
            existing(backend, &of).await?;
            let dead = DeadLetters::of(backend, &of.queue, &of.group);
            let count = dead.requeue(is_wanted).await?;
            Ok(out.one("requeued", count, &format!("{count} requeued"))?)
        }
        Command::Purge { of, letters } => {
            let is_unwanted = choose(&letters)?;
            existing(backend, &of).await?;
            let dead = DeadLetters::of(backend, &of.queue, &of.group);
            let count = dead.purge(is_unwanted).await?;
            Ok(out.one("purged", count, &format!("{count} purged"))?)
        }
        Command::Remove { of, yes } => remove(backend, out, &of, yes).await,
        Command::Tail { queue, count } => tail(backend, out, &queue, count).await,
    }
}

/// A queue that is there.
async fn known(backend: &dyn Backend, queue: &QueueName) -> Outcome<QueueStatus> {
    let status = backend.status(queue).await?;
    status.ok_or_else(|| format!("there is no queue {queue}").into())
}

/// Says so, if a group is not there.
async fn existing(backend: &dyn Backend, Of { queue, group }: &Of) -> Outcome {
    let status = known(backend, queue).await?;
    match status.groups.iter().any(|it| it.group == *group) {
        true => Ok(()),
        false => Err(format!("the queue {queue} has no group {group}").into()),
    }
}

async fn status(backend: &dyn Backend, out: &Output, queue: Option<QueueName>) -> Outcome {
    let queues = match queue {
        Some(queue) => vec![queue],
        None => backend.queues().await?,
    };
    let mut rows = Vec::new();
    for queue in queues {
        let status = known(backend, &queue).await?;
        if status.unclaimed > 0 || status.groups.is_empty() {
            rows.push(vec![
                json!(queue.as_str()),
                Value::Null,
                json!(status.unclaimed),
                json!(0),
                json!(0),
                json!(0),
                json!(0),
            ]);
        }
        for group in &status.groups {
            rows.push(vec![
                json!(queue.as_str()),
                json!(group.group.as_str()),
                json!(group.ready),
                json!(group.delayed),
                json!(group.in_flight),
                json!(group.dead),
                json!(group.consumers.len()),
            ]);
        }
    }
    let headings = [
        "queue",
        "group",
        "ready",
        "delayed",
        "in_flight",
        "dead",
        "consumers",
    ];
    Ok(out.rows(&headings, &rows)?)
}

async fn consumers(backend: &dyn Backend, out: &Output, queue: &QueueName) -> Outcome {
    let status = known(backend, queue).await?;
    let rows = status.groups.iter().flat_map(|group| {
        group.consumers.iter().map(|consumer| {
            vec![
                json!(group.group.as_str()),
                json!(&*consumer.name),
                json!(consumer.in_flight),
                json!(consumer.idle.map(|idle| idle.as_secs_f64())),
            ]
        })
    });
    let headings = ["group", "consumer", "in_flight", "idle_seconds"];
    Ok(out.rows(&headings, &rows.collect::<Vec<_>>())?)
}

async fn dead(
    backend: &dyn Backend,
    out: &Output,
    of: &Of,
    letters: &Letters,
    limit: usize,
    full: bool,
) -> Outcome {
    existing(backend, of).await?;
    let mut query = DeadQuery::new(of.queue.clone(), of.group.clone());
    query.code.clone_from(&letters.code);
    let mut rows = Vec::new();
    while rows.len() < limit {
        query.limit = limit - rows.len();
        let page = backend.dead(&query).await?;
        let wanted = page.records.iter().filter(|it| is_of(letters, it));
        rows.extend(wanted.map(|record| row(record, full)));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    let mut headings = vec![
        "id",
        "event",
        "emission",
        "key",
        "attempts",
        "age_seconds",
        "code",
        "reason",
    ];
    if full {
        headings.extend(["errors", "done", "data"]);
    }
    Ok(out.rows(&headings, &rows)?)
}

fn row(record: &DeadRecord, full: bool) -> Vec<Value> {
    let envelope = Envelope::from_bytes(&record.body).ok();
    let envelope = envelope.as_ref();
    let age = SystemTime::now()
        .duration_since(record.time)
        .unwrap_or_default();
    let mut row = vec![
        json!(&*record.id.0),
        json!(envelope.map(Envelope::event)),
        json!(envelope.map(Envelope::id)),
        json!(envelope.and_then(Envelope::key)),
        json!(envelope.map(Envelope::attempt)),
        json!(age.as_secs()),
        json!(record.reason.code()),
        json!(record.reason.text()),
    ];
    if full {
        row.push(json!(envelope.map(Envelope::errors)));
        row.push(json!(envelope.map(Envelope::done)));
        let data = envelope.map_or(&record.body[..], |it| it.payload().as_bytes());
        row.push(json!(String::from_utf8_lossy(data)));
    }
    row
}

fn is_of(letters: &Letters, record: &DeadRecord) -> bool {
    let is_code = letters
        .code
        .as_ref()
        .is_none_or(|code| code == record.reason.code());
    is_code
        && letters.event.as_ref().is_none_or(|event| {
            let envelope = Envelope::from_bytes(&record.body);
            envelope.is_ok_and(|envelope| envelope.event() == event)
        })
}

/// Which letters are meant. All of them only if that is said.
fn choose(chosen: &Chosen) -> Outcome<impl FnMut(&DeadRecord) -> bool> {
    let Chosen { letters, ids, all } = chosen;
    let is_chosen = *all || !ids.is_empty() || letters.code.is_some() || letters.event.is_some();
    if !is_chosen {
        return Err("say which: --id, --code, --event, or --all".into());
    }
    Ok(move |record: &DeadRecord| {
        is_of(letters, record) && (ids.is_empty() || ids.iter().any(|id| **id == *record.id.0))
    })
}

async fn remove(backend: &dyn Backend, out: &Output, of: &Of, yes: bool) -> Outcome {
    existing(backend, of).await?;
    if !yes {
        return Err("what waits in the group goes with it: say --yes".into());
    }
    let is_removed = backend.remove(&of.queue, &of.group).await?;
    Ok(out.one("removed", is_removed, &format!("{} removed", of.group))?)
}

async fn tail(
    backend: &dyn Backend,
    out: &Output,
    queue: &QueueName,
    count: Option<usize>,
) -> Outcome {
    let status = known(backend, queue).await?;
    let group = GroupName::new(format!("tail-{}", std::process::id()))?;
    let mut topology = Topology::new(queue.clone()).group(group.clone());
    if let Some(partitions) = status.partitions.and_then(std::num::NonZeroU16::new) {
        topology = topology.ordered(partitions);
    }
    if status.groups.is_empty() {
        return Err("the queue has no group yet, and the first one gets what waits".into());
    }
    backend.ensure(&topology).await?;
    let consumer = Consumer {
        topology,
        group: group.clone(),
        name: Arc::from("tail"),
        lease: Duration::from_secs(30),
    };
    let printed = tokio::select! {
        printed = print_all(backend, out, &consumer, count) => printed,
        signal = tokio::signal::ctrl_c() => Ok(signal?),
    };
    let removed = backend.remove(queue, &group).await;
    printed?;
    removed?;
    Ok(())
}

async fn print_all(
    backend: &dyn Backend,
    out: &Output,
    consumer: &Consumer,
    count: Option<usize>,
) -> Outcome {
    let mut source = backend.consume(consumer).await?;
    let mut left = count.unwrap_or(usize::MAX);
    let free = NonZeroUsize::new(64).expect("it is not 0");
    while left > 0 {
        for lease in source.next(free).await? {
            if left > 0 {
                left -= 1;
                print(out, lease.body())?;
            }
            lease.ack().await?;
        }
    }
    source.stop();
    Ok(())
}

fn print(out: &Output, body: &[u8]) -> Outcome {
    let (envelope, data);
    let line = match Envelope::from_bytes(body) {
        Ok(it) => {
            envelope = it;
            data = String::from_utf8_lossy(envelope.payload().as_bytes());
            json!({
                "time": envelope.time(),
                "event": envelope.event(),
                "emission": envelope.id(),
                "key": envelope.key(),
                "topic": envelope.topic(),
                "attempt": envelope.attempt(),
                "data": data,
            })
        }
        Err(error) => json!({ "undecodable": error.to_string(), "bytes": body.len() }),
    };
    if out.is_json {
        println!("{line}");
        return Ok(());
    }
    let field = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
    match line.get("undecodable") {
        Some(error) => println!("undecodable, {} bytes: {error}", body.len()),
        None => println!(
            "{}  {}  {}  {}  {}",
            field("time"),
            field("event"),
            field("emission"),
            field("key"),
            field("data"),
        ),
    }
    Ok(())
}
