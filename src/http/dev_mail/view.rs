//! The page of `/dev/mail`: the list beside the mail that is read; on a phone one after the other.

use std::sync::{Arc, LazyLock};

use minijinja::{Environment, Value, context};

use super::Wanted;
use crate::mailer::inbox::CaughtMail;
use crate::templates;

static TEMPLATES: LazyLock<Environment<'static>> =
    LazyLock::new(|| templates::environment(&[("page.html", include_str!("page.html"))]));

/// Which mail the page shows, and how.
#[derive(Default)]
pub(super) struct Choice {
    /// The mail that was chosen; without one the newest is shown, and the page follows what comes in.
    id: Option<String>,
    as_text: bool,
    to: Option<String>,
}

impl From<&Wanted> for Choice {
    fn from(wanted: &Wanted) -> Self {
        let as_text = wanted.view.as_deref() == Some("text");
        Self { id: wanted.id.clone(), as_text, to: wanted.to.clone() }
    }
}

/// A rendered page.
pub(super) struct Page {
    pub(super) html: String,
    /// Whether a mail was chosen that isn't there.
    pub(super) missing: bool,
}

/// The page over these mails, newest first.
pub(super) fn page(mails: &[Arc<CaughtMail>], choice: &Choice) -> Page {
    let shown = match &choice.id {
        Some(id) => mails.iter().find(|mail| mail.id.to_string() == *id),
        None => mails.first(),
    };
    let words = context! {
        mails => mails.iter().map(|mail| entry(mail)).collect::<Vec<_>>(),
        shown => shown.map_or(Value::from(false), |mail| reading(mail)),
        chosen => choice.id.is_some(),
        as_text => choice.as_text,
        only_to => choice.to.as_deref().unwrap_or_default(),
    };
    let html = TEMPLATES.get_template("page.html").and_then(|template| template.render(words));
    let html = html.expect("the template is part of the binary, and tests render it in every state");
    Page { html, missing: choice.id.is_some() && shown.is_none() }
}

fn entry(mail: &CaughtMail) -> Value {
    context! {
        id => mail.id.to_string(),
        to => mail.to.as_str(),
        subject => mail.subject.as_str(),
        time => mail.date.format("%H:%M:%S").to_string(),
        day => mail.date.format("%-d %b").to_string(),
        date => mail.date.format("%-d %B %Y, %H:%M:%S UTC").to_string(),
    }
}

fn reading(mail: &CaughtMail) -> Value {
    context! {
        from => mail.from.as_str(),
        link => mail.link.as_deref().unwrap_or_default(),
        lines => lines(mail),
        ..entry(mail)
    }
}

/// The text part cut at its link, so that the link can be clicked.
fn lines(mail: &CaughtMail) -> Vec<Value> {
    let link = mail.link.as_deref();
    let line = |text: &str| context! { text, is_link => link == Some(text) };
    mail.text.lines().map(line).collect()
}
