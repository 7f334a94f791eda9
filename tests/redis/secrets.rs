use std::error::Error;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use ventix::remote::redis::Redis;
use ventix::remote::{Backend, BackendError, PublishError};

use crate::server::{Server, free_port};
use crate::support::*;

const PASSWORD: &str = "s3cret-p4ss";

/// Everything that an error says of itself.
fn said(error: &dyn Error) -> String {
    let mut text = format!("{error:?}");
    let mut next = Some(error);
    while let Some(error) = next {
        text = format!("{text}\n{error} {error:?}");
        next = error.source();
    }
    text
}

#[tokio::test]
async fn a_password_and_a_database_are_taken_from_the_url() {
    let arguments = ["--save", "", "--requirepass", PASSWORD];
    let Some(server) = Server::with(&arguments) else {
        return;
    };
    let url = format!("redis://:{PASSWORD}@127.0.0.1:{}/3", server.port);
    let backend = Redis::connect(&url).await.unwrap();
    let mut source = consume(&backend, &topology(&["g"]), "g", "one", LONG).await;
    publish_bodies(&backend, &["a"]).await;
    assert_eq!(drain(&mut source, 1).await, ["a"]);
    let other = Redis::connect(&url.replace("/3", "/4")).await.unwrap();
    assert_eq!(other.queues().await.unwrap(), []);
    let shown = format!(
        "{backend:?} {:?} {:?}",
        Redis::builder(&url),
        backend.capabilities()
    );
    assert!(!shown.contains(PASSWORD), "{shown}");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_never_shown() {
    let Some(server) = Server::with(&["--save", "", "--requirepass", "another"]) else {
        return;
    };
    for user in ["", "somebody"] {
        let url = format!("redis://{user}:{PASSWORD}@127.0.0.1:{}", server.port);
        let error = Redis::connect(&url).await.unwrap_err();
        assert!(matches!(error, BackendError::Refused(_)), "{error:?}");
        let said = said(&error);
        assert!(
            !said.contains(PASSWORD) && said.contains("127.0.0.1"),
            "{said}"
        );
        let backend = Redis::builder(&url).build().unwrap();
        let answer = backend.publish(&queue(), &[message("a")]).await.remove(0);
        let error = answer.unwrap_err();
        assert!(matches!(error, PublishError::NotSent(_)), "{error:?}");
        assert!(!self::said(&error).contains(PASSWORD));
    }
    // And none at all.
    let error = Redis::connect(&server.url()).await.unwrap_err();
    assert!(matches!(error, BackendError::Refused(_)), "{error:?}");
}

#[tokio::test]
async fn an_unreachable_host_is_unavailable_and_shows_no_password() {
    let url = format!("redis://:{PASSWORD}@127.0.0.1:{}", free_port());
    let error = Redis::connect(&url).await.unwrap_err();
    assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
    assert!(!said(&error).contains(PASSWORD));
    for url in [
        format!("http://:{PASSWORD}@host"),
        format!("{PASSWORD} no url"),
        format!("redis://:{PASSWORD}@host/no-number"),
    ] {
        let error = Redis::builder(url).build().unwrap_err();
        assert!(matches!(error, BackendError::Refused(_)), "{error:?}");
        assert!(!said(&error).contains(PASSWORD));
    }
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 4096];
        loop {
            let count = stream.read(&mut bytes).await.unwrap();
            let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
            if text.is_empty() {
                return;
            }
            // Each command is an array, and is answered in its turn.
            for command in text.split('*').skip(1) {
                let answer = match command.contains("INFO\r\n") && !command.contains("SETINFO") {
                    true => "$22\r\nredis_version:6.2.14\r\n\r\n",
                    false => "+OK\r\n",
                };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    let url = format!("redis://127.0.0.1:{port}");
    let error = Redis::connect(&url).await.unwrap_err();
    assert!(matches!(error, BackendError::Refused(_)), "{error:?}");
    let text = error.source().unwrap().to_string();
    let expected = format!("127.0.0.1:{port} is Redis 6.2.14; version 7.0 or later is needed");
    assert_eq!(text, expected);
}

#[cfg(feature = "redis-tls")]
#[tokio::test]
async fn a_server_is_reached_by_tls_if_its_certificate_is_trusted() {
    let dir = tempfile::TempDir::new().unwrap();
    let Some(path) = certificates(dir.path()) else {
        return;
    };
    let port = free_port().to_string();
    let arguments = [
        "--tls-port",
        &port,
        "--tls-auth-clients",
        "no",
        "--tls-cert-file",
        &path("server.crt"),
        "--tls-key-file",
        &path("server.key"),
        "--tls-ca-cert-file",
        &path("ca.crt"),
        "--requirepass",
        PASSWORD,
    ];
    let Some(server) = Server::with(&arguments) else {
        return;
    };
    let url = format!("rediss://:{PASSWORD}@localhost:{port}");
    let roots = std::fs::read(path("ca.crt")).unwrap();
    let backend = Redis::builder(&url)
        .root_certificates(roots)
        .build()
        .unwrap();
    let mut source = consume(&backend, &topology(&["g"]), "g", "one", LONG).await;
    publish_bodies(&backend, &["a"]).await;
    assert_eq!(drain(&mut source, 1).await, ["a"]);
    // The authorities of the world have not signed it.
    let error = Redis::connect(&url).await.unwrap_err();
    assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
    let said = said(&error);
    assert!(
        !said.contains(PASSWORD) && said.contains("certificate"),
        "{said}"
    );
    drop(server);
}

/// Makes an authority, and a certificate for `localhost`.
#[cfg(feature = "redis-tls")]
fn certificates(dir: &std::path::Path) -> Option<impl Fn(&str) -> String> {
    let dir = dir.to_str().unwrap().to_owned();
    let path = move |name: &str| format!("{dir}/{name}");
    std::fs::write(path("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1").unwrap();
    let commands = [
        format!(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ventix-test-ca -keyout {} -out {}",
            path("ca.key"),
            path("ca.crt"),
        ),
        format!(
            "req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout {} -out {}",
            path("server.key"),
            path("server.csr"),
        ),
        format!(
            "x509 -req -days 2 -in {} -CA {} -CAkey {} -CAcreateserial -extfile {} -out {}",
            path("server.csr"),
            path("ca.crt"),
            path("ca.key"),
            path("names"),
            path("server.crt"),
        ),
    ];
    for command in commands {
        let output = std::process::Command::new("openssl")
            .args(command.split(' '))
            .output();
        let Ok(output) = output else {
            let text = "openssl is not installed: `apt-get install openssl`";
            assert!(std::env::var_os("CI").is_none(), "{text}");
            eprintln!("skipped: {text}");
            return None;
        };
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Some(path)
}

#[tokio::test]
async fn a_host_that_does_not_answer_costs_no_more_than_the_timeout() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let backend = Redis::builder(format!("redis://127.0.0.1:{port}"))
        .connect_timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let start = std::time::Instant::now();
    let (queue, message) = (queue(), [message("a")]);
    let publish = || backend.publish(&queue, &message);
    // Those who wait for one attempt do not make another each.
    let answers = tokio::join!(publish(), publish(), publish(), publish());
    assert!(
        start.elapsed() < Duration::from_millis(900),
        "{:?}",
        start.elapsed()
    );
    assert!(matches!(answers.3[..], [Err(PublishError::NotSent(_))]));
}

#[tokio::test]
async fn the_rights_that_the_docs_name_are_enough() {
    let server = crate::clauses::server!();
    let docs = include_str!("../../src/remote/redis/mod.rs");
    let start = docs.find("ACL SETUSER").unwrap();
    let end = start + docs[start..].find("//! ```").unwrap();
    let words: Vec<_> = docs[start..end]
        .split_whitespace()
        .filter(|word| *word != "//!")
        .collect();
    server.run(&words.join(" ")).await;
    server.run("ACL SETUSER default off").await;
    let url = format!("redis://ventix:password@127.0.0.1:{}/0", server.port);
    let backend = Redis::connect(&url).await.unwrap();
    for name in ["plain", "ordered"] {
        let queue: ventix::remote::QueueName = name.parse().unwrap();
        let mut topology = ventix::remote::Topology::new(queue.clone());
        if name == "ordered" {
            topology = topology.ordered(2.try_into().unwrap());
        }
        let mut source = consume(&backend, &topology, "g", "one", Duration::from_secs(1)).await;
        let messages = [message("a"), delayed("b", Duration::from_millis(50))];
        for answer in backend.publish(&queue, &messages).await {
            answer.unwrap();
        }
        let mut lease = one(&mut source).await;
        lease.extend().await.unwrap();
        lease.retry(Duration::from_millis(10), None).await.unwrap();
        one(&mut source).await.release().await.unwrap();
        // One expires, and is handed out again.
        drop(one(&mut source).await);
        for _ in 0..2 {
            let reason = ventix::remote::DeadReason::new("failed", "so it goes");
            one(&mut source).await.dead(reason, None).await.unwrap();
        }
        let group: ventix::remote::GroupName = "g".parse().unwrap();
        let query = ventix::remote::DeadQuery::new(queue.clone(), group.clone());
        let page = backend.dead(&query).await.unwrap();
        let letters = page.records.into_iter().map(|r| (r.id, None));
        let mut selection = ventix::remote::DeadSelection {
            queue: queue.clone(),
            group,
            letters: letters.collect(),
        };
        let last = selection.letters.pop();
        assert_eq!(backend.requeue(&selection).await.unwrap(), 1);
        selection.letters = last.into_iter().collect();
        assert_eq!(backend.purge(&selection).await.unwrap(), 1);
        one(&mut source).await.ack().await.unwrap();
        backend.status(&queue).await.unwrap().unwrap();
    }
    assert_eq!(backend.queues().await.unwrap().len(), 2);
}
