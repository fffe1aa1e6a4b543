//! What `devauth dev` prints when it is up.

/// Everything DevAuth does, as shell commands. They need `sh` (or bash, or zsh, where `#` is no comment and `path` no free
/// name), `curl`, `grep` and `sed`; and they can be pasted again and again.
const SCRIPT: &str = include_str!("walkthrough/script.sh");

/// The commands of the walk-through against the server at `public_url`, as a shell takes them.
pub fn walkthrough_script(public_url: &str) -> String {
    SCRIPT.replace("{public_url}", public_url.trim_end_matches('/'))
}

/// The text printed at the start: where everything is, a walk-through to paste, and how to stop.
///
/// `no_portal` says why there is none.
pub fn walkthrough(public_url: &str, no_portal: Option<&str>) -> String {
    let url = public_url.trim_end_matches('/');
    let script = walkthrough_script(url);
    let portal = no_portal.unwrap_or("the portal, where developers manage their applications");
    format!(
        "
  DevAuth is up at {url}

    {url}            {portal}
    {url}/docs       every route, to read and to try out
    {url}/dev/mail   the inbox: mails are caught here, none is sent

  To see all of it work, paste this into another terminal:

{script}
  Ctrl-C stops DevAuth; what you made is there again at the next start.
"
    )
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn it_fits_a_screen_and_names_the_address_everywhere() {
        let text = walkthrough("http://127.0.0.1:8080/", None);
        assert!(text.lines().count() <= 60, "{}", text.lines().count());
        assert!(text.lines().all(|line| line.chars().count() <= 120));
        assert!(
            text.contains("URL=http://127.0.0.1:8080\n") && text.contains("http://127.0.0.1:8080/dev/mail")
        );
        assert!(!text.contains('{') || !text.contains("{public_url}"));
        assert!(text.contains("http://127.0.0.1:8080            the portal"));
    }

    #[test]
    fn a_build_without_the_portal_says_so() {
        let text = walkthrough("http://127.0.0.1:8080", Some("no portal: built without Node"));
        assert!(text.contains("no portal: built without Node") && !text.contains("the portal,"));
    }

    /// In zsh, `!` in double quotes is a word of history, `#` no comment, and `path` and `status` belong to the shell.
    #[test]
    fn it_can_be_pasted_into_any_shell() {
        let script = walkthrough_script("http://127.0.0.1:8080");
        assert!(
            !script.contains('!')
                && !script.contains('#')
                && !script.contains("path=")
                && !script.contains("status=")
        );
        for shell in ["sh", "bash", "zsh"] {
            let checked = Command::new(shell).args(["-n", "-c", &script]).stderr(Stdio::inherit()).status();
            // Not every machine has every shell.
            assert!(checked.map_or(shell != "sh", |status| status.success()), "{shell}");
        }
    }

    #[test]
    fn its_passwords_are_accepted() {
        let passwords = SCRIPT.split("\"password\": \"").skip(1).filter_map(|rest| rest.split('"').next());
        let mut seen = 0;
        for password in passwords {
            assert_eq!(zxcvbn::zxcvbn(password, &[]).score(), zxcvbn::Score::Four, "{password}");
            seen += 1;
        }
        assert!(seen >= 4);
    }
}
