//! The grammar that topics and patterns share: parts between dots.

use super::error::{TopicError, TopicFault};

/// The longest text, in bytes: AMQP's limit for a routing key (`shortstr`), the
/// smallest of the engines that a topic may have to travel through.
const MAX_BYTES: usize = 255;

/// Whether `text` asks for a pattern rather than for one topic.
pub(crate) fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '>'])
}

/// Checks `text` and names its first fault, from left to right.
pub(super) fn check(text: &str, wildcards: bool) -> Result<(), TopicError> {
    let too_long = (text.len() > MAX_BYTES).then(|| {
        // The character that does not fit, which may begin before the limit.
        let inside = |at: &usize| !text.is_char_boundary(*at);
        let position = MAX_BYTES - (0..=MAX_BYTES).rev().take_while(inside).count();
        (TopicFault::TooLong, position)
    });
    let in_a_part = first_fault(text, wildcards);
    let first = [too_long, in_a_part]
        .into_iter()
        .flatten()
        .min_by_key(|(_, at)| *at);
    match first {
        Some((fault, position)) => Err(TopicError::new(text, fault, position)),
        None => Ok(()),
    }
}

/// The first fault of any part, whatever the length of the text.
fn first_fault(text: &str, wildcards: bool) -> Option<(TopicFault, usize)> {
    if text.is_empty() {
        return Some((TopicFault::Empty, 0));
    }
    let mut start = 0;
    for part in text.split('.') {
        if part.is_empty() {
            return Some((TopicFault::EmptyPart, start));
        }
        if let Some(at) = part.find(char::is_whitespace) {
            return Some((TopicFault::WhiteSpace, start + at));
        }
        if let Some(at) = part.find(['*', '>']) {
            let fault = match part {
                _ if !wildcards => Some(TopicFault::WildcardInTopic),
                ">" if start + 1 < text.len() => Some(TopicFault::RestNotLast),
                "*" | ">" => None,
                _ => Some(TopicFault::PartialWildcard),
            };
            if let Some(fault) = fault {
                return Some((fault, start + at));
            }
        }
        start += part.len() + 1;
    }
    None
}
