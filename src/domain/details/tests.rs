//! The rules for what users say of themselves.

use serde_json::json;

use super::*;
use crate::domain::Code;

/// What becomes of an edit of the details.
fn edited(details: DetailsPatch) -> Result<Details, Code> {
    let edit = ProfilePatch::asked(Patch::Keep, Patch::Keep, details).map_err(|refusal| refusal.code)?;
    let mut details = Details::default();
    details.apply(edit.details);
    Ok(details)
}

fn set(text: &str) -> Patch<String> {
    Patch::Set(text.to_owned())
}

/// Tries texts for a field: those that stand as they are, and those that are refused.
fn holds(edit: fn(Patch<String>) -> DetailsPatch, of: fn(&Details) -> &Option<String>, good: &[&str], bad: &[&str]) {
    for text in good {
        let details = edited(edit(set(text))).unwrap_or_else(|code| panic!("{text:?} is {code:?}"));
        assert_eq!(of(&details).as_deref(), Some(*text));
    }
    for text in bad {
        assert_eq!(edited(edit(set(text))), Err(Code::BadFrame), "{text:?}");
    }
}

#[test]
fn addresses_and_numbers_have_a_form_and_a_length() {
    let email = |email| DetailsPatch { email, ..DetailsPatch::default() };
    holds(
        email,
        |details| &details.email,
        &["anna@example.org", "ä@ü.de", "a+b@localhost"],
        &["", "anna", "@b", "a@", "a@b@c", "a b@c", "a\n@b"],
    );
    assert_eq!(edited(email(set(&format!("{}@b", "a".repeat(253))))), Err(Code::TooLarge));
    let phone = |phone| DetailsPatch { phone, ..DetailsPatch::default() };
    holds(
        phone,
        |details| &details.phone,
        &["+351 (22) 040-61.00", "112", "*100#"],
        &["", "+", "call me", "1\n2", "\u{661}"],
    );
    assert_eq!(edited(phone(set(&"1".repeat(33)))), Err(Code::TooLarge));
}

#[test]
fn time_zones_have_the_form_of_their_names() {
    holds(
        |time_zone| DetailsPatch { time_zone, ..DetailsPatch::default() },
        |details| &details.time_zone,
        &[
            "UTC",
            "Europe/Lisbon",
            "America/Argentina/ComodRivadavia",
            "Etc/GMT+5",
            "EST5EDT",
            "America/North_Dakota/Center",
        ],
        &[
            "",
            "/",
            "Europe/",
            "Europe//Lisbon",
            "+01:00",
            "a/b/c/d",
            "Europe/Lisböa",
            "../passwd",
            "America/ComodRivadavia1",
        ],
    );
}

#[test]
fn what_is_said_of_oneself_has_lines_and_no_other_control_characters() {
    let about = |text: &str| edited(DetailsPatch { about: set(text), ..DetailsPatch::default() });
    assert_eq!(about(" two\nlines\n").unwrap().about.as_deref(), Some("two\nlines"));
    assert_eq!(about(&"ä".repeat(500)).unwrap().about.map(|about| about.len()), Some(1_000));
    for (text, code) in
        [("a".repeat(501), Code::TooLarge), ("a\tb".into(), Code::BadFrame), ("a\u{85}b".into(), Code::BadFrame)]
    {
        assert_eq!(about(&text), Err(code), "{text:?}");
    }
}

#[test]
fn a_status_says_something_and_is_seen_until_it_is_over() {
    let status = |status: serde_json::Value| {
        let status = serde_json::from_value(status).map_err(|_| Code::BadFrame)?;
        edited(DetailsPatch { status: Patch::Set(status), ..DetailsPatch::default() })
    };
    let tea = status(json!({"emoji": "🫖", "text": " tea ", "until": 9})).unwrap();
    assert_eq!(tea.status.as_ref().and_then(|status| status.text.as_deref()), Some("tea"));
    assert!(tea.clone().at(8).status.is_some() && tea.at(9).status.is_none());
    assert!(status(json!({"emoji": ":tea:"})).unwrap().at(Millis::MAX).status.is_some());
    for (wrong, code) in [
        (json!({}), Code::BadFrame),
        (json!({"until": 9}), Code::BadFrame),
        (json!({"text": " "}), Code::BadFrame),
        (json!({"text": "a\nb"}), Code::BadFrame),
        (json!({"text": "x".repeat(101)}), Code::TooLarge),
        (json!({"emoji": "x".repeat(65)}), Code::TooLarge),
    ] {
        assert_eq!(status(wrong.clone()), Err(code), "{wrong}");
    }
}

#[test]
fn settings_have_a_size_and_a_depth() {
    let settings = |value: serde_json::Value| {
        let settings = value.as_object().cloned().expect("a map");
        edited(DetailsPatch { settings: Patch::Set(settings), ..DetailsPatch::default() })
    };
    let most = 16 * 1024 - r#"{"a":""}"#.len();
    assert!(settings(json!({"a": "x".repeat(most)})).is_ok());
    assert_eq!(settings(json!({"a": "x".repeat(most + 1)})), Err(Code::TooLarge));
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    assert!(settings(json!({"a": nested(32)})).is_ok());
    assert_eq!(settings(json!({"a": nested(33)})), Err(Code::BadFrame));
}

#[test]
fn names_keep_to_their_rule_and_are_never_taken_away() {
    let asked = |username, name| ProfilePatch::asked(username, name, DetailsPatch::default());
    let edit = asked(set("Anna.B"), set(" Anna ")).unwrap();
    assert_eq!(edit.username.as_ref().map(Name::as_str), Some("anna.b"));
    assert_eq!(edit.name.as_ref().map(Name::as_str), Some("Anna"));
    assert!(asked(Patch::Keep, Patch::Keep).unwrap().is_empty() && !edit.is_empty());
    for (username, name) in [
        (Patch::Clear, Patch::Keep),
        (Patch::Keep, Patch::Clear),
        (set("HUB.anna"), Patch::Keep),
        (set(""), Patch::Keep),
        (Patch::Keep, set("a\u{202e}b")),
    ] {
        assert_eq!(asked(username, name).unwrap_err().code, Code::BadFrame);
    }
}

#[test]
fn what_is_absent_stays_and_what_is_cleared_goes() {
    let mut details = edited(DetailsPatch { email: set("a@b"), phone: set("112"), ..DetailsPatch::default() }).unwrap();
    details.apply(DetailsPatch { email: Patch::Clear, about: set("x"), ..DetailsPatch::default() });
    let expected = Details { phone: Some("112".into()), about: Some("x".into()), ..Details::default() };
    assert_eq!(details, expected);
}
