/// What happens to what is emitted for a subscription that is paused.
///
/// # Examples
///
/// ```
/// use ventix::WhenPaused;
///
/// assert_eq!(WhenPaused::default(), WhenPaused::Refuse);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenPaused {
    /// It is refused, as [`Reason::Paused`](crate::Reason::Paused). The default.
    #[default]
    Refuse,
    /// It waits in the subscription's lane until it is resumed, as far as there is
    /// room; what finds none meets the lane's [`Overflow`](crate::Overflow). When the
    /// subscription ends instead, what it holds is delivered, for nobody could resume it
    /// any more. Until then it keeps its linker alive.
    Hold,
}
