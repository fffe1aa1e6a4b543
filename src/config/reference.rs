//! The written side of the configuration: `docs/configuration.md` and `.env.example`, compared with [`VARIABLES`].
//!
//! `UPDATE_DOCS=1 cargo test -p devauth --lib config::reference` writes the table anew.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::*;

const BEGIN: &str = "<!-- table: written by the test in src/config/reference.rs -->\n";
const END: &str = "<!-- end of table -->\n";

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root(name)).expect("a file of the repository")
}

fn table() -> String {
    let heading = "| variable | default | meaning | accepted | example |\n|---|---|---|---|---|\n";
    VARIABLES.iter().fold(heading.to_owned(), |table, variable| table + &row(variable))
}

fn row(variable: &Variable) -> String {
    let name = match variable.from_file {
        true => format!("`{}` or `{}`", variable.name, variable.file_name()),
        false => format!("`{}`", variable.name),
    };
    let default = match (variable.default, variable.required) {
        (_, true) => "required".to_owned(),
        (None | Some(""), false) => "none".to_owned(),
        (Some(default), false) => format!("`{default}`"),
    };
    let accepted = variable.accepts.to_string().replace('<', "\\<");
    format!("| {name} | {default} | {} | {accepted} | `{}` |\n", variable.meaning, variable.example)
}

#[test]
fn the_table_in_the_documentation_is_the_one_in_the_code() {
    let page = read("docs/configuration.md");
    let (before, rest) = page.split_once(BEGIN).expect("the page has the table's first mark");
    let (written, after) = rest.split_once(END).expect("the page has the table's last mark");

    if std::env::var_os("UPDATE_DOCS").is_some() {
        let updated = format!("{before}{BEGIN}{}{END}{after}", table());
        std::fs::write(root("docs/configuration.md"), updated).expect("the page can be written");
        return;
    }

    assert_eq!(written, table(), "run: UPDATE_DOCS=1 cargo test -p devauth --lib config::reference");
}

/// The assignments of `.env.example`, commented out or not, each with whether it is.
fn example_lines(text: &str) -> Vec<(String, String, bool)> {
    let assignment = |line: &str| {
        let (text, active) = match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => (rest, false),
            Some(_) => return None,
            None => (line, true),
        };
        text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned(), active))
    };
    text.lines().filter_map(assignment).collect()
}

#[test]
fn the_example_file_has_every_variable_in_order_with_a_comment_above() {
    let text = read(".env.example");
    let lines: Vec<&str> = text.lines().collect();

    let written: Vec<_> = example_lines(&text);
    let expected: Vec<_> =
        VARIABLES.iter().map(|v| (v.name.to_owned(), v.example.to_owned(), v.required)).collect();
    assert_eq!(written, expected, "name, example, and commented out unless required");

    for variable in VARIABLES {
        let at = lines
            .iter()
            .position(|line| line.trim_start_matches('#').starts_with(&format!("{}=", variable.name)));
        let above = at.and_then(|at| at.checked_sub(1)).map(|above| lines[above]);
        assert!(above.is_some_and(|line| line.starts_with("# ")), "{} has no comment", variable.name);
    }
}

#[test]
fn the_example_file_as_it_is_does_not_start_a_service() {
    let values: HashMap<_, _> =
        example_lines(&read(".env.example")).into_iter().map(|(name, value, _)| (name, value)).collect();

    let errors =
        Config::from_env(&|name| values.get(name).cloned()).expect_err("its secrets are known to everybody");

    let named: Vec<&str> = errors.problems().iter().map(|problem| problem.variable.as_str()).collect();
    let secrets = [
        "DATABASE_URL",
        "SMTP_URL",
        "DEVAUTH_ENCRYPTION_KEY",
        "DEVAUTH_JWT_PRIVATE_KEY_FILE",
        "DATABASE_REPLICA_URL",
        "REDIS_URL",
    ];
    assert_eq!(named, secrets, "every secret is refused, and nothing else");
}

#[test]
fn every_default_is_acceptable_and_every_name_is_there_once() {
    let mut names: Vec<_> = VARIABLES.iter().map(|variable| variable.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), VARIABLES.len());
    for variable in VARIABLES {
        assert!(!variable.meaning.is_empty() && !variable.example.is_empty(), "{}", variable.name);
        assert!(!(variable.required && variable.default.is_some()), "{}", variable.name);
    }
}
