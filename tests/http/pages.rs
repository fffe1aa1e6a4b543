//! The pages behind mailed links, as a browser meets them: `/verify-email`, `/reset-password`

mod hang_up;
mod limit;
mod owners;
mod reset_password;
mod verify_email;

use devauth_test_support::smtp::Received;
use reqwest::Method;
use serde_json::json;

use crate::app::TestApp;
use crate::client::{Answer, Client, send};

const EMAIL: &str = "ada@example.org";
/// Another password that every policy accepts.
const NEW: &str = "another tractor lagoon 78";

const VERIFIED: &str = "Your e-mail is verified";
const CHANGED: &str = "Your password is changed";
const SPENT: &str = "This link doesn’t work any more";
const LATER: &str = "Please try again in a moment";

/// Where the link of a mail leads below the service's public URL.
fn link_in(mail: &Received) -> String {
    let text = mail.message.replace("=\r\n", "").replace("=3D", "=");
    let (_, after) =
        text.split_once("https://auth.example.com/").expect("the mail has a link to the service");
    let link: String = after.chars().take_while(|c| !c.is_whitespace() && !matches!(c, '"' | '<')).collect();
    format!("/{link}")
}

/// The link to choose a new password that a user of the backend's application is mailed.
async fn reset_link(app: &TestApp, backend: &Client) -> String {
    backend.post("/v1/auth/password/reset/request", json!({ "email": EMAIL })).await.expect(202);
    link_in(&app.mail(EMAIL, "Reset").await)
}

/// The form on a page.
#[derive(Clone)]
struct Form {
    action: String,
    token: String,
}

impl Form {
    /// Opens a link and finds the form there.
    async fn behind(browser: &Client, link: &str) -> Self {
        Self::on(&browser.get(link).await.says(200, "<form"))
    }

    /// The form of this page.
    #[track_caller]
    fn on(page: &str) -> Self {
        let value = |before: &str| {
            let (_, after) = page.split_once(before).unwrap_or_else(|| panic!("no {before} in {page}"));
            after.split('"').next().unwrap().to_owned()
        };
        Form { action: value("method=\"post\" action=\""), token: value("name=\"token\" value=\"") }
    }

    /// Presses the button to verify an address.
    async fn press(&self, browser: &Client) -> Answer {
        assert_eq!(self.action, "/verify-email");
        self.send(browser, &[]).await
    }

    /// Types a new password, twice, and presses the button.
    async fn choose(&self, browser: &Client, password: &str) -> Answer {
        assert_eq!(self.action, "/reset-password");
        self.send(browser, &[("password", password), ("confirmation", password)]).await
    }

    async fn send(&self, browser: &Client, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<_> = [("token", self.token.as_str())].iter().chain(fields).copied().collect();
        send(browser.request(Method::POST, &self.action).form(&fields)).await
    }
}

impl Answer {
    /// The page, if it has this status and these words.
    #[track_caller]
    fn says(self, status: u16, words: &str) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(self.text.contains(words), "{words} is not in {}", self.text);
        self.text
    }

    /// Checks that it asks to come back later; answers in how many seconds.
    #[track_caller]
    fn asks_for_patience(self, status: u16) -> u64 {
        let seconds = self.header("retry-after").expect("it says when").parse().unwrap();
        self.says(status, LATER);
        seconds
    }
}
