use crate::event::Metadata;
use crate::outcome::{Reason, Refusal};

use super::goal::Place;
use super::route::{Accepted, Route};

/// The claims of one emission on the subscriptions of its route, in the making.
///
/// Dropped unfinished, because the one that waited for room has gone, it gives
/// back what it has claimed.
pub(super) struct Claims<'a, E: Send + Sync + 'static> {
    route: &'a Route<E>,
    event: &'a E,
    metadata: &'a Metadata,
    place: Place,
    /// How each subscription answered that has been asked.
    answers: Vec<Option<Result<(), Reason>>>,
}

impl<'a, E: Send + Sync + 'static> Claims<'a, E> {
    pub(super) fn new(
        route: &'a Route<E>,
        place: Place,
        event: &'a E,
        metadata: &'a Metadata,
    ) -> Self {
        Self {
            route,
            event,
            metadata,
            place,
            answers: vec![None; route.len()],
        }
    }

    /// Asks those that let it wait, one after the other, and then the others: so
    /// that nobody's room is taken while one waits for somebody else's, except by
    /// the same order of subscription for all.
    pub(super) async fn ask(mut self) -> (Accepted, Vec<Refusal>) {
        for (position, entry) in self.route.entries().iter().enumerate() {
            if entry.record.waits() {
                let asked = entry.goal.ask(self.event, self.place);
                let answer = entry.record.claim_when_ready(&asked, self.metadata);
                self.answers[position] = Some(answer.await);
            }
        }
        let answers = std::mem::take(&mut self.answers);
        let (route, event) = (self.route, self.event);
        let (metadata, place) = (self.metadata, self.place);
        let answers = answers.into_iter().enumerate();
        let counted = answers.map(|(at, known)| match known {
            Some(answer) => route.entries()[at].record.count(answer),
            None => route.claim_one(at, place, event, metadata),
        });
        route.sort(metadata, counted)
    }
}

impl<E: Send + Sync + 'static> Drop for Claims<'_, E> {
    fn drop(&mut self) {
        for (position, answer) in self.answers.iter().enumerate() {
            if matches!(answer, Some(Ok(()))) {
                let record = &self.route.entries()[position].record;
                record.unclaim(self.metadata.id());
            }
        }
    }
}
