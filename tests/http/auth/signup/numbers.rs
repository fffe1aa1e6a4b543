//! Numbers in metadata.

use reqwest::Method;
use serde_json::json;

use super::PATH;
use crate::app::{PASSWORD, TestApp};
use crate::client::send;

/// Some would be other numbers to a reader that rounds carelessly, some lie at the ends of what can be kept.
const NUMBERS: [&str; 15] = [
    "122.416294033786585",
    "31.245270191439438",
    "9.9536118396712198",
    "5.6056617486995228",
    "-1.9211571821381354e-200",
    "0.30000000000000004",
    "1.7976931348623157e308",
    "2.2250738585072014e-308",
    "5e-324",
    "9007199254740993",
    "-9223372036854775808",
    "18446744073709551615",
    "8.41265e21",
    "123456789.12345678",
    "7.2057594037927933e16",
];

#[tokio::test]
async fn numbers_in_metadata_come_back_equal() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let sign_up = |email: &str, number: &str| {
        let body =
            format!(r#"{{"email": "{email}", "password": "{PASSWORD}", "metadata": {{"n": [{number}]}}}}"#);
        send(client.request(Method::POST, PATH).header("content-type", "application/json").body(body))
    };
    // As text: what reads the answer here must not round either.
    let numbers = |answer: &str| {
        let (_, after) = answer.split_once(r#""n":["#).unwrap();
        let (list, _) = after.split_once(']').unwrap();
        list.split(',').map(str::to_owned).collect::<Vec<_>>()
    };
    let same = |answer: &str| {
        for (sent, got) in NUMBERS.iter().zip(numbers(answer)) {
            let is_whole = sent.parse::<i128>().is_ok();
            assert!(
                if is_whole { got == *sent } else { got.parse::<f64>() == sent.parse::<f64>() },
                "{sent}: {got}"
            );
        }
    };

    let signed_up = sign_up("ada@example.org", &NUMBERS.join(",")).await;
    assert_eq!(signed_up.status, 201, "{}", signed_up.text);
    same(&signed_up.text);
    // Folded from the log, and read from its row.
    let token = app.mailed_token("ada@example.org", "Verify").await;
    same(&client.post("/v1/auth/email/verify/confirm", json!({ "token": token })).await.text);
    let tokens = client.log_in("ada@example.org").await;
    same(&client.as_user(&tokens).get("/v1/auth/me").await.text);

    for rounded in ["18446744073709551617", "-123456789012345678901"] {
        sign_up("alan@example.org", rounded).await.complains("/metadata", "out_of_range");
    }
}
