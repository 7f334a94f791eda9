//! Who listens to what, and who emits what: an order pipeline, drawn from its own
//! traffic. `cargo run --example graph`

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

use ventix::graph::Graph;
use ventix::{Emitter, Linker, Strategy, on, on_topic};

struct OrderPlaced(u64);
struct PaymentTaken(u64);
struct ParcelSent;
struct OrderCancelled;

fn link(linker: &Linker) -> ventix::Result {
    let payment = on::<OrderPlaced>().call_async(async |order| {
        order.emitter().emit(PaymentTaken(order.0));
    });
    linker.subscribe(payment.named("take payment"))?;

    let parcel = on::<PaymentTaken>().call(|payment| {
        let line = format!("order {} is paid", payment.0);
        payment.emitter().prepare(line).topic("audit.pay").emit();
        payment.emitter().emit(ParcelSent); // nobody hears it
    });
    linker.subscribe(parcel.named("send parcel"))?;

    linker.subscribe(
        on_topic::<String>("audit.>")
            .call(|_| ())
            .named("audit log"),
    )?;
    // Nobody reaches it: no order is ever cancelled here.
    linker.subscribe(on::<OrderCancelled>().call(|_| ()).named("refund"))?;
    Ok(())
}

/// Has Graphviz draw a picture, in a temporary folder that stays.
fn draw(graph: &Graph) -> ventix::Result {
    let folder = tempfile::tempdir()?.keep();
    let picture = folder.join("graph.svg");
    let mut dot = Command::new("dot");
    dot.arg("-Tsvg").stdin(Stdio::piped());
    let mut drawing = match dot.stdout(File::create(&picture)?).spawn() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("no picture: Graphviz is not installed");
            return Ok(std::fs::remove_dir_all(folder)?);
        }
        spawned => spawned?,
    };
    // Taken out: it is closed when it has been written.
    let text = drawing.stdin.take();
    text.map_or(Ok(()), |mut text| write!(text, "{}", graph.dot()))?;
    let status = drawing.wait()?;
    println!("the picture, {status}: {}", picture.display());
    Ok(())
}

#[actix::main]
async fn main() -> ventix::Result {
    let linker = Linker::builder().name("orders").sample_graph(1).start()?;
    link(&linker)?;
    let emitter = Emitter::start(&linker, Strategy::inline());
    for id in 1..=3 {
        print!("{}", emitter.emit_and_wait(OrderPlaced(id)).await);
    }

    let graph = linker.graph();
    println!("\n{}", graph.mermaid());
    for event in graph.unheard() {
        println!("nobody hears {}", event.name());
    }
    for handler in graph.unreached() {
        println!("nobody reaches {}", handler.name().unwrap_or("-"));
    }
    draw(&graph)
}
