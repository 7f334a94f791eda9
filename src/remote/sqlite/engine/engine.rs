use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use futures::channel::oneshot;

use super::super::clock::Clock;
use super::super::fault::Fault;
use super::super::settings::Settings;
use super::claim::Claim;
use super::handle::{Handle, Message};
use super::store::Store;
use super::task::Task;

/// How much is done in one transaction, at most.
const ROUND: usize = 512;
/// How long to wait for as much as came last time: those that were answered together ask
/// again together, and one transaction for each of them would be one sync for each.
const LINGER: Duration = Duration::from_micros(200);
/// How many old ids are forgotten when the file is opened and closed.
const FORGOTTEN_AT_ONCE: usize = 10_000;

/// The thread that has the file open.
///
/// It works in rounds. What has come in since the last one is done in one transaction, and
/// so confirmed by one fsync: publishes, what is settled, and claims. When that fails for
/// another reason than a lock, each is done again by itself, so that nothing fails by
/// what another did. A claim that finds nothing waits here until its group has something:
/// by this thread's own writes at once, by those of others when `data_version` has changed,
/// and by the time when something is due.
pub(in super::super) struct Engine {
    store: Store,
    messages: Receiver<Message>,
    waiting: Vec<Claim>,
    closed: bool,
    /// How much came in for the last round.
    last: usize,
    /// Each lease that is out holds it too.
    out: Arc<()>,
}

/// What has come in for one round.
#[derive(Default)]
struct Round {
    writes: Vec<Box<dyn Task>>,
    reads: Vec<Box<dyn Task>>,
    closers: Vec<oneshot::Sender<()>>,
}

impl Engine {
    /// Opens the file and starts the thread, which runs as long as there are handles.
    pub(in super::super) fn start(
        path: &Path,
        settings: Settings,
    ) -> Result<(Handle, Clock), Fault> {
        let store = Store::open(path, settings)?;
        let clock = store.clock;
        let (handle, messages) = Handle::pair(store.settings.busy_timeout);
        let engine = Self {
            store,
            messages,
            waiting: Vec::new(),
            closed: false,
            last: 0,
            out: Arc::default(),
        };
        thread::Builder::new()
            .name("ventix-sqlite".to_owned())
            .spawn(move || engine.run())
            .map_err(Fault::thread)?;
        Ok((handle, clock))
    }

    fn run(mut self) {
        self.forget();
        while let Some(round) = self.gather() {
            let mut closers = self.work(round);
            if self.closed {
                self.refuse();
                if self.is_over() {
                    // Given back just before the last lease was dropped.
                    closers.append(&mut self.work_off());
                    self.end();
                    // Whoever waits for the close hears of it now: the file is closed.
                    return drop(closers);
                }
                self.store.checkpoint("PASSIVE");
            }
        }
        self.end();
    }

    /// Does what is to be done in a round, and returns who waits for a close.
    fn work(&mut self, round: Round) -> Vec<oneshot::Sender<()>> {
        self.write(round.writes);
        for task in round.reads {
            self.read(task);
        }
        round.closers
    }

    /// Does what has come in already.
    fn work_off(&mut self) -> Vec<oneshot::Sender<()>> {
        let mut round = Round::default();
        while let Ok(message) = self.messages.try_recv() {
            self.sort(message, &mut round);
        }
        let closers = self.work(round);
        self.refuse();
        closers
    }

    /// Waits for something to do. `None` if nobody can ask any more.
    fn gather(&mut self) -> Option<Round> {
        let mut round = Round::default();
        let first = match self.patience() {
            None => self.messages.recv().ok()?,
            Some(time) => match self.messages.recv_timeout(time) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => return Some(round),
                Err(RecvTimeoutError::Disconnected) => return None,
            },
        };
        self.sort(first, &mut round);
        let (expected, mut count) = (self.last.min(ROUND), 1);
        let until = Instant::now() + LINGER;
        while count < ROUND {
            let wait = match count < expected {
                true => until.saturating_duration_since(Instant::now()),
                false => Duration::ZERO,
            };
            match self.messages.recv_timeout(wait) {
                Ok(message) => self.sort(message, &mut round),
                Err(_) => break,
            }
            count += 1;
        }
        self.last = count;
        Some(round)
    }

    fn sort(&mut self, message: Message, round: &mut Round) {
        match message {
            Message::Write(task) => round.writes.push(task),
            Message::Read(task) => round.reads.push(task),
            Message::Claim(claim) => self.waiting.push(claim),
            Message::Close(closer) => {
                self.closed = true;
                round.closers.push(closer);
            }
        }
    }

    /// How long to wait for a message.
    fn patience(&self) -> Option<Duration> {
        let wake = self.waiting.iter().map(|claim| claim.wake).min();
        let poll = self.store.settings.poll_interval;
        let Some(wake) = wake else {
            return self.closed.then_some(poll);
        };
        let micros = wake.saturating_sub(self.store.clock.now());
        Some(poll.min(Duration::from_micros(u64::try_from(micros).unwrap_or(0))))
    }

    /// Does what came in, and gives those that wait what is there.
    fn write(&mut self, writes: Vec<Box<dyn Task>>) {
        self.waiting.retain(|claim| !claim.is_abandoned());
        let claims = match self.closed {
            true => Vec::new(),
            false => self.hungry(!writes.is_empty()),
        };
        if writes.is_empty() && claims.is_empty() {
            return;
        }
        let alone = writes.len() + claims.len() == 1;
        let (mut writes, mut claims) = (writes, claims);
        match self.attempt(&mut writes, &mut claims) {
            Err(fault) if !alone && !fault.is_busy() => {
                for write in writes {
                    let mut write = [write];
                    let ended = self.attempt(&mut write, &mut []);
                    let [write] = write;
                    write.finish(ended);
                }
                for claim in claims {
                    let mut claim = [claim];
                    let ended = self.attempt(&mut [], &mut claim);
                    let [claim] = claim;
                    self.answer(claim, ended);
                }
            }
            ended => {
                for write in writes {
                    write.finish(ended.clone());
                }
                for claim in claims {
                    self.answer(claim, ended.clone());
                }
            }
        }
    }

    /// Takes those out that it is worth to look for: all of them, if something is written
    /// along with it, or else those that are due.
    fn hungry(&mut self, all: bool) -> Vec<Claim> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let all_may = self.store.others_wrote();
        if all {
            return std::mem::take(&mut self.waiting);
        }
        let now = self.store.clock.now();
        let mut hungry = Vec::new();
        for mut claim in std::mem::take(&mut self.waiting) {
            let may = all_may || claim.wake <= now;
            match may
                && self
                    .store
                    .read(|ledger| claim.is_due(ledger))
                    .unwrap_or(true)
            {
                true => hungry.push(claim),
                false => self.waiting.push(claim),
            }
        }
        hungry
    }

    fn attempt(&self, writes: &mut [Box<dyn Task>], claims: &mut [Claim]) -> Result<(), Fault> {
        self.store.commit(|ledger| {
            for write in &mut *writes {
                write.attempt(ledger)?;
            }
            for claim in &mut *claims {
                claim.attempt(ledger)?;
            }
            Ok(())
        })
    }

    fn answer(&mut self, claim: Claim, ended: Result<(), Fault>) {
        match ended {
            Ok(()) => self.waiting.extend(claim.finish(&self.out)),
            Err(fault) => claim.fail(fault),
        }
    }

    fn read(&self, mut task: Box<dyn Task>) {
        let ended = self.store.read(|ledger| task.attempt(ledger));
        task.finish(ended);
    }

    /// Turns away those that wait, after a close.
    fn refuse(&mut self) {
        for claim in self.waiting.drain(..) {
            claim.fail(Fault::Closed);
        }
    }

    /// Whether it is closed, and no lease is out that is to be settled.
    fn is_over(&mut self) -> bool {
        self.closed && Arc::get_mut(&mut self.out).is_some()
    }

    fn forget(&self) {
        let forgotten = self
            .store
            .commit(|ledger| Ok(ledger.forget(FORGOTTEN_AT_ONCE).map(drop)?));
        if let Err(fault) = forgotten {
            tracing::debug!(target: "ventix", %fault, "old ids stay");
        }
    }

    fn end(self) {
        self.forget();
        self.store.checkpoint("TRUNCATE");
        self.store.close();
    }
}
