//! The command-line tool, on a queue in a file.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use ventix::remote::sqlite::Sqlite;
use ventix::remote::{Remote, Worker};
use ventix::{Emitter, Linker, Retry, Strategy, on};

fn ventix(path: &Path, words: &[&str]) -> Output {
    let tool = env!("CARGO_BIN_EXE_ventix");
    let url = format!("sqlite:{}", path.display());
    Command::new(tool)
        .args(["--url", &url])
        .args(words)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = text(output);
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A queue `shop` with one emission that waits for `mail`, and two that are dead for `bill`.
async fn filled(path: &Path) {
    let remote = Remote::builder(Sqlite::open(path).unwrap())
        .queue("shop")
        .group("bill")
        .group("mail");
    let remote = remote.start().unwrap();
    remote.register::<u32>("shop.order", 1).unwrap();
    remote.register::<String>("shop.note", 1).unwrap();
    let linker = Linker::start();
    let fails = || Err::<(), _>("no printer");
    linker
        .subscribe(on::<u32>().call(move |_| fails()).named("print"))
        .unwrap();
    linker
        .subscribe(on::<String>().call(move |_| fails()).named("note"))
        .unwrap();
    let retry = Retry::constant(Duration::from_millis(1)).attempts(2);
    let worker = Worker::builder(&remote, &linker).group("bill").retry(retry);
    let worker = worker.start().unwrap();
    let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
    let report = emitter
        .prepare(7_u32)
        .key("customer-7")
        .emit_and_wait()
        .await;
    assert!(report.receipt().is_confirmed());
    let report = emitter.emit_and_wait(String::from("hello")).await;
    assert!(report.receipt().is_confirmed());
    while worker.stats().dead < 2 {
        actix::clock::sleep(Duration::from_millis(1)).await;
    }
    worker.drain(Duration::from_secs(5)).await;
    remote
        .backend()
        .close(Duration::from_secs(5))
        .await
        .unwrap();
}

#[actix::test]
async fn it_shows_what_waits_and_what_is_dead_and_gives_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.db");
    filled(&path).await;

    let table = text(&ventix(&path, &["status"]));
    let words: Vec<Vec<&str>> = table
        .lines()
        .map(|it| it.split_whitespace().collect())
        .collect();
    let headings = [
        "queue",
        "group",
        "ready",
        "delayed",
        "in",
        "flight",
        "dead",
        "consumers",
    ];
    assert_eq!(words[0], headings);
    assert_eq!(words[1], ["shop", "bill", "0", "0", "0", "2", "0"]);
    assert_eq!(words[2], ["shop", "mail", "2", "0", "0", "0", "0"]);
    let status = lines(&ventix(&path, &["status", "shop", "--json"]));
    assert_eq!(status[1]["ready"], 2);

    let dead = lines(&ventix(
        &path,
        &["dead", "shop", "bill", "--json", "--full"],
    ));
    assert_eq!(dead.len(), 2);
    let order = dead.iter().find(|it| it["event"] == "shop.order").unwrap();
    assert_eq!(
        (&order["key"], &order["attempts"]),
        (&"customer-7".into(), &2.into())
    );
    assert_eq!(
        (&order["code"], &order["data"]),
        (&"failed".into(), &"7".into())
    );
    assert!(order["reason"].as_str().unwrap().contains("no printer"));
    assert_eq!(order["errors"].as_array().unwrap().len(), 2);
    let table = text(&ventix(
        &path,
        &["dead", "shop", "bill", "--event", "shop.note"],
    ));
    assert_eq!(table.lines().count(), 2, "{table}");

    let none = refused(&ventix(&path, &["requeue", "shop", "bill"]));
    assert_eq!(none, "ventix: say which: --id, --code, --event, or --all\n");
    let id = order["id"].as_str().unwrap();
    let requeued = text(&ventix(&path, &["requeue", "shop", "bill", "--id", id]));
    assert_eq!(requeued, "1 requeued\n");
    let purged = lines(&ventix(
        &path,
        &["purge", "shop", "bill", "--all", "--json"],
    ));
    assert_eq!(purged[0]["purged"], 1);
    let status = lines(&ventix(&path, &["status", "shop", "--json"]));
    assert_eq!(
        (&status[0]["ready"], &status[0]["dead"]),
        (&1.into(), &0.into())
    );

    let sure = refused(&ventix(&path, &["remove", "shop", "mail"]));
    assert!(sure.contains("--yes"), "{sure}");
    assert_eq!(
        text(&ventix(&path, &["remove", "shop", "mail", "--yes"])),
        "mail removed\n"
    );
    let status = lines(&ventix(&path, &["status", "--json"]));
    assert_eq!(status.len(), 1);
}

#[actix::test]
async fn it_prints_what_is_emitted_and_leaves_no_group_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.db");
    filled(&path).await;
    let tailing = {
        let path = path.clone();
        std::thread::spawn(move || {
            lines(&ventix(&path, &["tail", "shop", "--count", "2", "--json"]))
        })
    };
    let remote = Remote::builder(Sqlite::open(&path).unwrap())
        .queue("shop")
        .start()
        .unwrap();
    remote.register::<u32>("shop.order", 1).unwrap();
    let emitter = Emitter::start(&Linker::start(), Strategy::remote(&remote));
    while !tailing.is_finished() {
        emitter.prepare(9_u32).key("k").emit();
        actix::clock::sleep(Duration::from_millis(20)).await;
    }
    let seen = tailing.join().unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!(
        (&seen[0]["event"], &seen[0]["data"]),
        (&"shop.order".into(), &"9".into())
    );
    let status = lines(&ventix(&path, &["status", "shop", "--json"]));
    assert!(
        status
            .iter()
            .all(|it| !it["group"].as_str().unwrap().starts_with("tail"))
    );
}

#[test]
fn what_is_wrong_is_said_and_no_password_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nothing.db");
    assert!(refused(&ventix(&path, &["status"])).contains("there is no file"));
    assert!(!path.exists(), "and none is made");
    for url in ["redis://:hunter2@127.0.0.1:1", "amqp://user:hunter2@host"] {
        let tool = Command::new(env!("CARGO_BIN_EXE_ventix"));
        let mut tool = tool;
        let output = tool.args(["--url", url, "status"]).output().unwrap();
        let error = refused(&output);
        assert!(!error.contains("hunter2"), "{error}");
    }
    let help = Command::new(env!("CARGO_BIN_EXE_ventix"))
        .arg("--help")
        .output()
        .unwrap();
    let help = text(&help);
    for command in [
        "status",
        "consumers",
        "dead",
        "requeue",
        "purge",
        "remove",
        "tail",
    ] {
        assert!(help.contains(command), "{help}");
    }
}
