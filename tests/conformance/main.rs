//! Every engine passes the suite, and engines that are broken on purpose do not.

#[cfg(feature = "redis")]
#[path = "../redis/server.rs"]
#[allow(dead_code, reason = "the tests of the backend itself use the rest")]
mod server;

mod broken;
mod mutants;

use std::time::Duration;

use ventix::testing::Suite;

/// How large the large rows are here: a tenth.
const SCALE: f64 = 0.1;

/// A window that a test waits for.
const SHORT: Duration = Duration::from_secs(1);

/// Runs the row that is only about engines with a short window.
fn forgets_in_time(suite: &Suite) {
    actix::System::new().block_on(suite.run("an_id_is_new_after_a_short_window"));
}

mod memory {
    fn suite() -> Option<super::Suite> {
        let memory = ventix::remote::Memory::builder().max_bytes(1 << 21).build();
        let suite = super::Suite::new(move || memory.clone());
        let bounded = || ventix::remote::Memory::builder().max_messages(50).build();
        Some(suite.bounded(bounded).scale(super::SCALE))
    }

    ventix::conformance!(suite());

    #[test]
    fn ids_are_forgotten_in_time() {
        let memory = ventix::remote::Memory::builder().dedup_window(super::SHORT);
        let memory = memory.build();
        super::forgets_in_time(&super::Suite::new(move || memory.clone()));
    }

    #[tokio::test(start_paused = true)]
    async fn hours_take_no_time_on_a_paused_clock() {
        use ventix::remote::{Backend, Confirmed, Consumer, GroupName, Memory, Topology};
        let (memory, queue) = (Memory::new(), "queue".parse().unwrap());
        let group: GroupName = "group".parse().unwrap();
        let topology = Topology::new(queue).group(group.clone());
        let consumer = Consumer {
            topology: topology.clone(),
            group,
            name: "one".into(),
            lease: 60 * super::SHORT,
        };
        let id = ventix::EmissionId::from_u128(1);
        let mut message = ventix::remote::Outgoing::new(id, *b"later");
        message.delay = Some(3_600 * super::SHORT);
        let begun = tokio::time::Instant::now();
        let mut source = memory.consume(&consumer).await.unwrap();
        let one = std::num::NonZeroUsize::MIN;
        for expected in [Confirmed::Stored, Confirmed::Duplicate] {
            let answers = memory.publish(topology.queue(), &[message.clone()]).await;
            assert!(matches!(answers[..], [Ok(answer)] if answer == expected));
        }
        let held = source.next(one).await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), 3_600);
        // Nobody settles it: its lease runs out.
        let again = source.next(one).await.unwrap();
        assert_eq!(again[0].deliveries(), Some(2));
        assert_eq!(begun.elapsed().as_secs(), 3_660);
        // By now its id is new.
        let answers = memory.publish(topology.queue(), &[message]).await;
        assert!(matches!(answers[..], [Ok(Confirmed::Stored)]));
        drop((held, again));
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::sync::Arc;
    use std::time::Duration;

    use ventix::remote::sqlite::Sqlite;

    fn suite() -> Option<super::Suite> {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let suite = super::Suite::new(move || {
            let path = folder.path().join("queue.db");
            // Many write at a time, and whoever waits longest is not the next.
            let patient = Sqlite::builder(path).busy_timeout(Duration::from_secs(60));
            patient.open().unwrap()
        });
        let folders = std::sync::Mutex::new(Vec::new());
        let bounded = move || {
            let folder = tempfile::tempdir().unwrap();
            let small = Sqlite::builder(folder.path().join("small.db")).max_size(400_000);
            folders.lock().unwrap().push(folder);
            small.open().unwrap()
        };
        // There is no server: what is open is all that could be restarted.
        let suite = suite.bounded(bounded).restart(|| std::future::ready(()));
        Some(suite.scale(super::SCALE))
    }

    ventix::conformance!(suite());

    #[test]
    fn ids_are_forgotten_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue.db");
        super::forgets_in_time(&super::Suite::new(move || {
            let builder = Sqlite::builder(&path).dedup_window(super::SHORT);
            builder.open().unwrap()
        }));
    }
}

#[cfg(feature = "redis")]
mod redis {
    use std::sync::{Arc, Mutex};

    use super::server::Server;

    fn suite() -> Option<super::Suite> {
        let server = Server::start()?;
        let builder = server.builder().max_bytes(1 << 21);
        let server = Arc::new(Mutex::new(server));
        let suite = super::Suite::new(move || builder.clone().build().unwrap());
        let suite = suite.restart(move || {
            let server = server.clone();
            async move {
                let mut server = server.lock().unwrap();
                server.kill();
                server.revive();
            }
        });
        Some(suite.scale(super::SCALE))
    }

    ventix::conformance!(suite());

    #[test]
    fn ids_are_forgotten_in_time() {
        let Some(server) = Server::start() else {
            return;
        };
        let builder = server.builder().dedup_window(super::SHORT);
        super::forgets_in_time(&super::Suite::new(move || builder.clone().build().unwrap()));
    }
}
