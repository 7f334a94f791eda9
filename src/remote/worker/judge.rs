use std::collections::BTreeMap;
use std::time::Duration;

use crate::outcome::{Ended, Outcome, Report, Stage};
use crate::policy::Retry;
use crate::remote::dead::DeadReason;
use crate::remote::wire::Envelope;

/// The most errors that an envelope carries, the latest: the rest is in the logs.
const MAX_ERRORS: usize = 16;
/// The most bytes of one of them.
const MAX_ERROR: usize = 500;

/// What is to become of an emission whose handlers have ended.
#[derive(Debug)]
pub(super) enum Verdict {
    /// All are done.
    Done,
    /// Some are not: it is tried again, as the envelope says now.
    Again(Duration),
    /// Some are not, and that was the last attempt.
    Dead(DeadReason),
}

/// Looks at how the handlers have ended, and writes it into the envelope.
pub(super) fn judge(envelope: &mut Envelope, report: &Report, retry: &Retry) -> Verdict {
    let mut done = envelope.done();
    let mut errors = envelope.errors();
    let attempt = envelope.attempt().saturating_add(1);
    // Several subscriptions of one name are done when all of them are.
    let mut by_label: BTreeMap<Box<str>, bool> = BTreeMap::new();
    let mut is_worth_it = true;
    let handlers = report.iter().filter(|line| line.stage() == Stage::Handler);
    for line in handlers {
        let is_done = is_done(line.outcome());
        *by_label.entry(line.handler().label()).or_insert(true) &= is_done;
        if !is_done {
            errors.push(shortened(format!("attempt {attempt}: {line}")));
            is_worth_it &= is_worth_another(line, attempt, retry);
        }
    }
    let refusal = report.receipt().refusal();
    if let Some(reason) = refusal {
        errors.push(shortened(format!("attempt {attempt}: refused: {reason}")));
    }
    let is_all_done = refusal.is_none() && by_label.values().all(|is_done| *is_done);
    let finished = by_label.into_iter().filter(|(_, is_done)| *is_done);
    for label in finished.map(|(label, _)| String::from(label)) {
        if !done.contains(&label) {
            done.push(label);
        }
    }
    if is_all_done {
        return Verdict::Done;
    }
    envelope.attributes.attempt = attempt;
    envelope.set_done(&done);
    errors.drain(..errors.len().saturating_sub(MAX_ERRORS));
    envelope.set_errors(&errors);
    if is_worth_it && attempt < retry.most() {
        return Verdict::Again(retry.delay(attempt));
    }
    let last = errors.pop().unwrap_or_default();
    Verdict::Dead(DeadReason::new(DeadReason::FAILED, last))
}

/// Whether a handler need not run again.
fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Handled(_) | Outcome::Skipped(_))
}

/// Whether a failure may be otherwise the next time: what the policy says of what handlers
/// did, and always where they did nothing.
fn is_worth_another(line: &Ended, attempt: u32, retry: &Retry) -> bool {
    let outcome = line.outcome();
    match outcome {
        Outcome::Failed(_) | Outcome::Panicked(_) | Outcome::TimedOut(_) => {
            let error = outcome.error();
            // The last attempt is the last anyway.
            attempt >= retry.most()
                || error.is_some_and(|error| retry.next(attempt, outcome, &*error).is_some())
        }
        _ => true,
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > MAX_ERROR {
        let ends = (0..=MAX_ERROR).rev();
        let end = ends.into_iter().find(|&at| text.is_char_boundary(at));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}
