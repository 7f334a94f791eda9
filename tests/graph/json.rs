//! The graph as JSON.

use serde_json::{Value, json};

use super::names::{NASTY, nasty};
use super::*;

fn read(graph: &Graph) -> Value {
    serde_json::from_str(&graph.to_json()).expect("it is JSON")
}

#[actix::test]
async fn all_of_it_is_in_the_json() {
    let linker = Linker::builder()
        .name("orders")
        .sample_graph(1)
        .start()
        .unwrap();
    let bill = on::<u8>().call(|n| drop(n.emitter().prepare("text").topic("a.b").emit()));
    linker.subscribe(bill.named("bill")).unwrap();
    linker
        .subscribe(on_topic::<&str>("a.*").call(|_| ()))
        .unwrap();
    linker.subscribe(on::<u16>().call(|_| ()).once()).unwrap();
    let emitter = inline(&linker);
    emitter.emit(1_u8);
    emitter.emit(true);
    let expected = json!({
        "linker": "orders",
        "one_in": 1,
        "omitted": 0,
        "events": [
            {"id": "e0", "kind": "type", "name": "bool", "listeners": 0, "emitted": 1,
             "missed": 1, "unheard": true, "types": [{"name": "bool", "emitted": 1}]},
            {"id": "e1", "kind": "type", "name": "u16", "listeners": 1, "emitted": 0,
             "missed": 0, "unheard": false, "types": []},
            {"id": "e2", "kind": "type", "name": "u8", "listeners": 1, "emitted": 1,
             "missed": 0, "unheard": false, "types": [{"name": "u8", "emitted": 1}]},
            {"id": "e3", "kind": "topic", "name": "a.b", "listeners": 0, "emitted": 1,
             "missed": 0, "unheard": false, "types": [{"name": "&str", "emitted": 1}]},
            {"id": "e4", "kind": "pattern", "name": "a.*", "listeners": 1, "emitted": 0,
             "missed": 0, "unheard": false, "types": []},
        ],
        "handlers": [
            {"id": "h1", "subscription": 1, "name": "bill", "linked": true, "once": false,
             "matched": 1, "handled": 1, "unreached": false},
            {"id": "h2", "subscription": 2, "name": null, "linked": true, "once": false,
             "matched": 1, "handled": 1, "unreached": false},
            {"id": "h3", "subscription": 3, "name": null, "linked": true, "once": true,
             "matched": 0, "handled": 0, "unreached": true},
        ],
        "links": [
            {"event": "e1", "handler": "h3"},
            {"event": "e2", "handler": "h1"},
            {"event": "e4", "handler": "h2"},
        ],
        "feeds": [{"event": "e3", "reaches": "e4"}],
        "chains": [{"cause": "e2", "handler": "h1", "event": "e3", "count": 1}],
    });
    assert_eq!(read(&linker.graph()), expected);
    assert_eq!(serde_json::to_value(linker.graph()).unwrap(), expected);
}

#[actix::test]
async fn any_name_is_read_back_from_json() {
    let graph = read(&nasty());
    assert_eq!(graph["linker"], NASTY.concat());
    let names = graph["handlers"].as_array().unwrap().iter();
    assert!(
        names
            .map(|handler| handler["name"].as_str().unwrap())
            .eq(NASTY)
    );
    let topics = graph["events"].as_array().unwrap().iter();
    let topics: Vec<_> = topics
        .map(|event| event["name"].as_str().unwrap())
        .collect();
    assert!(topics.contains(&"b.\"|]\\.#35;:`"), "{topics:?}");
}
