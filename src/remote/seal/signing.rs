use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::remote::clock::timestamp;
use crate::remote::wire::{Attributes, Envelope};

/// How far the clocks of two machines may differ.
const SKEW: Duration = Duration::from_secs(60);

/// Signatures of envelopes, by keys that emitters and workers share: HMAC-SHA-256
/// ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)).
///
/// Everything in an envelope is signed, with the time and the id of the key; but for what
/// workers note of failed attempts (`attempt`, `errors`, `deadreason`), so that a dead letter
/// can be given back by somebody who has no key. A worker refuses
/// what is not signed, was changed, is signed by a key that it does not know, or was signed
/// longer ago than the window: that is a dead letter with the code `unsigned`. Within the
/// window an envelope that somebody has copied is known as a
/// [duplicate](crate::middleware::Deduplicate) only by its id. What workers write
/// themselves, for another attempt, they sign anew.
///
/// To **rotate** a key, let all workers accept the new one, then let the emitters sign with it,
/// and drop the old one when what it signed is through.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ventix::remote::{Memory, Remote, Signing};
///
/// # actix::System::new().block_on(async {
/// let signing = Signing::new("2025-06", b"at least 32 bytes of a secret...")
///     .accept("2025-01", b"the one that was used until then")
///     .window(Duration::from_secs(3_600));
/// let remote = Remote::builder(Memory::new()).signing(signing).start()?;
/// # drop(remote);
/// # Ok::<(), ventix::remote::RemoteError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
#[must_use = "it is a setting of a remote"]
pub struct Signing {
    /// The first one signs.
    keys: Vec<Key>,
    window: Duration,
}

#[derive(Clone)]
struct Key {
    id: String,
    secret: Vec<u8>,
}

impl Signing {
    /// Signs with this key, and accepts it.
    pub fn new(id: impl Into<String>, secret: impl AsRef<[u8]>) -> Self {
        Self {
            keys: Vec::new(),
            window: Duration::from_secs(7 * 24 * 60 * 60),
        }
        .accept(id, secret)
    }

    /// Accepts another key.
    pub fn accept(mut self, id: impl Into<String>, secret: impl AsRef<[u8]>) -> Self {
        let (id, secret) = (id.into(), secret.as_ref().to_vec());
        self.keys.push(Key { id, secret });
        self
    }

    /// Sets how long a signature holds: seven days, if nothing is said. What waits longer in
    /// a queue is refused.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    pub(super) fn sign(&self, envelope: &mut Envelope) {
        let Some(key) = self.keys.first() else {
            return;
        };
        envelope.attributes.keyid = Some(key.id.clone());
        envelope.attributes.signedat = timestamp(SystemTime::now());
        let signature = key.mac(envelope).finalize().into_bytes();
        envelope.attributes.signature = Some(STANDARD.encode(signature));
    }

    /// Says what is wrong with an envelope's signature.
    pub(super) fn check(&self, envelope: &Envelope) -> Result<(), &'static str> {
        let Attributes {
            keyid,
            signedat,
            signature,
            ..
        } = &envelope.attributes;
        let signature = signature.as_ref().ok_or("it is not signed")?;
        let key = self.keys.iter().find(|key| Some(&key.id) == keyid.as_ref());
        let key = key.ok_or("the key is not known")?;
        let signature = STANDARD.decode(signature);
        let signature = signature.map_err(|_| "the signature is no base64")?;
        let is_right = key.mac(envelope).verify_slice(&signature);
        is_right.map_err(|_| "it was changed, or signed with another secret")?;
        let signed = SystemTime::from(signedat.ok_or("it does not say when it was signed")?);
        match SystemTime::now().duration_since(signed) {
            Ok(age) if age > self.window => Err("it was signed too long ago"),
            Err(ahead) if ahead.duration() > SKEW => Err("it was signed in the future"),
            _ => Ok(()),
        }
    }
}

impl Key {
    /// The code of all that is in an envelope, but its signature.
    fn mac(&self, envelope: &Envelope) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("any length is a key");
        // As JSON has them: names and values cannot run into one another.
        let unsigned = Attributes {
            attempt: 0,
            deadreason: None,
            errors: None,
            signature: None,
            ..envelope.attributes.clone()
        };
        let attributes = serde_json::to_vec(&unsigned).expect("attributes are JSON");
        let length = u64::try_from(attributes.len()).unwrap_or(u64::MAX);
        mac.update(&length.to_be_bytes());
        mac.update(&attributes);
        mac.update(envelope.payload.as_bytes());
        mac
    }
}

/// The ids of the keys, and no secret.
impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.keys.iter().map(|key| &key.id);
        f.debug_list().entries(ids).finish()
    }
}
