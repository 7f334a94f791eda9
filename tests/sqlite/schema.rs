//! Files that are not ours, or not of this version.

use std::error::Error;
use std::io::Write;

use ventix::remote::{BackendError, PublishError};

use super::*;

fn refusal(error: BackendError) -> String {
    let BackendError::Refused(source) = error else {
        panic!("{error:?}")
    };
    source.to_string()
}

#[test]
fn a_newer_version_is_refused_and_left_alone() {
    let place = Place::new();
    drop(place.open());
    let file = place.look();
    file.execute("UPDATE ventix_schema SET version = 99", [])
        .unwrap();
    assert_eq!(
        refusal(Sqlite::open(&place.path).unwrap_err()),
        "the tables are of version 99, and this program knows version 1"
    );
}

#[test]
fn the_programs_own_version_number_is_its_own() {
    let place = Place::new();
    let file = place.look();
    file.pragma_update(None, "user_version", 42).unwrap();
    drop(place.open());
    let version: i64 = file
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 42);
}

#[test]
fn what_is_no_database_is_refused() {
    let place = Place::new();
    std::fs::write(&place.path, [7; 8192]).unwrap();
    refusal(Sqlite::open(&place.path).unwrap_err());
    refusal(Sqlite::open(place.path.join("no/such/folder")).unwrap_err());
    let error = refusal(Sqlite::open(":memory:").unwrap_err());
    assert!(error.contains("journal mode"), "{error}");
}

#[actix::test]
async fn a_damaged_file_is_an_error_and_never_a_panic() {
    let place = Place::new();
    let backend = place.open();
    backend
        .ensure(&unordered().group(group("billing")))
        .await
        .unwrap();
    let batch: Vec<_> = (0..500).map(|_| message(&"x".repeat(500))).collect();
    publish(&backend, &batch).await;
    backend.close(DEADLINE).await.unwrap();
    let length = std::fs::metadata(&place.path).unwrap().len();
    let file = std::fs::OpenOptions::new().write(true).open(&place.path);
    let mut file = file.unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xff; usize::try_from(length).unwrap() - 4096])
        .unwrap();
    let backend = match Sqlite::open(&place.path) {
        Ok(backend) => backend,
        Err(error) => {
            refusal(error);
            return;
        }
    };
    let error = backend.status(&queue()).await.unwrap_err();
    assert!(refusal(error).contains("malformed"));
    let answer = backend
        .publish(&queue(), &[message("a")])
        .await
        .pop()
        .unwrap();
    let error = answer.unwrap_err();
    assert!(matches!(error, PublishError::NotSent(_)), "{error:?}");
    assert!(error.source().is_some());
}
