use std::fmt;

use super::drawing::{Drawing, Look, Mark, Shape, Stroke};
use super::event::EventKind;
use super::graph::Graph;
use super::short::visible;

/// Prints a [`Graph`] for Mermaid. Made by [`Graph::mermaid`].
///
/// Events nobody hears have the class `unheard`, handlers that nothing reaches
/// `unreached`, and those that are not subscribed any more `gone`.
///
/// # Examples
///
/// ```
/// # use ventix::{on, Linker};
/// # actix::System::new().block_on(async {
/// let linker = Linker::start();
/// linker.subscribe(on::<u8>().call(|_| ()).named("say \"hi\""))?;
/// let mermaid = linker.graph().mermaid().to_string();
/// assert!(mermaid.contains(r#"h1["say #34;hi#34;<br/>#35;1<br/>0 matched"]:::unreached"#));
/// assert!(mermaid.contains("e0 --> h1"));
/// # Ok::<(), ventix::SubscribeError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Mermaid<'a>(pub(super) &'a Graph);

impl fmt::Display for Mermaid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drawing = Drawing::new(self.0);
        writeln!(f, "flowchart LR")?;
        let mut marks = Vec::new();
        for shape in drawing.shapes() {
            write_node(f, &shape)?;
            marks.extend(shape.mark);
        }
        for arrow in drawing.arrows() {
            let line = match arrow.stroke {
                Stroke::Link => "-->",
                Stroke::Feed => "-.->",
                Stroke::Chain => "==>",
            };
            write!(f, "  {} {line}", arrow.from)?;
            if let Some(label) = &arrow.label {
                write!(f, "|\"{}\"|", Text(label))?;
            }
            writeln!(f, " {}", arrow.to)?;
        }
        for mark in Mark::ALL.into_iter().filter(|mark| marks.contains(mark)) {
            let (name, colour) = (mark.as_str(), mark.colour());
            writeln!(
                f,
                "  classDef {name} stroke:{colour},color:{colour},stroke-dasharray:4"
            )?;
        }
        Ok(())
    }
}

fn write_node(f: &mut fmt::Formatter<'_>, shape: &Shape) -> fmt::Result {
    let (open, close) = match shape.look {
        Look::Event(EventKind::Type | EventKind::Topic) => ("([", "])"),
        Look::Event(EventKind::Pattern | EventKind::Everything) => ("{{", "}}"),
        Look::Handler => ("[", "]"),
    };
    let label = shape.lines.join("\n");
    write!(f, "  {}{open}\"{}\"{close}", shape.id, Text(&label))?;
    match shape.mark {
        Some(mark) => writeln!(f, ":::{}", mark.as_str()),
        None => writeln!(f),
    }
}

/// A text between quotes.
///
/// Mermaid looks for more in it than the quotes: Markdown, HTML, comments, its own
/// entities, and even colours, where `style` and a colon come before `#`. So all but
/// letters, digits and harmless signs are entities, by their number; and signs that
/// begin a list or code in Markdown are harmless inside a word only.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = visible(self.0);
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            let next = rest.clone().next();
            let in_a_word = next.is_some_and(char::is_alphanumeric);
            match c {
                '\n' => f.write_str("<br/>")?,
                '.' | '-' | '(' | ')' if in_a_word => write!(f, "{c}")?,
                ' ' if next != Some(' ') => write!(f, "{c}")?,
                c if c.is_alphanumeric() || ",×".contains(c) => write!(f, "{c}")?,
                c => write!(f, "#{};", u32::from(c))?,
            }
        }
        Ok(())
    }
}
