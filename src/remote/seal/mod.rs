//! Signatures of envelopes: the same functions with the feature `signing` and without.

#[cfg(feature = "signing")]
mod enabled;
#[cfg(feature = "signing")]
mod signing;

#[cfg(not(feature = "signing"))]
mod disabled;

#[cfg(not(feature = "signing"))]
pub(super) use disabled::Seal;
#[cfg(feature = "signing")]
pub(super) use enabled::Seal;
#[cfg(feature = "signing")]
pub use signing::Signing;
