use std::sync::Arc;
use std::time::Duration;

use crate::remote::{Answer, DeadReason, Settle, SettleError, Settled};

use super::super::fault::Fault;
use super::super::ledger::{Ledger, Token};
use super::super::settings::micros;
use super::handle::Handle;

/// A leased message.
pub(super) struct Held {
    handle: Handle,
    token: Token,
    lease: Duration,
    is_settled: bool,
    /// Keeps the file open after a close.
    _out: Arc<()>,
}

impl Held {
    pub(super) fn new(handle: Handle, token: Token, lease: Duration, out: &Arc<()>) -> Self {
        Self {
            handle,
            token,
            lease,
            is_settled: false,
            _out: Arc::clone(out),
        }
    }

    async fn write(
        &self,
        run: impl FnMut(&Ledger<'_>) -> Result<Settled, Fault> + Send + 'static,
    ) -> Result<Settled, SettleError> {
        let within = self.handle.patience();
        let ended = self.handle.write(run).await;
        ended.map_err(|fault| fault.into_settle(within))
    }

    fn settle(
        mut self: Box<Self>,
        run: impl FnMut(&Ledger<'_>) -> Result<Settled, Fault> + Send + 'static,
    ) -> Answer<'static, Result<Settled, SettleError>> {
        Box::pin(async move {
            self.is_settled = true;
            self.write(run).await
        })
    }
}

impl Settle for Held {
    fn ack(self: Box<Self>) -> Answer<'static, Result<Settled, SettleError>> {
        let token = self.token;
        self.settle(move |ledger| ledger.ack(token))
    }

    fn retry(
        self: Box<Self>,
        after: Duration,
        body: Option<Arc<[u8]>>,
    ) -> Answer<'static, Result<Settled, SettleError>> {
        let token = self.token;
        self.settle(move |ledger| ledger.retry(token, micros(after), body.as_deref()))
    }

    fn dead(
        self: Box<Self>,
        reason: DeadReason,
        body: Option<Arc<[u8]>>,
    ) -> Answer<'static, Result<Settled, SettleError>> {
        let token = self.token;
        self.settle(move |ledger| ledger.dead(token, &reason, body.as_deref()))
    }

    fn release(self: Box<Self>) -> Answer<'static, Result<Settled, SettleError>> {
        let token = self.token;
        self.settle(move |ledger| ledger.release(token))
    }

    fn extend(&mut self) -> Answer<'_, Result<Settled, SettleError>> {
        let (token, lease) = (self.token, micros(self.lease));
        Box::pin(self.write(move |ledger| ledger.extend(token, lease)))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.is_settled {
            let token = self.token;
            self.handle
                .post(move |ledger| ledger.release(token).map(drop));
        }
    }
}
