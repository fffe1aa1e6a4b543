//! Which e-mail addresses are accepted, and when two of them are the same.
//!
//! ASCII dot-atom local part (RFC 5321, RFC 5322 without quotes and comments), IDNA domain (UTS #46). What goes beyond,
//! an internationalised local part or an address literal, is refused: too few mail servers take it to let people sign up with it.

use std::fmt;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// The most octets an address has in canonical form (RFC 5321 path limit, less the angle brackets).
pub const MAX_ADDRESS_LENGTH: usize = 254;
/// The most octets a local part has (RFC 5321 section 4.5.3.1.1).
pub const MAX_LOCAL_PART_LENGTH: usize = 64;

/// Why a text is not accepted as an address. Does not quote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Longer than an address can be.
    #[error("the address is too long")]
    TooLong,
    /// No `@`, or more than one.
    #[error("the address has no single @")]
    NoSingleAt,
    /// The part before the `@` is not a dot-atom of 1 to 64 octets.
    #[error("the part before the @ is not accepted")]
    LocalPart,
    /// The part after the `@` is not a domain name of at least two labels.
    #[error("the part after the @ is not a domain name")]
    Domain,
}

/// An e-mail address that can be stored and written to. `Debug` never prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress {
    typed: String,
    canonical: String,
    mailbox: String,
}

impl EmailAddress {
    /// Checks a text. White space around it is not trimmed but refused.
    ///
    /// # Errors
    /// [`EmailError`] says which part is not accepted.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        // Bounds the work below; a domain never gets shorter by being written in A-labels.
        if typed.chars().count() > MAX_ADDRESS_LENGTH {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = typed.split_once('@').ok_or(EmailError::NoSingleAt)?;
        if domain.contains('@') {
            return Err(EmailError::NoSingleAt);
        }
        if !is_local_part(local) {
            return Err(EmailError::LocalPart);
        }
        let domain = to_a_labels(domain).ok_or(EmailError::Domain)?;
        let mailbox = format!("{local}@{domain}");
        if mailbox.len() > MAX_ADDRESS_LENGTH {
            return Err(EmailError::TooLong);
        }
        Ok(Self { typed: typed.to_owned(), canonical: mailbox.to_ascii_lowercase(), mailbox })
    }

    /// As it was typed: for showing.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// ASCII lower case, domain in A-labels: for comparing. Parsing it gives the same canonical form again.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Local part as typed (its owner's server may care), domain in A-labels: for sending, all ASCII.
    pub fn mailbox(&self) -> &str {
        &self.mailbox
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

fn is_local_part(text: &str) -> bool {
    text.len() <= MAX_LOCAL_PART_LENGTH
        && text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// RFC 5322 section 3.2.3.
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

fn to_a_labels(domain: &str) -> Option<String> {
    if domain.chars().any(|c| !c.is_ascii() && (c.is_whitespace() || is_invisible(c))) {
        return None;
    }
    let ascii = uts46(domain)?;
    let (_, last) = ascii.rsplit_once('.')?;
    (!is_numeric(last)).then_some(ascii)
}

/// STD3 rules (letters, digits, hyphens), no hyphen at either end of a label, lengths of DNS.
fn uts46(domain: &str) -> Option<String> {
    Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .ok()
        .map(|ascii| ascii.into_owned())
}

/// UTS #46 drops some characters without a trace. They would let an address that looks like another be shown as typed.
fn is_invisible(c: char) -> bool {
    uts46(&format!("a{c}b")).is_some_and(|ascii| ascii == "ab")
}

/// A last label that is a number makes an IPv4 address of the whole, in one of its many spellings.
fn is_numeric(label: &str) -> bool {
    label.bytes().all(|b| b.is_ascii_digit())
        || label.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests;
