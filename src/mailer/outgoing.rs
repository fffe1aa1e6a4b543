//! One mail ready to leave: the words together with their headers.

use std::fmt;

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use uuid::Uuid;

use super::legible::legible;
use super::message::{MailFacts, RenderedMail, render};
use super::transport::SendError;

#[cfg(test)]
#[path = "outgoing/tests.rs"]
pub(crate) mod tests;

/// A mail that a transport can hand over. Holds personal data: `Debug` shows the job's id alone.
#[derive(Clone)]
pub struct OutgoingMail {
    /// The job that asks for it. Copies of one mail share it, and so their `Message-ID`.
    pub id: Uuid,
    /// The application's name at the configured address.
    pub from: Mailbox,
    /// The one recipient, as an ASCII mailbox.
    pub to: String,
    /// The `Date` header.
    pub date: DateTime<Utc>,
    /// The link in it, for a developer's inbox.
    pub link: Option<String>,
    /// Subject and bodies.
    pub words: RenderedMail,
}

impl OutgoingMail {
    /// Renders the facts as the mail of job `id`, sent at `now` from `sender` in the application's name.
    pub fn new(id: Uuid, sender: &Address, facts: &MailFacts, now: DateTime<Utc>) -> Self {
        let from = Mailbox::new(Some(legible(&facts.application_name)), sender.clone());
        Self { id, from, to: facts.to.clone(), date: now, link: facts.link.clone(), words: render(facts) }
    }

    /// The message with its headers (RFC 5322), pure ASCII whatever the names in it.
    ///
    /// # Errors
    ///
    /// `address_invalid`, for good, if the recipient is no ASCII mailbox.
    pub fn message(&self) -> Result<Message, SendError> {
        let to = self
            .to
            .parse::<Address>()
            .ok()
            .filter(|_| self.to.is_ascii())
            .ok_or(SendError::ADDRESS_INVALID)?;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(self.words.subject.as_str())
            .date(self.date.into())
            .message_id(Some(format!("<{}@{}>", self.id, self.from.email.domain())))
            .header(AutoSubmitted)
            .multipart(self.bodies())
            .map_err(|_| SendError::ADDRESS_INVALID)
    }

    fn bodies(&self) -> MultiPart {
        let part =
            |content_type, body: &str| SinglePart::builder().header(content_type).body(body.to_owned());
        // Readers show the last part they understand, so plain text comes first (RFC 2046, 5.1.4).
        MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, &self.words.text))
            .singlepart(part(ContentType::TEXT_HTML, &self.words.html))
    }
}

impl fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMail").field("id", &self.id).finish_non_exhaustive()
    }
}

/// `Auto-Submitted: auto-generated` (RFC 3834): keeps holiday notices and other robots from answering.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
