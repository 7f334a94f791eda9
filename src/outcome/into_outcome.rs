use std::sync::Arc;

use super::error::{BoxError, Panicked, SharedError};
use super::reason::Reason;
use super::reply::Reply;

/// What a callback may return: `()`, or any `Result` whose error converts to a
/// [`BoxError`]. The value in `Ok` is the answer: the success callback gets it,
/// and so does the report.
///
/// A callback that only panics (`|_| panic!()`) compiles too.
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
    label = "this callback must return `()` or a `Result`",
    note = "wrap a value in `Ok::<_, ventix::BoxError>(value)`; end with `;` to drop it"
)]
pub trait IntoOutcome: judge::Judge {}

impl<T: judge::Judge> IntoOutcome for T {}

/// How a handler says it ended, before anybody has looked at it.
#[derive(Debug)]
pub enum Verdict {
    Handled(Reply),
    Failed(SharedError),
    Panicked(Panicked),
    Lost,
    /// It could not even start.
    Refused(Reason),
}

impl Verdict {
    pub(crate) fn failed(error: impl Into<BoxError>) -> Self {
        Self::Failed(Arc::from(error.into()))
    }
}

mod judge {
    use super::{BoxError, Reply, Verdict};

    #[diagnostic::on_unimplemented(
        message = "`{Self}` says nothing of success or failure",
        label = "this callback must return `()` or a `Result`",
        note = "wrap a value in `Ok::<_, ventix::BoxError>(value)`; end with `;` to drop it"
    )]
    pub trait Judge {
        fn judge(self) -> Verdict;
    }

    impl Judge for () {
        fn judge(self) -> Verdict {
            Verdict::Handled(Reply::default())
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
