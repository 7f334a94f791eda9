use std::fmt;
use std::sync::Arc;

/// Layers, the outermost first.
pub(crate) struct Stack<L: ?Sized>(Vec<Arc<L>>);

impl<L: ?Sized> Stack<L> {
    /// Adds one inside those that are there.
    pub(crate) fn push(&mut self, layer: Arc<L>) {
        self.0.push(layer);
    }

    /// These, and `inner` inside them.
    pub(crate) fn and(&self, inner: &Self) -> Self {
        Self(self.0.iter().chain(&inner.0).cloned().collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn layers(&self) -> &[Arc<L>] {
        &self.0
    }
}

impl<L: ?Sized> Default for Stack<L> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<L: ?Sized> fmt::Debug for Stack<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} layers", self.0.len())
    }
}
