use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use actix_rt::ArbiterHandle;

use crate::handler::Site;
use crate::notice::ArbiterBlocked;
use crate::registry::Registry;

/// Asks arbiters now and then whether they are there, from a thread of its own:
/// what is blocked cannot notice that it is.
pub(crate) struct Heartbeat {
    watched: Arc<Mutex<Vec<Pulse>>>,
    /// The linker's own.
    home: Site,
    /// Dropped with it: the thread ends.
    _stop: Sender<()>,
}

struct Pulse {
    of: &'static str,
    arbiter: ArbiterHandle,
    /// Goes when nobody cares any more.
    watched_for: Weak<()>,
    /// When it was asked, and what it answers with.
    asked: Option<(Instant, Arc<OnceLock<ThreadId>>)>,
    /// Which thread it is, once it has answered: several may watch one arbiter.
    thread: Option<ThreadId>,
    told: bool,
}

impl Heartbeat {
    pub(super) fn start(
        period: Duration,
        home: &ArbiterHandle,
        registry: Weak<Registry>,
    ) -> std::io::Result<Self> {
        let watched = Arc::new(Mutex::new(Vec::new()));
        let (stop, stopped) = channel();
        let pulses = watched.clone();
        let beat = move || {
            while stopped.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                let blocked = feel(&pulses, period);
                let Some(registry) = registry.upgrade() else {
                    return;
                };
                for notice in blocked {
                    registry.announce(|| notice);
                }
            }
        };
        let thread = thread::Builder::new().name("ventix-heartbeat".into());
        thread.spawn(beat)?;
        let home = Site::given(vec![home.clone()]);
        let heartbeat = Self {
            watched,
            home,
            _stop: stop,
        };
        heartbeat.watch("linker", &heartbeat.home);
        Ok(heartbeat)
    }

    /// Watches the arbiters of a site, as long as they run and it is there.
    pub(crate) fn watch(&self, of: &'static str, site: &Site) {
        let pulse = |arbiter: &ArbiterHandle| Pulse {
            of,
            arbiter: arbiter.clone(),
            watched_for: site.inhabited(),
            asked: None,
            thread: None,
            told: false,
        };
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.extend(site.arbiters().iter().map(pulse));
    }
}

/// Asks every arbiter that has answered, and returns those that have not for a
/// period.
fn feel(watched: &Mutex<Vec<Pulse>>, period: Duration) -> Vec<ArbiterBlocked> {
    let mut blocked = Vec::new();
    let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
    let mut told: Vec<ThreadId> = Vec::new();
    // One that has stopped takes no question.
    watched.retain_mut(|pulse| {
        let Some(alive) = pulse.feel(period) else {
            return false;
        };
        if let Some(since) = alive {
            let thread = pulse.thread;
            if thread.is_none_or(|thread| !told.contains(&thread)) {
                blocked.push(ArbiterBlocked {
                    of: pulse.of,
                    since,
                });
            }
            told.extend(thread);
        }
        true
    });
    blocked
}

impl Pulse {
    /// Returns how long it has not answered, if that is to be told; and nothing at all
    /// if it need not be watched any more.
    fn feel(&mut self, period: Duration) -> Option<Option<Duration>> {
        self.watched_for.upgrade()?;
        if let Some((asked, answer)) = &self.asked {
            let Some(thread) = answer.get() else {
                let since = asked.elapsed();
                let tell = since >= period && !std::mem::replace(&mut self.told, since >= period);
                return Some(tell.then_some(since));
            };
            self.thread = Some(*thread);
        }
        let answer = Arc::new(OnceLock::new());
        self.asked = Some((Instant::now(), answer.clone()));
        self.told = false;
        let asked = self.arbiter.spawn_fn(move || {
            answer.get_or_init(|| thread::current().id());
        });
        asked.then_some(None)
    }
}
