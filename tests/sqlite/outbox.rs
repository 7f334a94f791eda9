//! Publishing within a transaction of the program's own.

use rusqlite::TransactionBehavior;
use ventix::remote::PublishError;
use ventix::remote::sqlite::Outbox;

use super::*;

fn shop(place: &Place) -> rusqlite::Connection {
    let shop = place.look();
    let sql = "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY)";
    shop.execute_batch(sql).unwrap();
    shop
}

#[actix::test]
async fn a_message_is_published_when_the_transaction_commits() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    let mut shop = shop(&place);
    let outbox = backend.outbox();
    let transaction = shop.transaction().unwrap();
    transaction
        .execute("INSERT INTO orders (id) VALUES (1)", [])
        .unwrap();
    let placed = message("order 1");
    let stored = outbox.enqueue(&transaction, &queue(), &placed).unwrap();
    assert_eq!(stored, Confirmed::Stored);
    let again = outbox.enqueue(&transaction, &queue(), &placed).unwrap();
    assert_eq!(again, Confirmed::Duplicate);
    assert_nothing(&mut source).await;
    transaction.commit().unwrap();
    assert_eq!(drain(&mut source, 1).await, ["order 1"]);
    let again = backend.publish(&queue(), &[placed]).await.pop().unwrap();
    assert_eq!(again.unwrap(), Confirmed::Duplicate);
}

#[actix::test]
async fn a_message_is_not_published_when_the_transaction_is_rolled_back() {
    let place = Place::new();
    let backend = place.open();
    let mut source = reader(&backend, unordered(), "billing").await;
    let mut shop = shop(&place);
    let outbox = backend.outbox();
    let placed = message("order 1");
    let transaction = shop.transaction().unwrap();
    outbox.enqueue(&transaction, &queue(), &placed).unwrap();
    drop(transaction);
    assert_nothing(&mut source).await;
    // The id was not used up by it.
    publish(&backend, &[placed]).await;
    assert_eq!(drain(&mut source, 1).await, ["order 1"]);
}

#[actix::test]
async fn an_outbox_needs_no_open_backend_and_keeps_the_order_of_keys() {
    let place = Place::new();
    let mut shop = shop(&place);
    let outbox = Outbox::prepare(&mut shop).unwrap();
    let transaction = shop.transaction().unwrap();
    for text in ["1", "2"] {
        outbox
            .enqueue(&transaction, &queue(), &keyed("k", text))
            .unwrap();
    }
    transaction.commit().unwrap();
    Outbox::prepare(&mut shop).unwrap();
    let backend = place.open();
    let mut source = reader(&backend, ordered(), "billing").await;
    assert_eq!(drain(&mut source, 2).await, ["1", "2"]);
}

#[actix::test]
async fn what_is_refused_leaves_the_transaction_as_it_was() {
    let place = Place::new();
    let backend = Sqlite::builder(&place.path).max_bytes(10).open().unwrap();
    let mut source = reader(&backend, unordered(), "billing").await;
    let mut shop = shop(&place);
    let outbox = backend.outbox();
    let transaction = shop
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .unwrap();
    transaction
        .execute("INSERT INTO orders (id) VALUES (1)", [])
        .unwrap();
    let error = outbox
        .enqueue(&transaction, &queue(), &message("far too many bytes"))
        .unwrap_err();
    assert!(matches!(error, PublishError::Rejected(_)));
    outbox
        .enqueue(&transaction, &queue(), &message("fits"))
        .unwrap();
    transaction.commit().unwrap();
    assert_eq!(drain(&mut source, 1).await, ["fits"]);
    let orders: i64 = shop
        .query_row("SELECT count(*) FROM orders", [], |row| row.get(0))
        .unwrap();
    assert_eq!(orders, 1);
}
