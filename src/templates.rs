//! The one way templates are read: from the binary, strict about names, blocks leaving no blank lines behind.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};

/// An environment over templates that are part of the binary.
///
/// Values are escaped in templates whose name ends in `.html` and not in `.txt` or `.css`.
///
/// # Panics
///
/// If a template doesn't parse; each user has a test that renders all of its own.
pub fn environment(sources: &[(&'static str, &'static str)]) -> Environment<'static> {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    let mut environment = Environment::new();
    environment.set_syntax(syntax.build().expect("the default delimiters don't clash"));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in sources {
        environment.add_template(name, source).expect("a template of the binary parses");
    }
    environment
}
