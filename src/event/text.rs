//! The grammar that topics and patterns share: parts between dots.

use super::error::{TopicError, TopicFault};

/// The longest text, in bytes: AMQP's limit for a routing key (`shortstr`), the
/// smallest of the engines that a topic may have to travel through.
pub(super) const MAX_BYTES: usize = 255;

/// Whether `text` asks for a pattern rather than for one topic.
pub(crate) fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '>'])
}

/// Checks `text` from left to right and names its first fault.
pub(super) fn check(text: &str, wildcards: bool) -> Result<(), TopicError> {
    let fault = |fault, position| Err(TopicError::new(text, fault, position));
    if text.is_empty() {
        return fault(TopicFault::Empty, 0);
    }
    let mut start = 0;
    for part in text.split('.') {
        if start > MAX_BYTES {
            break;
        }
        if part.is_empty() {
            return fault(TopicFault::EmptyPart, start);
        }
        if let Some(at) = part.find(char::is_whitespace) {
            return fault(TopicFault::WhiteSpace, start + at);
        }
        if let Some(at) = part.find(['*', '>']) {
            if !wildcards {
                return fault(TopicFault::WildcardInTopic, start + at);
            }
            if part.len() > 1 {
                return fault(TopicFault::PartialWildcard, start + at);
            }
            if part == ">" && start + 1 < text.len() {
                return fault(TopicFault::RestNotLast, start);
            }
        }
        start += part.len() + 1;
    }
    if text.len() > MAX_BYTES {
        return fault(TopicFault::TooLong, MAX_BYTES);
    }
    Ok(())
}
