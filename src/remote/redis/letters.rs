use std::sync::Arc;
use std::time::{Duration, SystemTime};

use redis::Value;

use super::fault::Fault;
use super::link::call;
use super::reply::Reply;
use super::script::LETTERS;
use super::shared::Shared;
use crate::remote::{DeadId, DeadPage, DeadQuery, DeadReason, DeadRecord, DeadSelection};

/// How many dead letters one call reads or moves.
const CHUNK: usize = 100;

/// Lists dead letters. Where only some are asked for, it reads on until it has enough.
pub(super) async fn list(shared: &Shared, query: &DeadQuery) -> Result<DeadPage, Fault> {
    let dead = shared.key(&query.queue).dead(&query.group);
    let mut page = DeadPage::default();
    let mut after = match &query.after {
        // Something else than a stream's id is before everything.
        Some(id) if is_id(id) => Some(id.clone()),
        _ => None,
    };
    while page.records.len() < query.limit {
        let mut range = redis::cmd("XRANGE");
        range.arg(&dead);
        match &after {
            Some(id) => range.arg(format!("({id}")),
            None => range.arg("-"),
        };
        range.arg("+").arg("COUNT").arg(CHUNK.min(query.limit));
        let mut entries = Reply::new("dead", shared.open()?.run(&range).await?)?;
        if entries.is_empty() {
            return Ok(page);
        }
        while !entries.is_empty() && page.records.len() < query.limit {
            let record = read(entries.list()?)?;
            after = Some(record.id.clone());
            if query
                .code
                .as_ref()
                .is_none_or(|c| c == record.reason.code())
            {
                page.records.push(record);
            }
        }
    }
    page.next = after;
    Ok(page)
}

/// Whether a stream's entry can have this id.
fn is_id(id: &DeadId) -> bool {
    let parts = id.0.split_once('-');
    parts.is_some_and(|(ms, seq)| ms.parse::<u64>().is_ok() && seq.parse::<u64>().is_ok())
}

fn read(mut entry: Reply) -> Result<DeadRecord, Fault> {
    let id = entry.text()?;
    let mut fields = entry.list()?;
    let (mut code, mut text, mut body) = (String::new(), String::new(), Arc::from([]));
    while !fields.is_empty() {
        match &*fields.bytes()? {
            b"code" => code = fields.text()?,
            b"text" => text = fields.text()?,
            b"b" => body = fields.body()?,
            _ => drop(fields.value()?),
        }
    }
    // The id begins with the server's time.
    let died = id.split('-').next().and_then(|ms| ms.parse().ok());
    Ok(DeadRecord {
        time: SystemTime::UNIX_EPOCH + Duration::from_millis(died.unwrap_or_default()),
        id: DeadId(id.into()),
        reason: DeadReason::new(code, text),
        body,
    })
}

/// Requeues or purges dead letters; returns how many there were.
pub(super) async fn settle(
    shared: &Shared,
    what: &str,
    selection: &DeadSelection,
) -> Result<usize, Fault> {
    let key = shared.key(&selection.queue);
    let mut count = 0;
    for letters in selection.letters.chunks(CHUNK) {
        let mut settle = call(&LETTERS, &key, 3 * letters.len(), 0);
        settle.arg(what).arg(selection.group.as_str());
        for (id, body) in letters.iter().filter(|(id, _)| is_id(id)) {
            settle
                .arg(&*id.0)
                .arg(u8::from(body.is_some()))
                .arg(body.as_deref().unwrap_or_default());
        }
        match shared.open()?.eval(&LETTERS, &settle).await? {
            Value::Int(n) => count += usize::try_from(n).unwrap_or_default(),
            _ => {
                return Err(Fault::Answer {
                    what: "dead letters",
                });
            }
        }
    }
    Ok(count)
}
