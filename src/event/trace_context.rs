use std::fmt;
use std::sync::Arc;

use super::headers::Headers;
use super::id::EmissionId;

/// Where an emission stands in a distributed trace: the W3C Trace Context of its
/// headers `traceparent` and `tracestate`.
///
/// An emission that carries one hands it down: what its handlers emit through
/// [`Delivery::emitter`](crate::Delivery::emitter) is of the same trace, and its parent is
/// the emission that caused it. What carries none gets none, unless its emitter
/// [starts traces](crate::EmitterBuilder::trace_context). To pass a trace on by other
/// ways, as in an HTTP request of a handler, send [`child_of`](Self::child_of).
///
/// It goes beside the `tracing` [spans](crate::Delivery::span), which only show it: as the
/// field `traceparent` of an emission's. An exporter gives its spans ids of its own. To hand
/// those down, let an [`EmissionLayer`](crate::EmissionLayer) set the header to what the
/// exporter says of the current span: layers around emissions run in the span in which the
/// event is emitted, a handler's in that of its delivery.
///
/// As [the specification](https://www.w3.org/TR/trace-context-1/), level 1, says, what
/// cannot be read is ignored and never an error; the version of what is handed down is
/// `00`, of its flags only *sampled* is kept, and the state is passed on as it is.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Emitter, Linker, Strategy};
/// # struct OrderPlaced;
/// # struct InvoiceSent;
/// # actix::System::new().block_on(async {
/// let (tell, told) = std::sync::mpsc::channel();
/// let linker = Linker::start();
/// linker.subscribe(on::<OrderPlaced>().call(|order| {
///     order.emitter().emit(InvoiceSent);
/// }))?;
/// linker.subscribe(on::<InvoiceSent>().call(move |it| tell.send(it.metadata().trace_context())))?;
///
/// let emitter = Emitter::start(&linker, Strategy::inline());
/// let request = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// emitter.prepare(OrderPlaced).header("traceparent", request).emit();
///
/// let invoice = told.recv()?.expect("it is part of the trace");
/// assert_eq!(format!("{:x}", invoice.trace_id()), "af7651916cd43dd8448eb211c80319c");
/// assert_ne!(invoice.parent_id(), 0xb7ad_6b71_6920_3331);
/// assert!(invoice.is_sampled());
/// # Ok::<(), ventix::BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// Not 0, as `parent`.
    trace: u128,
    parent: u64,
    is_sampled: bool,
    state: Option<Arc<str>>,
}

const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";

impl TraceContext {
    /// Reads the value of a header `traceparent`, of this version or a later one.
    /// Returns `None` for what is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::TraceContext;
    ///
    /// let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    /// let context = TraceContext::parse(text).unwrap();
    /// assert_eq!(context.to_string(), text);
    /// assert_eq!(TraceContext::parse("ff-and-so-on"), None);
    /// ```
    #[must_use]
    pub fn parse(traceparent: &str) -> Option<Self> {
        let text = traceparent.as_bytes();
        let has_dashes = [2, 35, 52].iter().all(|at| text.get(*at) == Some(&b'-'));
        if !has_dashes {
            return None;
        }
        let number = |from: usize, to: usize| hex(text.get(from..to)?);
        // Of a later version, there may be more to come.
        match (number(0, 2)?, text.get(55)) {
            (0xff, _) | (0, Some(_)) => return None,
            (_, None | Some(b'-')) => {}
            (_, Some(_)) => return None,
        }
        let (trace, flags) = (number(3, 35)?, number(53, 55)?);
        let parent = u64::try_from(number(36, 52)?).ok()?;
        (trace != 0 && parent != 0).then_some(Self {
            trace,
            parent,
            is_sampled: flags & 1 == 1,
            state: None,
        })
    }

    /// Adds the value of the header `tracestate`, to be passed on as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use ventix::TraceContext;
    ///
    /// let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    /// let context = TraceContext::parse(parent).unwrap().with_state("vendor=7");
    /// assert_eq!(context.state(), Some("vendor=7"));
    /// ```
    #[must_use]
    pub fn with_state(mut self, tracestate: impl Into<Arc<str>>) -> Self {
        self.state = Some(tracestate.into());
        self
    }

    /// Returns the context for what an emission of this trace calls or causes: its
    /// parent is that emission.
    ///
    /// # Examples
    ///
    /// The same for the same emission, so others can be told of it as well:
    ///
    /// ```
    /// use ventix::{EmissionId, TraceContext};
    ///
    /// let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    /// let context = TraceContext::parse(parent).unwrap();
    /// let child = context.child_of(EmissionId::from_u128(7));
    /// assert_eq!(child.trace_id(), context.trace_id());
    /// assert_ne!(child.parent_id(), context.parent_id());
    /// assert_eq!(child, context.child_of(EmissionId::from_u128(7)));
    /// ```
    #[must_use]
    pub fn child_of(&self, emission: EmissionId) -> Self {
        Self {
            parent: emission.short(),
            ..self.clone()
        }
    }

    /// The context of an emission that starts a trace: that of its correlation, with
    /// itself as the parent.
    fn start(emission: EmissionId, correlation: EmissionId) -> Self {
        Self {
            trace: correlation.as_u128().max(1),
            parent: emission.short(),
            is_sampled: true,
            state: None,
        }
    }

    /// Returns the id of the trace: 128 bits, not 0.
    ///
    /// # Examples
    ///
    /// ```
    /// # let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    /// let context = ventix::TraceContext::parse(text).unwrap();
    /// assert_eq!(context.trace_id(), 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
    /// ```
    #[must_use]
    pub fn trace_id(&self) -> u128 {
        self.trace
    }

    /// Returns the id of the caller in the trace: 64 bits, not 0.
    ///
    /// # Examples
    ///
    /// ```
    /// # let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    /// let context = ventix::TraceContext::parse(text).unwrap();
    /// assert_eq!(context.parent_id(), 0xb7ad_6b71_6920_3331);
    /// ```
    #[must_use]
    pub fn parent_id(&self) -> u64 {
        self.parent
    }

    /// Returns whether the caller may have recorded the trace.
    ///
    /// # Examples
    ///
    /// ```
    /// # let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    /// assert!(ventix::TraceContext::parse(text).unwrap().is_sampled());
    /// ```
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.is_sampled
    }

    /// Returns what vendors have added to the trace, if anything.
    ///
    /// # Examples
    ///
    /// ```
    /// # let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    /// assert_eq!(ventix::TraceContext::parse(text).unwrap().state(), None);
    /// ```
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    pub(super) fn of(headers: &Headers) -> Option<Self> {
        let context = Self::parse(headers.get(PARENT)?)?;
        Some(match headers.get(STATE) {
            Some(state) if !state.is_empty() => context.with_state(state),
            _ => context,
        })
    }

    /// Adds it to headers that have none that can be read.
    pub(super) fn put(&self, headers: &mut Headers) {
        if Self::of(headers).is_some() {
            return;
        }
        headers.set(PARENT, self.to_string());
        // Without its parent, a state means nothing.
        let state = self.state.as_deref().unwrap_or_default();
        if !state.is_empty() || headers.get(STATE).is_some() {
            headers.set(STATE, state);
        }
    }

    /// Starts a trace in headers that are in none.
    pub(super) fn ensure(headers: &mut Headers, emission: EmissionId, correlation: EmissionId) {
        if Self::of(headers).is_none() {
            Self::start(emission, correlation).put(headers);
        }
    }
}

/// As the value of a header `traceparent`.
///
/// # Examples
///
/// Of a later version, what is known is passed on:
///
/// ```
/// use ventix::TraceContext;
///
/// let text = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff-more";
/// let context = TraceContext::parse(text).unwrap();
/// let known = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// assert_eq!(context.to_string(), known);
/// ```
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.is_sampled);
        write!(f, "00-{:032x}-{:016x}-{flags:02x}", self.trace, self.parent)
    }
}

/// Reads a number of lower-case hexadecimal digits, 32 at most.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_no_context_is_ignored() {
        let wrong = [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
            "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c8031\u{e9}-b7ad6b7169203331-01",
        ];
        for text in wrong {
            assert_eq!(TraceContext::parse(text), None, "{text}");
        }
    }

    #[test]
    fn of_the_flags_only_sampled_is_kept() {
        for (flags, kept) in [("00", "00"), ("01", "01"), ("02", "00"), ("ff", "01")] {
            let text = VALID.replace("-01", &format!("-{flags}"));
            let context = TraceContext::parse(&text).unwrap();
            assert_eq!(
                context.to_string(),
                VALID.replace("-01", &format!("-{kept}"))
            );
        }
    }

    #[test]
    fn headers_keep_a_context_that_can_be_read_and_lose_one_that_cannot() {
        let id = EmissionId::from_u128(7);
        let mut headers = Headers::default();
        headers.set(PARENT, VALID);
        headers.set(STATE, "a=1");
        TraceContext::ensure(&mut headers, id, id);
        let kept = TraceContext::of(&headers).unwrap();
        assert_eq!(
            (kept.to_string().as_str(), kept.state()),
            (VALID, Some("a=1"))
        );

        headers.set(PARENT, "nonsense");
        TraceContext::ensure(&mut headers, id, EmissionId::from_u128(3));
        let started = TraceContext::of(&headers).unwrap();
        assert_eq!((started.trace_id(), started.state()), (3, None));
        assert_eq!(started.child_of(id), started, "it is its own parent");
    }
}
