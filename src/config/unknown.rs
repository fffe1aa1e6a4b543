//! Variables that look like ours and are not: most likely typing errors, so a warning, not an error.

use std::fmt;

use super::variable::Variable;
use super::variables::VARIABLES;

/// A variable named `DEVAUTH_…` that nothing reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownVariable {
    /// Its name.
    pub name: String,
    /// The known name that is closest, if one is close.
    pub meant: Option<String>,
}

impl fmt::Display for UnknownVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a variable of DevAuth and has no effect", self.name)?;
        match &self.meant {
            Some(meant) => write!(f, "; did you mean {meant}?"),
            None => Ok(()),
        }
    }
}

/// Finds, among the names of the environment's variables, those that begin with `DEVAUTH_` and are not known.
pub fn unknown_variables(names: impl IntoIterator<Item = String>) -> Vec<UnknownVariable> {
    let known: Vec<String> = VARIABLES.iter().flat_map(names_of).collect();
    let unknown = names.into_iter().filter(|name| name.starts_with("DEVAUTH_") && !known.contains(name));
    let mut found: Vec<_> =
        unknown.map(|name| UnknownVariable { meant: closest(&name, &known), name }).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn names_of(variable: &Variable) -> Vec<String> {
    let mut names = vec![variable.name.to_owned()];
    if variable.from_file {
        names.push(variable.file_name());
    }
    names
}

/// A name that differs by at most a quarter of its letters.
fn closest(name: &str, known: &[String]) -> Option<String> {
    let (distance, best) = known.iter().map(|other| (edit_distance(name, other), other)).min()?;
    (distance * 4 <= name.len()).then(|| best.clone())
}

/// The Levenshtein distance between two ASCII names, one row of the table at a time.
fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(names: &[&str]) -> Vec<String> {
        unknown_variables(names.iter().map(ToString::to_string)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_typing_error_is_named_with_what_was_meant() {
        assert_eq!(
            warnings(&["DEVAUTH_BYND"]),
            ["DEVAUTH_BYND is not a variable of DevAuth and has no effect; did you mean DEVAUTH_BIND?"]
        );
        assert_eq!(
            warnings(&["DEVAUTH_SOMETHING_ELSE_ENTIRELY"]),
            ["DEVAUTH_SOMETHING_ELSE_ENTIRELY is not a variable of DevAuth and has no effect"]
        );
    }

    #[test]
    fn known_and_foreign_variables_are_left_alone() {
        assert_eq!(
            warnings(&["DEVAUTH_BIND", "DEVAUTH_ENCRYPTION_KEY_FILE", "DATABASE_URI", "HOME"]),
            [""; 0]
        );
    }

    #[test]
    fn the_distance_counts_insertions_removals_and_replacements() {
        for (a, b, distance) in
            [("", "abc", 3), ("abc", "abc", 0), ("abc", "abd", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(edit_distance(a, b), distance, "{a} {b}");
            assert_eq!(edit_distance(b, a), distance, "{b} {a}");
        }
    }
}
