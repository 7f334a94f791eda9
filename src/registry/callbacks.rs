use std::sync::Arc;

use crate::outcome::{Failure, IntoOutcome, Success, Verdict, guard};

pub(super) type SuccessFn = Arc<dyn Fn(&Success<'_>) -> Verdict + Send + Sync>;
pub(super) type FailureFn = Arc<dyn Fn(&Failure<'_>) -> Verdict + Send + Sync>;

/// What looks at how a delivery ended. They catch their own panics.
#[derive(Clone, Default)]
pub(crate) struct Callbacks {
    pub(crate) on_success: Option<SuccessFn>,
    pub(crate) on_failure: Option<FailureFn>,
}

impl Callbacks {
    pub(crate) fn set_on_success<F, R>(&mut self, callback: F)
    where
        F: Fn(&Success<'_>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.on_success = Some(Arc::new(move |done| guard(|| callback(done).judge())));
    }

    pub(crate) fn set_on_failure<F, R>(&mut self, callback: F)
    where
        F: Fn(&Failure<'_>) -> R + Send + Sync + 'static,
        R: IntoOutcome + 'static,
    {
        self.on_failure = Some(Arc::new(move |failure| guard(|| callback(failure).judge())));
    }

    /// What this has, and from `defaults` what it has not.
    pub(crate) fn or(self, defaults: &Self) -> Self {
        Self {
            on_success: self.on_success.or_else(|| defaults.on_success.clone()),
            on_failure: self.on_failure.or_else(|| defaults.on_failure.clone()),
        }
    }
}
