use crate::event::{EventType, Metadata};
use crate::outcome::Reason;
use crate::registry::{Explanation, Place};

use super::prepared::Prepared;

impl<E: Send + Sync + 'static> Prepared<'_, E> {
    /// Says who would get it, emitted by [`emit`](Self::emit) at this moment, and why the
    /// others would not; and emits nothing, and changes nothing. See [`Explanation`].
    ///
    /// Filters see its topic, key, headers and what it inherits of its cause; the id is
    /// one of its own. That it would be refused as a whole, because its deadline has
    /// passed, the emitter is full or something is shut, is
    /// [`refusal`](Explanation::refusal).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ventix::{on, Emitter, Linker, Reason, Strategy};
    /// # actix::System::new().block_on(async {
    /// let linker = Linker::start();
    /// let has_key = |_: &u8, about: &ventix::Metadata| about.key().is_some();
    /// linker.subscribe(on::<u8>().filter(has_key).call(|_| ()))?;
    /// let emitter = Emitter::start(&linker, Strategy::inline());
    ///
    /// let event = emitter.prepare(7_u8);
    /// assert_eq!(event.explain().lines()[0].answer(), Err(&Reason::Filtered));
    /// let event = event.key("customer-7");
    /// assert_eq!(event.explain().accepted(), 1);
    /// assert_eq!(event.emit().accepted(), 1);
    /// # Ok::<(), ventix::SubscribeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let shared = self.emitter.shared();
        let topic = match &self.emit.topic {
            Ok(topic) => topic.clone(),
            Err(error) => return Explanation::nobody::<E>(error.clone().into()),
        };
        let mut attributes = self.emit.attributes.clone();
        if let Some(parent) = self.emitter.parent() {
            let attributes = attributes.get_or_insert_default();
            attributes.inherit(&parent.cause);
        }
        let id = shared.core.ids.next();
        let metadata = Metadata::new(id, EventType::of::<E>(), topic, attributes);
        let room = shared.slot.gear().peek(&metadata);
        let place = *room.as_ref().unwrap_or(&Place::Elsewhere);
        let registry = shared.core.linker.core().registry();
        let explanation = registry.explain(&self.emit.event, &metadata, place);
        let is_heard = !explanation.lines().is_empty();
        // In the order in which an emission meets them.
        if is_heard && metadata.is_expired() {
            explanation.refused(Reason::Expired)
        } else if shared.core.load.is_closed() {
            explanation.refused(Reason::ShuttingDown)
        } else {
            match room {
                Err(reason) if is_heard => explanation.refused(reason),
                _ => explanation,
            }
        }
    }
}
