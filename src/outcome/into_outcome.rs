use std::sync::Arc;

use super::error::{BoxError, Panicked, SharedError, TimedOut};
use super::reason::Reason;
use super::reply::Reply;

/// What a callback may return: `()`, or any `Result` whose error converts to a
/// [`BoxError`]. The value in `Ok` is the answer: the success callback gets it,
/// and so does the report.
///
/// A callback that only panics (`|_| panic!()`) compiles too. Sealed: it is
/// implemented for `()`, and for `Result<T, E>` with `T: Send + 'static` and
/// `E: Into<BoxError>`, such as any `std::error::Error + Send + Sync`, `String` or
/// `&str`.
///
/// A closure that only ever says `Ok`, only `Err`, or uses `?`, leaves the error's
/// type open, and the compiler asks for it: write `|_| -> ventix::Result { .. }` or
/// `Ok::<_, ventix::BoxError>(value)`.
///
/// # Examples
///
/// ```
/// use ventix::{on, BoxError};
///
/// on::<String>().call(|line| println!("{}", **line));
/// on::<String>().call(|line| line.parse::<u64>());
/// on::<String>().call(|line| -> Result<usize, BoxError> {
///     Ok(line.len() + line.parse::<usize>()?)
/// });
/// ```
///
/// Other types are refused when the program is built:
///
/// ```compile_fail,E0277
/// ventix::on::<String>().call(|line| line.len());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` says nothing of success or failure",
    label = "a callback returns `()`, or a `Result` whose error converts to `BoxError`",
    note = "a value: wrap it in `Ok::<_, ventix::BoxError>(value)`, or end with `;` to drop it",
    note = "a future: use `call_async`"
)]
pub trait IntoOutcome: judge::Judge {}

#[diagnostic::do_not_recommend]
impl<T: judge::Judge> IntoOutcome for T {}

/// How a handler says it ended, before anybody has looked at it.
#[derive(Debug)]
pub enum Verdict {
    Handled(Reply),
    Failed(SharedError),
    Panicked(Panicked),
    TimedOut(TimedOut),
    Lost,
    /// It could not even start.
    Refused(Reason),
}

impl Verdict {
    pub(crate) fn failed(error: impl Into<BoxError>) -> Self {
        Self::Failed(Arc::from(error.into()))
    }

    /// Whether it holds nothing of a user's.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Handled(reply) if reply.is_empty())
    }

    /// The same of another delivery: all but the answer, which is given once.
    pub(crate) fn without_reply(&self) -> Self {
        match self {
            Self::Handled(_) => Self::Handled(Reply::default()),
            Self::Failed(error) => Self::Failed(error.clone()),
            Self::Panicked(panic) => Self::Panicked(panic.clone()),
            Self::TimedOut(late) => Self::TimedOut(*late),
            Self::Lost => Self::Lost,
            Self::Refused(reason) => Self::Refused(reason.clone()),
        }
    }
}

mod judge {
    use super::{BoxError, Reply, Verdict};

    pub trait Judge {
        fn judge(self) -> Verdict;

        /// The same, if it [holds](Verdict::is_plain) anything.
        fn judge_shortly(self) -> Option<Verdict>
        where
            Self: Sized,
        {
            Some(self.judge()).filter(|verdict| !verdict.is_plain())
        }
    }

    impl Judge for () {
        fn judge(self) -> Verdict {
            Verdict::Handled(Reply::default())
        }

        #[inline]
        fn judge_shortly(self) -> Option<Verdict> {
            None
        }
    }

    impl<T: Send + 'static, E: Into<BoxError>> Judge for Result<T, E> {
        fn judge(self) -> Verdict {
            match self {
                Ok(value) => Verdict::Handled(Reply::new(value)),
                Err(error) => Verdict::failed(error),
            }
        }
    }

    /// The type `!`, which has no name on stable Rust: what a function that
    /// never returns gives back.
    type Never = <fn() -> ! as Returns>::Output;

    pub trait Returns {
        type Output;
    }

    impl<T> Returns for fn() -> T {
        type Output = T;
    }

    impl Judge for Never {
        fn judge(self) -> Verdict {
            self
        }
    }
}
