use std::sync::Arc;

use redis::Value;

use super::fault::Fault;

/// Takes apart what the server answered.
pub(super) struct Reply {
    what: &'static str,
    values: std::vec::IntoIter<Value>,
}

impl Reply {
    pub(super) fn new(what: &'static str, value: Value) -> Result<Self, Fault> {
        match value {
            Value::Array(values) => Ok(Self {
                what,
                values: values.into_iter(),
            }),
            Value::Nil => Ok(Self {
                what,
                values: Vec::new().into_iter(),
            }),
            _ => Err(Fault::Answer { what }),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.as_slice().is_empty()
    }

    pub(super) fn value(&mut self) -> Result<Value, Fault> {
        self.values.next().ok_or(Fault::Answer { what: self.what })
    }

    /// The rest of what is here are arrays.
    pub(super) fn list(&mut self) -> Result<Self, Fault> {
        let value = self.value()?;
        Self::new(self.what, value)
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, Fault> {
        match self.value()? {
            Value::BulkString(bytes) => Ok(bytes),
            Value::SimpleString(text) => Ok(text.into_bytes()),
            _ => Err(Fault::Answer { what: self.what }),
        }
    }

    pub(super) fn text(&mut self) -> Result<String, Fault> {
        String::from_utf8(self.bytes()?).map_err(|_| Fault::Answer { what: self.what })
    }

    pub(super) fn body(&mut self) -> Result<Arc<[u8]>, Fault> {
        self.bytes().map(Into::into)
    }

    /// A whole number: as such, or in digits.
    pub(super) fn number<N: TryFrom<i64>>(&mut self) -> Result<N, Fault> {
        let number = match self.value()? {
            Value::Int(number) => Some(number),
            Value::BulkString(digits) => std::str::from_utf8(&digits)
                .ok()
                .and_then(|digits| digits.parse().ok()),
            _ => None,
        };
        number
            .and_then(|number| N::try_from(number).ok())
            .ok_or(Fault::Answer { what: self.what })
    }
}

/// Returns whether a script says that the queue, or its group, is gone.
pub(super) fn is_lost(value: &Value) -> bool {
    matches!(value, Value::SimpleString(text) if text == "LOST")
}
