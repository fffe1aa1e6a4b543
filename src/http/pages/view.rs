//! The pages in each of their states.

use std::sync::LazyLock;

use minijinja::{Environment, Value, context};

use crate::crypto::tokens::Purpose;
use crate::mailer::legible::legible;
use crate::templates;

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    templates::environment(&[
        ("layout.html", include_str!("layout.html")),
        ("ask.html", include_str!("ask.html")),
        ("done.html", include_str!("done.html")),
        ("spent.html", include_str!("spent.html")),
        ("away.html", include_str!("away.html")),
    ])
});

/// A page in one state.
pub(super) enum View<'a> {
    /// The form; after a refusal with the reasons for it.
    Ask { purpose: Purpose, application: &'a str, token: &'a str, problems: &'a [String] },
    /// It worked.
    Done { purpose: Purpose, application: &'a str },
    /// The link is good for nothing any more.
    Spent { purpose: Purpose },
    /// Nothing can be said now.
    Away { purpose: Purpose },
}

impl View<'_> {
    /// The whole document.
    pub(super) fn render(&self) -> String {
        let html = TEMPLATES.get_template(self.template()).and_then(|template| template.render(self.words()));
        html.expect("templates are part of the binary, and tests render each state")
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Ask { .. } => "ask.html",
            Self::Done { .. } => "done.html",
            Self::Spent { .. } => "spent.html",
            Self::Away { .. } => "away.html",
        }
    }

    fn words(&self) -> Value {
        match self {
            Self::Ask { purpose, application, token, problems } => {
                let problems =
                    problems.iter().map(|problem| Value::from(problem.as_str())).collect::<Vec<_>>();
                context! { token => *token, problems, ..common(*purpose, application) }
            }
            Self::Done { purpose, application } => common(*purpose, application),
            Self::Spent { purpose } | Self::Away { purpose } => common(*purpose, ""),
        }
    }
}

fn common(purpose: Purpose, application: &str) -> Value {
    let application = if application.is_empty() { String::new() } else { legible(application) };
    context! { verifying => purpose == Purpose::VerifyEmail, application }
}
