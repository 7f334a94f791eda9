use std::fmt;

use super::drawing::{Drawing, Look, Shape, Stroke};
use super::event::EventKind;
use super::graph::Graph;
use super::short::visible;

/// Prints a [`Graph`] for Graphviz. Made by [`Graph::dot`].
///
/// Events nobody hears have the class `unheard`, handlers that nothing reaches
/// `unreached`, and those that are not subscribed any more `gone`; in SVG these are
/// classes too.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Linker};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|_| ()).named("say \"hi\""))?;
/// let dot = linker.graph().dot().to_string();
/// assert!(dot.contains(r#"h1 [label="say \"hi\"\n#1\n0 matched", "#));
/// assert!(dot.contains("e0 -> h1"));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Dot<'a>(pub(super) &'a Graph);

impl fmt::Display for Dot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drawing = Drawing::new(self.0);
        writeln!(
            f,
            "digraph {} {{",
            Quoted(self.0.name().unwrap_or("linker"))
        )?;
        writeln!(f, "  rankdir=LR;")?;
        writeln!(f, "  node [fontname=\"sans-serif\", fontsize=11];")?;
        writeln!(f, "  edge [fontname=\"sans-serif\", fontsize=9];")?;
        for shape in drawing.shapes() {
            write_node(f, &shape)?;
        }
        for arrow in drawing.arrows() {
            let style = match arrow.stroke {
                Stroke::Link => "solid",
                Stroke::Feed => "dotted",
                Stroke::Chain => "bold",
            };
            write!(f, "  {} -> {} [style={style}", arrow.from, arrow.to)?;
            if let Some(label) = &arrow.label {
                write!(f, ", label={}", Quoted(label))?;
            }
            writeln!(f, "];")?;
        }
        writeln!(f, "}}")
    }
}

fn write_node(f: &mut fmt::Formatter<'_>, shape: &Shape) -> fmt::Result {
    let (form, class) = match shape.look {
        Look::Event(EventKind::Type) => ("ellipse", "type"),
        Look::Event(EventKind::Topic) => ("ellipse", "topic"),
        Look::Event(EventKind::Pattern) => ("hexagon", "pattern"),
        Look::Event(EventKind::Everything) => ("hexagon", "everything"),
        Look::Handler => ("box", "handler"),
    };
    let label = Quoted(&shape.lines.join("\n")).to_string();
    write!(f, "  {} [label={label}, shape={form}, ", shape.id)?;
    match shape.mark {
        Some(mark) => {
            let (name, colour) = (mark.as_str(), mark.colour());
            writeln!(
                f,
                "class=\"{class} {name}\", color=\"{colour}\", fontcolor=\"{colour}\", style=dashed];"
            )
        }
        None => writeln!(f, "class=\"{class}\"];"),
    }
}

/// A text between quotes. Beside these and the backslash, Graphviz reads `&` as the
/// beginning of an HTML entity.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in visible(self.0).chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '&' => f.write_str("&amp;")?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}
