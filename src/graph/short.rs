//! Names for pictures.

/// Leaves the modules out of a type's name: `alloc::vec::Vec<my_app::Order>` is
/// `Vec<Order>`.
pub(super) fn short(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(next) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("::") {
            // What came before it was a module, or a function.
            let is_of_path = |c: char| c.is_alphanumeric() || "_{}#".contains(c);
            let path = shown.trim_end_matches(is_of_path).len();
            shown.truncate(path);
            rest = after;
        } else {
            shown.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    shown
}

/// Makes control characters visible, but for the ends of lines: what draws a picture
/// chokes on them.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_has_no_modules() {
        assert_eq!(short("u8"), "u8");
        assert_eq!(short("&str"), "&str");
        assert_eq!(short("alloc::string::String"), "String");
        assert_eq!(
            short("alloc::vec::Vec<(a::B, c::d::E<[f::G; 4]>)>"),
            "Vec<(B, E<[G; 4]>)>"
        );
        assert_eq!(short("app::main::{{closure}}::Order"), "Order");
        assert_eq!(short("dyn core::any::Any + a::Größe"), "dyn Any + Größe");
    }

    #[test]
    fn control_characters_are_seen() {
        assert_eq!(visible("a\tb\u{1b}\0\r\n"), "a\\tb\\u{1b}\\u{0}\\r\n");
    }
}
