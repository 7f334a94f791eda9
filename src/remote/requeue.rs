use std::sync::Arc;

use super::backend::Backend;
use super::dead::{DeadId, DeadQuery, DeadRecord, DeadSelection};
use super::error::BackendError;
use super::topology::{GroupName, QueueName};
use super::wire::{Codec, Envelope};

/// How many letters are looked at in one step.
const PAGE: usize = 500;

/// Dead letters of one group, looked through one page after the other.
#[derive(Debug, Clone, Copy)]
pub struct DeadLetters<'a> {
    backend: &'a dyn Backend,
    queue: &'a QueueName,
    group: &'a GroupName,
}

impl<'a> DeadLetters<'a> {
    /// Those of a group, whether it is one of ours or not.
    #[must_use]
    pub fn of(backend: &'a dyn Backend, queue: &'a QueueName, group: &'a GroupName) -> Self {
        Self {
            backend,
            queue,
            group,
        }
    }

    /// Gives those back to their group that are wanted, as if they had never been tried; who is
    /// done with them does not run again. Returns how many.
    ///
    /// Those that fail again meanwhile are dead letters anew, and not given back twice.
    ///
    /// # Errors
    ///
    /// What the backend says; some may have been given back by then.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a letter is dead, or given back.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::remote::{DeadLetters, DeadReason, GroupName, Memory, Remote};
    ///
    /// # actix::System::new().block_on(async {
    /// let remote = Remote::builder(Memory::new()).group("billing").start()?;
    /// remote.ensure().await?;
    /// let billing = GroupName::new("billing")?;
    /// let letters = DeadLetters::of(remote.backend(), remote.queue(), &billing);
    /// let requeued = letters.requeue(|letter| letter.reason.code() == DeadReason::FAILED).await?;
    /// assert_eq!(requeued, 0, "nothing has failed");
    /// # Ok::<(), ventix::BoxError>(())
    /// # }).unwrap();
    /// ```
    pub async fn requeue(
        &self,
        is_wanted: impl FnMut(&DeadRecord) -> bool,
    ) -> Result<usize, BackendError> {
        let mut requeued = 0;
        for selection in self.select(is_wanted).await? {
            requeued += self.backend.requeue(&selection).await?;
        }
        Ok(requeued)
    }

    /// Deletes those for good that are not wanted any more. Returns how many.
    ///
    /// # Errors
    ///
    /// What the backend says; some may have been deleted by then.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a letter is there, or deleted.
    pub async fn purge(
        &self,
        is_unwanted: impl FnMut(&DeadRecord) -> bool,
    ) -> Result<usize, BackendError> {
        let mut purged = 0;
        for selection in self.select(is_unwanted).await? {
            purged += self.backend.purge(&selection).await?;
        }
        Ok(purged)
    }

    /// All those that are wanted, as they are now.
    async fn select(
        &self,
        mut is_wanted: impl FnMut(&DeadRecord) -> bool,
    ) -> Result<Vec<DeadSelection>, BackendError> {
        let mut query = DeadQuery::new(self.queue.clone(), self.group.clone());
        query.limit = PAGE;
        let mut selections = Vec::new();
        loop {
            let page = self.backend.dead(&query).await?;
            let wanted = page.records.into_iter().filter(|it| is_wanted(it));
            let letters: Vec<_> = wanted.map(renewed).collect();
            if !letters.is_empty() {
                selections.push(DeadSelection {
                    queue: self.queue.clone(),
                    group: self.group.clone(),
                    letters,
                });
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(selections),
            }
        }
    }
}

/// A letter, with the bytes that it is to be given back with: its own, if they are no envelope.
fn renewed(record: DeadRecord) -> (DeadId, Option<Arc<[u8]>>) {
    let envelope = Envelope::from_bytes(&record.body).ok();
    let body = envelope.map(|it| it.renewed().to_bytes(Codec::of(&record.body)).into());
    (record.id, body)
}
