//! Names that strangers chose, made fit to stand in a subject, a header or a page.

/// The longest name shown, in code points; what a person may call an application.
const LONGEST: usize = 100;

/// What stands where a name has nothing left to show.
const NAMELESS: &str = "your account";

/// The name on one line without characters that act instead of showing.
///
/// Control characters could start a header or a new line, and bidirectional controls could turn round the words that
/// follow. Emoji (with their joiners), accents and right-to-left scripts stay as they are.
pub fn legible(name: &str) -> String {
    let shown: String =
        name.chars().map(|c| if breaks_line(c) { ' ' } else { c }).filter(|c| !acts(*c)).collect();
    let on_one_line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let name: String = on_one_line.chars().take(LONGEST).collect();
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

/// The same for a header that may carry encoded words (RFC 2047): a name must not pass itself off as one.
pub fn legible_in_header(name: &str) -> String {
    legible(name).replace("=?", "= ?")
}

fn breaks_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_becomes_a_space() {
        assert_eq!(legible("Acme\r\nBcc: everybody@example.org"), "Acme Bcc: everybody@example.org");
        assert_eq!(legible("Acme\u{2028}\u{85}Inc"), "Acme Inc");
    }

    #[test]
    fn direction_overrides_and_controls_vanish() {
        assert_eq!(legible("\u{202e}emcA\u{0}\u{7f}\u{2066}"), "emcA");
    }

    #[test]
    fn emoji_and_other_scripts_stay() {
        for name in ["👩‍🔧 Werkstatt", "خدمة", "Zażółć", "\"O'Neill & Söhne\" <b>"] {
            assert_eq!(legible(name), name);
        }
    }

    #[test]
    fn nothing_to_show_has_a_stand_in() {
        assert_eq!(legible("\u{202e} \r\n"), "your account");
    }

    #[test]
    fn a_name_is_no_encoded_word() {
        assert_eq!(legible_in_header("=?utf-8?q?x?="), "= ?utf-8?q?x?=");
    }
}
