//! What is a topic, what is a pattern, and which topics a pattern stands for.

use proptest::prelude::*;
use ventix::{IntoTopic, Pattern, Topic, TopicError, TopicFault};

fn topic(text: &str) -> Topic {
    Topic::new(text).unwrap()
}

fn pattern(text: &str) -> Pattern {
    Pattern::new(text).unwrap()
}

/// The fault of a text that must be no topic, and where it is.
fn topic_fault(text: &str) -> (TopicFault, usize) {
    fault(&Topic::new(text).unwrap_err())
}

/// The fault of a text that must be no pattern, and where it is.
fn pattern_fault(text: &str) -> (TopicFault, usize) {
    fault(&Pattern::new(text).unwrap_err())
}

fn fault(error: &TopicError) -> (TopicFault, usize) {
    (error.fault(), error.position())
}

#[test]
fn an_empty_text_is_no_topic() {
    assert_eq!(topic_fault(""), (TopicFault::Empty, 0));
    assert_eq!(pattern_fault(""), (TopicFault::Empty, 0));
    let error = Topic::new("").unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid topic ``: it is empty, at byte 0"
    );
}

#[test]
fn an_empty_part_is_found_first_in_the_middle_and_last() {
    for (text, at) in [
        (".a.b", 0),
        ("a..b", 2),
        ("a.b.", 4),
        (".", 0),
        ("a.*..", 4),
    ] {
        assert_eq!(pattern_fault(text), (TopicFault::EmptyPart, at), "{text}");
    }
    let error = Topic::new("a..b").unwrap_err();
    let text = "invalid topic `a..b`: a part is empty, at byte 2";
    assert_eq!(error.to_string(), text);
}

#[test]
fn white_space_is_found_whatever_its_script() {
    for (text, at) in [
        (" a", 0),
        ("a.b c", 3),
        ("a.b\t", 3),
        ("a\r\n", 1),
        ("é.b\u{a0}c", 4),
        ("a.\u{3000}", 2),
        ("ordres.été\u{2003}", 12),
        ("a\u{85}b", 1),
        ("* *", 1),
    ] {
        assert_eq!(
            pattern_fault(text),
            (TopicFault::WhiteSpace, at),
            "{text:?}"
        );
    }
    assert_eq!(topic_fault("a.b c"), (TopicFault::WhiteSpace, 3));
    let error = Topic::new("a\tb").unwrap_err();
    let text = r"invalid topic `a\tb`: it holds white space, at byte 1";
    assert_eq!(error.to_string(), text);
}

#[test]
fn nothing_may_follow_the_rest() {
    for (text, at) in [(">.a", 0), ("a.>.b", 2), ("a.>.>", 2), ("*.>.*", 2)] {
        assert_eq!(pattern_fault(text), (TopicFault::RestNotLast, at), "{text}");
    }
    let error = Pattern::new("a.>.b").unwrap_err();
    let text = "invalid topic `a.>.b`: `>` is not the last part, at byte 2";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_wildcard_shares_its_part_with_nothing() {
    for (text, at) in [
        ("ord*", 3),
        ("a.*b", 2),
        ("a.b>", 3),
        (">>", 0),
        ("é.é*", 5),
    ] {
        let found = pattern_fault(text);
        assert_eq!(found, (TopicFault::PartialWildcard, at), "{text}");
    }
    let error = Pattern::new("a.b*").unwrap_err();
    let text = "invalid topic `a.b*`: a wildcard is not a part of its own, at byte 3";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_topic_to_emit_on_has_no_wildcard() {
    for (text, at) in [("*", 0), (">", 0), ("a.*.b", 2), ("a.>", 2), ("a.b*", 3)] {
        let found = topic_fault(text);
        assert_eq!(found, (TopicFault::WildcardInTopic, at), "{text}");
    }
    let error = Topic::new("a.*").unwrap_err();
    let text = "invalid topic `a.*`: a topic to emit on has no wildcard, at byte 2";
    assert_eq!(error.to_string(), text);
}

#[test]
fn two_hundred_and_fifty_five_bytes_fit_and_one_more_does_not() {
    let longest = "a".repeat(255);
    assert_eq!(topic(&longest).as_str(), longest);
    assert_eq!(pattern(&longest).as_str(), longest);
    let parts = vec!["abc"; 64].join(".");
    assert_eq!(parts.len(), 255);
    assert_eq!(topic(&parts).parts().count(), 64);

    for long in ["a".repeat(256), "a".repeat(100_000), format!("{parts}.*")] {
        assert_eq!(
            pattern_fault(&long),
            (TopicFault::TooLong, 255),
            "{long:.10}"
        );
    }
    let error = Topic::new(&"a".repeat(256)).unwrap_err();
    let start = "a".repeat(64);
    let text = format!("invalid topic `{start}...`: it is longer than 255 bytes, at byte 255");
    assert_eq!(error.to_string(), text);
    assert_eq!(error.text().len(), 256, "the whole text is kept");
}

#[test]
fn the_limit_counts_bytes_and_its_position_is_a_character() {
    assert!(Topic::new(&format!("a{}", "é".repeat(127))).is_ok());
    let long = format!("{}é", "a".repeat(254));
    assert_eq!(long.len(), 256);
    let (fault, at) = topic_fault(&long);
    assert_eq!(fault, TopicFault::TooLong);
    assert!(
        long.is_char_boundary(at),
        "byte {at} is inside of a character"
    );
}

#[test]
fn the_position_is_that_of_the_first_fault() {
    assert_eq!(topic_fault("a b..*"), (TopicFault::WhiteSpace, 1));
    assert_eq!(topic_fault("a..b *"), (TopicFault::EmptyPart, 2));
    // It is too long before it is anything else.
    for tail in [" ", ".", "*", ".>.b"] {
        let text = format!("{}{tail}", "a".repeat(300));
        assert_eq!(pattern_fault(&text), (TopicFault::TooLong, 255), "{tail:?}");
    }
}

#[test]
fn a_topic_is_made_of_any_text_and_keeps_its_case() {
    let made = topic("Orders.été.日本");
    assert_eq!(made, "Orders.été.日本".into_topic().unwrap());
    assert_eq!(made, String::from("Orders.été.日本").into_topic().unwrap());
    assert_eq!(made, (&made).into_topic().unwrap());
    assert_eq!(made.parts().collect::<Vec<_>>(), ["Orders", "été", "日本"]);
    assert_ne!(topic("orders"), topic("Orders"));
    assert!(!pattern("orders").matches(&topic("Orders")));
}

#[test]
fn a_star_stands_for_exactly_one_part() {
    let middle = pattern("a.*.c");
    assert!(middle.matches(&topic("a.b.c")));
    assert!(!middle.matches(&topic("a.c")));
    assert!(!middle.matches(&topic("a.b.b.c")));
    assert!(!middle.matches(&topic("a.b.d")));
    assert!(pattern("*").matches(&topic("a")));
    assert!(!pattern("*").matches(&topic("a.b")));
    assert!(!pattern("a.*").matches(&topic("a")));
    assert!(pattern("*.*").matches(&topic("a.b")));
}

#[test]
fn a_last_rest_stands_for_one_part_or_more() {
    let rest = pattern("a.>");
    assert!(rest.matches(&topic("a.b")));
    assert!(rest.matches(&topic("a.b.c.d")));
    assert!(!rest.matches(&topic("a")));
    assert!(!rest.matches(&topic("b.c")));
    assert!(pattern(">").matches(&topic("a")));
    assert!(pattern(">").matches(&topic("a.b")));
    assert!(pattern("*.>").matches(&topic("a.b")));
    assert!(!pattern("*.>").matches(&topic("a")));
}

#[test]
fn a_pattern_without_a_wildcard_stands_for_one_topic() {
    assert!(pattern("a.b").matches(&topic("a.b")));
    assert!(!pattern("a.b").matches(&topic("a.b.c")));
    assert!(!pattern("a.b").matches(&topic("a")));
    assert!(!pattern("a.b").matches(&topic("a.bb")));
}

/// What a pattern stands for, by the words of its definition.
fn stands_for(pattern: &[&str], topic: &[&str]) -> bool {
    match (pattern, topic) {
        ([], []) => true,
        ([">"], [_, ..]) => true,
        (["*", pattern @ ..], [_, topic @ ..]) => stands_for(pattern, topic),
        ([wanted, pattern @ ..], [part, topic @ ..]) => {
            wanted == part && stands_for(pattern, topic)
        }
        _ => false,
    }
}

fn parts(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(of), 1..6)
}

/// Text of the characters that matter, at lengths around the limit too.
fn nearly_topics() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(&["a", "é", "日", ".", "*", ">", " ", "\u{2003}"]);
    let harmless = prop::sample::select(&["a", "é", "日", "𝄞"]);
    let short = prop::collection::vec(nasty, 0..12);
    let long = prop::collection::vec(harmless, 60..270);
    prop_oneof![
        any::<String>(),
        short.prop_map(|parts| parts.concat()),
        long.prop_map(|parts| parts.concat()),
    ]
}

fn assert_in_text(error: &TopicError, text: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(error.text(), text);
    prop_assert!(error.position() <= text.len());
    prop_assert!(text.is_char_boundary(error.position()), "{:?}", error);
    prop_assert!(!error.to_string().is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_pattern_matches_what_its_definition_says(
        wanted in parts(&["a", "b", "*", "*"]),
        rest in any::<bool>(),
        given in parts(&["a", "b"]),
    ) {
        let mut wanted = wanted;
        if rest {
            wanted.push(">");
        }
        let matches = pattern(&wanted.join(".")).matches(&topic(&given.join(".")));
        prop_assert_eq!(matches, stands_for(&wanted, &given));
    }

    #[test]
    fn any_text_is_a_topic_that_reads_back_or_an_error_in_the_text(text in nearly_topics()) {
        match text.parse::<Topic>() {
            Ok(topic) => {
                prop_assert_eq!(topic.to_string(), text.as_str());
                prop_assert_eq!(topic.parts().collect::<Vec<_>>().join("."), text.as_str());
                prop_assert_eq!(&topic.to_string().parse::<Topic>().unwrap(), &topic);
                prop_assert!(pattern(&text).matches(&topic), "every topic is a pattern of itself");
            }
            Err(error) => assert_in_text(&error, &text)?,
        }
        match text.parse::<Pattern>() {
            Ok(pattern) => {
                prop_assert_eq!(pattern.to_string(), text.as_str());
                prop_assert_eq!(pattern.to_string().parse::<Pattern>().unwrap(), pattern);
            }
            Err(error) => assert_in_text(&error, &text)?,
        }
    }
}
