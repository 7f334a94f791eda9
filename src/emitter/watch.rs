use std::sync::Arc;

use futures::channel::mpsc;

use crate::delivery::{Header, Ledger};
use crate::outcome::{Ended, Lines, Receipt, Report};

use super::outward::Confirmation;

/// A line of a report, with its place in the order of delivery.
pub(super) type Line = (usize, Ended);

/// What becomes of an emission, for somebody who waits for it.
#[derive(Default)]
pub(super) struct Watch {
    /// The lines that are known already.
    pub(super) lines: Vec<Line>,
    /// Where the others come from, all at the end.
    rest: Option<Lines>,
    /// What tells whether it has arrived, if it goes out.
    pub(super) confirmation: Option<Confirmation>,
    /// Where the others come from, if each is wanted as it comes.
    pub(super) each: Option<Each>,
}

/// Lines that come one by one.
#[derive(Default)]
pub(super) struct Each {
    /// None when nothing was accepted.
    pub(super) lines: Option<mpsc::UnboundedReceiver<Line>>,
    /// Who has not ended yet.
    pub(super) ledger: Option<Arc<dyn Ledger>>,
}

impl Watch {
    /// For somebody who wants each line as it comes.
    pub(super) fn for_each() -> Self {
        Self {
            each: Some(Each::default()),
            ..Self::default()
        }
    }

    /// Has the lines of an emission come here that is about to be sent.
    pub(super) fn attach(
        &mut self,
        header: &Header,
        ledger: &Arc<impl Ledger + 'static>,
        accepted: usize,
    ) {
        match &mut self.each {
            None => self.rest = Some(header.lines(|| accepted)),
            Some(each) => {
                each.lines = Some(header.track(|| accepted).each());
                each.ledger = Some(ledger.clone());
            }
        }
    }

    /// Waits for the rest.
    pub(super) async fn report(self, receipt: Receipt) -> Report {
        let receipt = match self.confirmation {
            Some(confirmation) => receipt.settled(confirmation.await),
            None => receipt,
        };
        let mut lines = match self.rest {
            Some(rest) => rest.await,
            None => Vec::new(),
        };
        let known = self.lines.into_iter();
        lines.extend(known.map(|(position, ended)| ended.at(position)));
        Report::new(receipt, lines)
    }
}
