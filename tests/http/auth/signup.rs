//! `POST /v1/auth/signup`

mod hang_up;
mod idempotency;
mod numbers;
mod strict;

use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};

const PATH: &str = "/v1/auth/signup";

#[tokio::test]
async fn a_user_signs_up_and_gets_a_mail_that_verifies_the_address() {
    let app = TestApp::start().await;
    let client = app.application().await;

    let body = json!({"email": "Ada@Example.org", "password": PASSWORD, "metadata": {"plan": "pro"}});
    let user = client.post(PATH, body).await.expect(201)["user"].clone();

    assert!(user["id"].as_str().unwrap().starts_with("usr_"));
    assert_eq!(user["email"], "Ada@Example.org");
    assert_eq!(user["email_verified"], false);
    assert_eq!(user["status"], "active");
    assert_eq!(user["metadata"], json!({"plan": "pro"}));
    assert_eq!(user["last_login_at"], Value::Null);
    let token = app.mailed_token("Ada@example.org", "Acme").await;
    let verified = client.post("/v1/auth/email/verify/confirm", json!({ "token": token })).await.expect(200);
    assert_eq!(verified["user"]["email_verified"], true);
}

#[tokio::test]
async fn twenty_signups_of_one_address_at_once_give_one_user() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let other = client.at(&app.another_node().await);

    let signups = (0..20).map(|n| {
        let client = if n % 2 == 0 { client.clone() } else { other.clone() };
        let email = if n % 3 == 0 { "ada@example.org" } else { "ADA@EXAMPLE.ORG" };
        tokio::spawn(async move { client.post(PATH, json!({"email": email, "password": PASSWORD})).await })
    });
    let mut created = 0;
    for signup in signups.collect::<Vec<_>>() {
        let answer = signup.await.unwrap();
        if answer.status == 201 {
            created += 1;
        } else {
            answer.refused(409, "email_taken");
        }
    }

    assert_eq!(created, 1);
    let mut database = app.database.connect().await;
    let counts: (i64, i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM events WHERE event_type = 'UserRegistered' AND application_id <> $1),
                (SELECT count(*) FROM users WHERE application_id <> $1),
                (SELECT count(*) FROM claims WHERE application_id <> $1),
                (SELECT count(*) FROM secrets.password_hashes)",
    )
    .bind(devauth_aggregates::portal().uuid())
    .fetch_one(&mut database)
    .await
    .unwrap();
    // The fourth counts the developer too.
    assert_eq!(counts, (1, 1, 1, 2));
}

#[tokio::test]
async fn the_answer_has_exactly_the_members_of_the_contract() {
    let app = TestApp::start().await;
    let acme = app.developer().await.application("Acme").await;

    let answer = acme.client.post(PATH, json!({"email": "ada@example.org", "password": PASSWORD})).await;

    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.expect(201);
    let user = &body["user"];
    assert_eq!(
        body,
        json!({"user": {
            "id": user["id"], "app_id": acme.id, "email": "ada@example.org", "email_verified": false, "status": "active",
            "metadata": {}, "created_at": user["created_at"], "updated_at": user["created_at"], "last_login_at": null,
        }})
    );
}

#[tokio::test]
async fn a_taken_address_is_refused_in_every_spelling_and_elsewhere_it_is_free() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (acme, other) = (developer.application("Acme").await, developer.application("Other").await);
    let first = acme.client.sign_up("Ada@Bücher.example").await;

    for same in ["Ada@Bücher.example", "ada@bücher.example", "ADA@XN--BCHER-KVA.EXAMPLE"] {
        let answer = acme.client.post(PATH, json!({"email": same, "password": PASSWORD})).await;
        assert!(!answer.text.contains("cher"), "nothing that was sent comes back");
        answer.refused(409, "email_taken");
    }

    let elsewhere = other.client.sign_up("ada@bücher.example").await;
    assert_ne!(first["id"], elsewhere["id"]);
    acme.client.sign_up("grace@example.org").await;
    acme.client.sign_up("ada+tag@bücher.example").await;
    assert!(app.mail("xn--bcher-kva.example", "for Other").await.to[0].contains("ada@xn--bcher-kva.example"));
}

#[tokio::test]
async fn the_name_of_the_application_makes_no_password() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let (named, other) =
        (developer.application("Quorlam & Zwiefach").await, developer.application("Acme").await);
    let body = json!({"email": "ada@example.org", "password": "quorlamzwiefach"});

    let refused = named.client.post(PATH, body.clone()).await.invalid();

    assert_eq!(refused, [("/password".to_owned(), "too_weak".to_owned())]);
    other.client.post(PATH, body).await.expect(201);
}

#[tokio::test]
async fn a_password_that_is_easily_guessed_is_refused() {
    let app = TestApp::start().await;
    let client = app.application().await;

    for (password, code) in [
        ("", "too_short"),
        ("kuoiEw7", "too_short"),
        // Seven code points, whatever the bytes, and however they are composed.
        ("äöüßéèê", "too_short"),
        ("a\u{308}o\u{308}u\u{308}e\u{301}", "too_short"),
        (&"kX3 ".repeat(64), ""),
        (&format!("{}a", "kX3 ".repeat(64)), "too_long"),
        ("password123", "too_common"),
        ("green7river", "too_weak"),
        ("ada@example.org", "contains_address"),
        ("ADA@EXAMPLE.ORG 77!", "contains_address"),
    ] {
        let answer = client.post(PATH, json!({"email": "ada@example.org", "password": password})).await;
        if code.is_empty() {
            // 256 code points are no reason; being a repetition may be one.
            assert!(!answer.text.contains("too_long"));
            continue;
        }
        assert!(password.len() < 5 || !answer.text.contains(password));
        let complaints = answer.invalid();
        assert!(
            complaints.contains(&("/password".to_owned(), code.to_owned())),
            "{password}: {complaints:?}"
        );
    }
}

#[tokio::test]
async fn an_application_sets_what_it_asks_of_passwords() {
    let app = TestApp::start().await;
    let developer = app.developer().await;
    let acme = developer.application("Acme").await;
    developer.set(&acme.id, json!({"password_min_length": 20, "password_min_strength": 0})).await;
    let client = acme.client.at(&app.another_node().await);
    let sign_up =
        |password: &str| client.post(PATH, json!({"email": "ada@example.org", "password": password}));

    sign_up("violet tractor 7777").await.complains("/password", "too_short");
    sign_up("abcabcabcabcabcabcabd").await.expect(201);
}

#[tokio::test]
async fn metadata_is_any_object_of_at_most_four_kib_and_64_levels() {
    let app = TestApp::start().await;
    let client = app.application().await;
    let sign_up = |email: String, metadata: Value| {
        client.post(PATH, json!({"email": email, "password": PASSWORD, "metadata": metadata}))
    };

    for wrong in [json!(null), json!("text"), json!(7), json!([{}]), json!(true)] {
        sign_up("ada@example.org".into(), wrong).await.complains("/metadata", "wrong_type");
    }
    for nul in [json!({"a": "\0"}), json!({"\0": 1}), json!({"a": [{"b": "x\0"}]})] {
        sign_up("ada@example.org".into(), nul).await.complains("/metadata", "invalid_character");
    }
    // {"a":"…"} is eight bytes and the text.
    let of = |bytes: usize| json!({"a": "x".repeat(bytes - 8)});
    sign_up("ada@example.org".into(), of(4_097)).await.complains("/metadata", "too_long");
    // Lists and objects in turn.
    let deep = |levels: usize| {
        (1..levels).fold(json!({}), |inner, level| {
            if level % 2 == 1 && level + 1 < levels { json!([inner]) } else { json!({ "d": inner }) }
        })
    };
    for too_deep in [deep(65), deep(100)] {
        sign_up("ada@example.org".into(), too_deep).await.complains("/metadata", "too_deep");
    }

    for (n, good) in [
        of(4_096),
        json!({}),
        deep(64),
        json!({"number": 1.0, "big": 18_446_744_073_709_551_615_u64, "small": 5e-324, "text": "𝄞 \u{7f} '\";--"}),
        // What looks like the marks by which the log finds personal data is only metadata.
        json!({"$personal": {"a": 1}}),
        json!({"$erased": true}),
        json!({"$sealed": {"person": "usr_x", "content": "AAAA"}}),
        json!({"x": {"$sealed": {"person": "usr_x", "content": "AAAA"}}, "y": {"$personal": null}}),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("user{n}@example.org");
        let user = sign_up(email.clone(), good.clone()).await.expect(201)["user"].clone();
        assert_eq!(user["metadata"], good);
        // Folded from the log once more, and read from its row.
        let token = app.mailed_token(&email, "Verify").await;
        let verified = client.post("/v1/auth/email/verify/confirm", json!({ "token": token })).await;
        assert_eq!(verified.expect(200)["user"]["metadata"], good);
        assert_eq!(client.log_in(&email).await["user"]["metadata"], good);
    }
}
