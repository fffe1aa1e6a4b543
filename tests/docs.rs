//! The written pages against the code and the tree: links lead somewhere, the walk-through is the one that runs, metrics have
//! their documented names, and no file knows whose machine it was written on. Needs no services.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use devauth::http::metrics::EVENTS;
use devauth_projections::login_failures::Reason;

/// What holds nothing we wrote. In a worktree `.git` is a file.
const FOREIGN: [&str; 5] = [".git", "dist", "node_modules", "screenshots", "target"];
/// Of the folders that begin with a dot, those that we wrote; the others are caches and environments.
const OURS: [&str; 2] = [".ci", ".github"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of the tree with its text, by its path from the root; what isn't UTF-8 is left out.
fn files() -> BTreeMap<PathBuf, String> {
    let (mut found, mut open) = (BTreeMap::new(), vec![root().to_owned()]);
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if FOREIGN.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                if !name.starts_with('.') || OURS.contains(&name.as_str()) {
                    open.push(path);
                }
            } else if let Ok(text) = fs::read_to_string(&path) {
                found.insert(path.strip_prefix(root()).unwrap().to_owned(), text);
            }
        }
    }
    found
}

fn with_extension(extension: &str) -> BTreeMap<PathBuf, String> {
    files().into_iter().filter(|(path, _)| path.extension().is_some_and(|it| it == extension)).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The page without its code: what stands in backticks or is indented by four spaces is no prose.
fn prose(page: &str) -> String {
    let mut fenced = false;
    let lines = page.lines().filter(|line| {
        fenced ^= line.starts_with("```");
        !fenced && !line.starts_with("    ")
    });
    lines.map(|line| line.split('`').step_by(2).collect::<String>() + "\n").collect()
}

/// Targets of `[text](target)` and `![text](target)`.
fn links(page: &str) -> Vec<String> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

/// The anchors of a page's headings, as forges make them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"))
        .map(|slug| slug.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect())
        .collect()
}

#[test]
fn every_relative_link_leads_to_a_file_and_its_heading() {
    let mut broken = Vec::new();
    for (page, text) in with_extension("md") {
        for link in links(&prose(&text)).iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => root().join(&page),
                file => root().join(&page).parent().unwrap().join(file),
            };
            let has_anchor = || fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(anchor));
            if !target.exists() || !(anchor.is_empty() || has_anchor()) {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn code_that_names_a_page_or_a_section_names_one_that_exists() {
    let mut missing = Vec::new();
    for (path, text) in with_extension("rs").into_iter().chain(with_extension("sql")) {
        for (_, rest) in text.match_indices("docs/").map(|(at, _)| text.split_at(at)) {
            let name: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || "/._-".contains(*c)).collect();
            let Some(page) = name.strip_suffix(".md").map(|_| &name) else { continue };
            let quoted = rest[name.len()..].strip_prefix(", \"").and_then(|rest| rest.split('"').next());
            let has_section = |section: &str| read(page).contains(&format!("## {section}\n"));
            if !root().join(page).exists() || quoted.is_some_and(|section| !has_section(section)) {
                missing.push(format!("{}: {name} {quoted:?}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// `` [`name`](path.rs) `` says that there is such a function: pages name tests that way.
#[test]
fn functions_that_a_page_names_are_where_it_says() {
    let mut missing = Vec::new();
    for (page, text) in with_extension("md") {
        for (name, rest) in text.split("[`").skip(1).filter_map(|rest| rest.split_once("`](")) {
            let Some((path, _)) = rest.split_once(')').filter(|(path, _)| path.ends_with(".rs")) else {
                continue;
            };
            let source =
                fs::read_to_string(root().join(&page).parent().unwrap().join(path)).unwrap_or_default();
            let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if is_name && name.contains('_') && !source.contains(&format!("fn {name}(")) {
                missing.push(format!("{}: {name} in {path}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_walk_through_in_the_readme_is_the_one_that_dev_prints() {
    let readme = read("README.md");
    let (_, from) = readme.split_once("```sh\n").expect("README.md has the walk-through in a block of sh");
    let (written, _) = from.split_once("```\n").unwrap();
    let printed = devauth::dev::walkthrough_script("http://localhost:8080");
    assert_eq!(written, printed, "copy src/dev/walkthrough/script.sh into README.md");
}

/// The text of a source file before its own tests.
fn code(text: &str) -> &str {
    text.split_once("#[cfg(test)]\nmod ").map_or(text, |(code, _)| code)
}

fn string(text: &str) -> Option<String> {
    text.trim_start().strip_prefix('"')?.split_once('"').map(|(inner, _)| inner.to_owned())
}

/// Names given to `counter!`, `gauge!` and `histogram!`, as literals or by a constant.
fn recorded() -> BTreeSet<String> {
    let sources: Vec<String> = with_extension("rs")
        .into_iter()
        .filter(|(path, _)| path.starts_with("src") || path.starts_with("projections/src"))
        .filter(|(path, _)| !path.ends_with("tests.rs"))
        .map(|(_, text)| code(&text).to_owned())
        .collect();
    let constants: BTreeMap<String, String> = sources
        .iter()
        .flat_map(|text| text.split("const ").skip(1))
        .filter_map(|rest| rest.split_once(": &str = "))
        .filter_map(|(name, value)| Some((name.to_owned(), string(value)?)))
        .collect();
    let uses = sources.iter().flat_map(|text| {
        ["counter!(", "gauge!(", "histogram!("].into_iter().flat_map(|call| text.split(call).skip(1))
    });
    uses.filter_map(|rest| {
        let name: String =
            rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        // A variable goes through a list of constants.
        let is_variable = name.chars().all(|c| !c.is_ascii_uppercase());
        string(rest).or_else(|| {
            (!is_variable).then(|| constants.get(&name).expect("a metric has a constant name").clone())
        })
    })
    .collect()
}

#[test]
fn the_documented_metrics_are_those_of_the_code() {
    let page = read("docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `devauth_")?.split_once('`'));
    let documented: BTreeSet<String> = rows.map(|(name, _)| format!("devauth_{name}")).collect();

    assert_eq!(documented, recorded());
}

/// What stands in the code after this, up to the next quotation mark.
fn named_after(call: &str) -> BTreeSet<String> {
    let sources = with_extension("rs").into_iter().filter(|(path, _)| path.starts_with("src"));
    let sources = sources.filter(|(path, _)| !path.ends_with("tests.rs"));
    let names = sources.flat_map(|(_, text)| {
        let rests = code(&text).split(call).skip(1).map(str::to_owned).collect::<Vec<_>>();
        rests.into_iter().map(|rest| string(&rest).unwrap_or_else(|| panic!("{call} without a name: {rest}")))
    });
    names.collect()
}

#[test]
fn the_documented_security_events_are_those_of_the_code() {
    let page = read("docs/operating.md");
    let (_, table) = page.split_once("| `event` | what happened |").expect("the table");
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let documented: BTreeSet<String> = rows
        .filter_map(|row| row.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect();

    assert_eq!(documented, EVENTS.map(str::to_owned).into());
    assert_eq!(documented, named_after("SecurityEvent::new("));
}

#[test]
fn every_reason_for_a_failed_login_is_on_the_pages_that_list_them() {
    for page in ["docs/operating.md", "docs/metrics.md", "docs/reference/objects.md"] {
        let text = read(page);
        let lists = |line: &&str| line.contains("`wrong_password`") && line.contains("`suspended`");
        let line = text.lines().find(lists).unwrap_or_else(|| panic!("{page} lists them"));
        for reason in Reason::ALL.map(Reason::name) {
            assert!(line.contains(&format!("`{reason}`")), "{page}: {reason}");
        }
    }
}

/// Owners of homes that don't exist, as examples and tests name them.
const NOBODY: [&str; 4] = ["me", "ada", "a b", "a%20b"];

#[test]
fn no_file_knows_whose_machine_it_was_written_on() {
    let homes = [concat!("/ho", "me/"), concat!("/Us", "ers/")];
    let places = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), env!("CARGO_MANIFEST_DIR")];
    let is_somebodys = |rest: &str| {
        let owner = rest.split(['/', '"', '`']).next();
        !owner.is_some_and(|owner| NOBODY.contains(&owner))
    };
    let mut telling = Vec::new();
    for (path, text) in files() {
        let in_a_home = homes.iter().any(|home| text.split(home).skip(1).any(is_somebodys));
        if in_a_home || places.iter().any(|place| text.contains(place)) {
            telling.push(path);
        }
    }
    assert!(telling.is_empty(), "{telling:#?}");
}

/// Requirements of the standard that a row of docs/security.md speaks about, with what the row says.
fn requirements(page: &str) -> Vec<(String, Vec<&str>)> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.split(" | ").count() == 5);
    let cells = rows.map(|line| line.trim_matches(['|', ' ']).split(" | ").collect::<Vec<_>>());
    let numbered = cells.filter(|cells| cells[0].starts_with(|c: char| c.is_ascii_digit()));
    numbered
        .flat_map(|cells| cells[0].split(", ").map(|id| (id.to_owned(), cells.clone())).collect::<Vec<_>>())
        .collect()
}

#[test]
fn every_requirement_of_the_standard_has_one_answer_and_what_is_met_says_by_what() {
    let page = read("docs/security.md");
    let answered = requirements(&page);
    let asked: Vec<String> = read("tests/asvs-5.0.0-levels-1-and-2.txt").lines().map(str::to_owned).collect();
    let mut ids: Vec<&String> = answered.iter().map(|(id, _)| id).collect();
    ids.sort();
    let mut expected: Vec<&String> = asked.iter().collect();
    expected.sort();
    assert_eq!(ids, expected);
    for (id, cells) in &answered {
        assert!(["met", "partly", "not met", "operator", "n/a"].contains(&cells[3]), "{id}: {}", cells[3]);
        assert!(cells[3] != "met" || cells[4].contains("]("), "{id} is met, by what?");
    }
}

#[test]
fn the_counts_in_the_security_model_are_those_of_its_table() {
    let page = read("docs/security.md");
    let answered = requirements(&page);
    let count = |status: &str| answered.iter().filter(|(_, cells)| cells[3] == status).count();
    let sentence = format!(
        "**{} are met, {} in part, {} are not; {} are up to whoever operates it, {} do not apply.**",
        count("met"),
        count("partly"),
        count("not met"),
        count("operator"),
        count("n/a")
    );
    assert!(page.contains(&sentence), "it should say: {sentence}");
}
