//! Names are a user's text: whatever is in them, pictures can be drawn, and say it.

use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

use super::*;

pub(crate) const NASTY: [&str; 19] = [
    "",
    "say \"hi\"",
    "back\\slash\\",
    "trailing quote\\\"",
    "two\nlines\r\nand\ta tab",
    "[square] (round) {curly} <angle>",
    "a -> b; c --- d | e",
    "\"]; evil [label=\"x",
    "\"] --> h99; click h1 callback",
    "&amp; &lt; #35; #quot;",
    "`markdown` **bold** %% comment %%{init: {}}%%",
    "style:#fff; classDef x fill:#f9f;",
    "1. one\n2) two\n- three\n---\n===",
    "     code",
    "a.b-c (d)",
    "end subgraph graph digraph",
    "größe 注文 🦀 \u{202e}",
    "\0\u{1b}[31m\u{7f}\u{85}\u{2028}",
    "<script>alert(1)</script><br/>\\N\\G\\l",
];

/// A linker with a handler of each name, and topics that look like syntax.
pub(crate) fn nasty() -> Graph {
    let linker = Linker::builder()
        .name(NASTY.concat())
        .sample_graph(1)
        .start()
        .unwrap();
    for name in NASTY {
        let topic = on_topic::<u8>("a.\"];{}<b&amp;\\.*").call(|n| {
            n.emitter().prepare(1_u8).topic("b.\"|]\\.#35;:`").emit();
        });
        linker.subscribe(topic.named(name)).unwrap();
    }
    inline(&linker)
        .prepare(1_u8)
        .topic("a.\"];{}<b&amp;\\.x")
        .emit();
    linker.graph()
}

/// What Mermaid makes of a text between quotes: it puts `&` before entities, and has
/// the browser read the rest.
fn read_mermaid(text: &str) -> String {
    let text = text.replace("<br/>", "\n");
    let mut read = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('#') {
        let (code, after) = after.split_once(';').expect("an entity ends");
        let code: u32 = code.parse().expect("an entity is a number");
        read.push_str(before);
        read.push(char::from_u32(code).expect("of a character"));
        rest = after;
    }
    read + rest
}

/// The name as it is shown: with control characters to be seen.
fn shown(name: &str) -> String {
    let show = |c: char| match c {
        '\n' => "\n".to_owned(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    name.chars().map(show).collect()
}

#[actix::test]
async fn any_name_can_be_read_in_mermaid() {
    let mermaid = nasty().mermaid().to_string();
    for (number, name) in NASTY.iter().enumerate() {
        let start = format!("  h{}[\"", number + 1);
        let mut lines = mermaid.lines().filter_map(|line| line.strip_prefix(&start));
        let text = lines.next().expect("a line for the handler");
        let text = text
            .strip_suffix("\"]")
            .expect("the quotes end where the line does");
        let harmless = |c: char| c.is_alphanumeric() || c > '\u{7f}' || " .,-()#;".contains(c);
        assert!(text.replace("<br/>", "").chars().all(harmless), "{text}");
        let expected = format!("{}\n#{}\n1 matched", shown(name), number + 1);
        assert_eq!(read_mermaid(text), expected);
    }
    let nodes = mermaid
        .lines()
        .filter(|line| line.contains("[\"") || line.contains("{\""));
    assert_eq!(nodes.count(), NASTY.len() + 3, "{mermaid}");
}

#[actix::test]
async fn mermaid_finds_no_lists_and_no_code_in_a_name() {
    let mermaid = nasty().mermaid().to_string();
    let list = "1#46; one<br/>2#41; two<br/>#45; three<br/>#45;#45;#45;<br/>#61;#61;#61;<br/>";
    assert!(mermaid.contains(list), "{mermaid}");
    assert!(
        mermaid.contains("\"#32;#32;#32;#32; code<br/>"),
        "{mermaid}"
    );
    assert!(mermaid.contains("\"a.b-c (d#41;<br/>"), "{mermaid}");
}

/// What Graphviz makes of a label, up to the quotes that end it.
fn read_dot(text: &str) -> String {
    let mut read = String::new();
    let mut rest = text.chars();
    loop {
        match rest.next().expect("the quotes end") {
            '"' => return read.replace("&amp;", "&"),
            '\\' => read.push(match rest.next() {
                Some('n') => '\n',
                Some(c @ ('"' | '\\')) => c,
                other => panic!("an escape of {other:?}"),
            }),
            c => read.push(c),
        }
    }
}

#[actix::test]
async fn any_name_can_be_read_in_dot() {
    let dot = nasty().dot().to_string();
    for (number, name) in NASTY.iter().enumerate() {
        let start = format!("  h{} [label=\"", number + 1);
        let mut lines = dot.lines().filter_map(|line| line.strip_prefix(&start));
        let text = lines.next().expect("a line for the handler");
        let expected = format!("{}\n#{}\n1 matched", shown(name), number + 1);
        assert_eq!(read_dot(text), expected);
        assert!(
            text.ends_with("\", shape=box, class=\"handler\"];"),
            "{text}"
        );
    }
    let arrows = dot.lines().filter(|line| line.contains("[style="));
    assert_eq!(arrows.count(), 2 * NASTY.len() + 1, "{dot}");
}

/// Has Graphviz draw it, or says that it is not there.
fn graphviz(dot: &str) -> Option<String> {
    let mut run = Command::new("dot");
    run.arg("-Tsvg")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = match run.spawn() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("skipped: Graphviz is not installed");
            return None;
        }
        spawned => spawned.expect("dot starts"),
    };
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(dot.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let of_syntax = |line: &&str| line.starts_with("Error") || line.contains("syntax");
    assert_eq!(errors.lines().find(of_syntax), None);
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The lines of the nodes of a class, as a browser would show them.
fn texts(svg: &str, class: &str) -> Vec<Vec<String>> {
    let unescape = |text: &str| {
        let text = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"");
        let text = text
            .replace("&#45;", "-")
            .replace("&#160;", " ")
            .replace("&#39;", "'");
        text.replace("&amp;", "&")
    };
    let groups = svg.split("<g id=").filter(|group| group.contains(class));
    let lines = |group: &str| {
        let texts = group.split("<text").skip(1);
        let texts = texts.filter_map(|text| Some(text.split_once('>')?.1.split_once("</text>")?.0));
        texts.map(unescape).collect()
    };
    groups.map(lines).collect()
}

#[actix::test]
async fn graphviz_draws_any_name_as_it_is() {
    let graph = nasty();
    let Some(svg) = graphviz(&graph.dot().to_string()) else {
        return;
    };
    let drawn = texts(&svg, "class=\"node handler\"");
    assert_eq!(drawn.len(), NASTY.len());
    for (number, name) in NASTY.iter().enumerate() {
        let shown = shown(name);
        let lines = shown.split('\n').filter(|line| !line.is_empty());
        let lines = lines.map(|line| line.trim().to_owned());
        let id = format!("#{}", number + 1);
        let expected: Vec<_> = lines.chain([id, "1 matched".to_owned()]).collect();
        let is_it = |lines: &&Vec<String>| lines.contains(&format!("#{}", number + 1));
        let found = drawn.iter().find(is_it).expect("it is drawn");
        let found = found.iter().map(|line| line.trim().to_owned());
        let found: Vec<_> = found.filter(|line| !line.is_empty()).collect();
        assert_eq!(found, expected);
    }
    let topics = texts(&svg, "class=\"node topic");
    assert!(
        topics.iter().any(|lines| lines[0] == "a.\"];{}<b&amp;\\.x"),
        "{topics:?}"
    );
    assert_eq!(texts(&svg, "unheard\"").len(), 1, "{svg}");
}

#[actix::test]
async fn types_of_one_name_are_told_apart_by_their_modules() {
    mod orders {
        pub(super) struct Created;
    }
    mod users {
        pub(super) struct Created;
    }
    let linker = sampled();
    let emitter = inline(&linker);
    emitter.emit(orders::Created);
    emitter.emit(users::Created);
    emitter.emit(Vec::<Placed>::new());
    let dot = linker.graph().dot().to_string();
    assert!(
        dot.contains("orders::Created\\n") && dot.contains("users::Created\\n"),
        "{dot}"
    );
    assert!(dot.contains("label=\"Vec<Placed>\\n"), "{dot}");
}
