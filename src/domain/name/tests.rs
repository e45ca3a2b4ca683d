//! The rule, by examples and for any text.

use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> Result<String, InvalidName> {
    Name::parse(text).map(String::from)
}

#[test]
fn names_are_trimmed_and_composed_and_else_as_they_are() {
    let good = [
        ("Anna", "Anna"),
        ("  Anna B.\u{a0}\n", "Anna B."),
        ("Zoe\u{308}", "Zoë"),
        ("İbrahim ßẞ", "İbrahim ßẞ"),
        ("👩\u{200d}👧 نامه\u{200c}ها", "👩\u{200d}👧 نامه\u{200c}ها"),
        ("שלום\u{200f} \u{61c}", "שלום\u{200f} \u{61c}"),
        ("\u{200b}a", "\u{200b}a"),
        ("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
        (".", "."),
        ("\u{f8ff}", "\u{f8ff}"),
        // Not assigned in the Unicode of these tables, perhaps an emoji to come.
        ("\u{1fadd}", "\u{1fadd}"),
    ];
    for (text, name) in good {
        assert_eq!(parsed(text).as_deref(), Ok(name), "{text:?}");
    }
    assert_eq!(parsed(&"ä".repeat(NAME_MAX)).unwrap().chars().count(), NAME_MAX);
    assert_eq!(parsed(&"a\u{308}".repeat(NAME_MAX)).unwrap(), "ä".repeat(NAME_MAX));
}

#[test]
fn what_nobody_sees_and_what_spoils_the_text_around_it_is_no_name() {
    for text in ["", " \t\n\u{3000}", &"a".repeat(NAME_MAX + 1)] {
        assert_eq!(parsed(text), Err(InvalidName::Length), "{text:?}");
    }
    for bad in ['\0', '\n', '\u{7f}', '\u{85}', '\u{2028}', '\u{2029}', '\u{1b}'] {
        assert_eq!(parsed(&format!("a{bad}b")), Err(InvalidName::Control(bad)));
    }
    for bad in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
        assert_eq!(parsed(&format!("a{bad}b")), Err(InvalidName::Direction(bad)));
    }
    for bad in [
        "\u{200b}",
        "\u{200d}",
        "\u{200c} \u{200c}",
        "\u{3164}",
        "\u{ad}",
        "\u{2800}",
        "\u{ffa0}",
        "\u{115f}",
        "\u{1160}",
        "\u{34f}",
        "\u{301}",
        "\u{feff}",
        "\u{180e}",
        "\u{2060}",
        "\u{e0041}",
        "\u{fe0f}",
        "\u{fffa}",
        "\u{1d159}",
    ] {
        assert_eq!(parsed(bad), Err(InvalidName::Invisible), "{bad:?}");
    }
}

#[test]
fn refusals_say_what_to_do() {
    let told = |text: &str| Name::asked("name", text).unwrap_err();
    assert_eq!(told("").code, Code::BadFrame);
    assert_eq!(told("").message, "`name` must have 1 to 200 characters");
    assert_eq!(told("a\nb").message, "`name` must be one line without control characters: take out U+000A");
    assert_eq!(told("a\u{202e}b").message, "`name` must not turn the direction of the text around it: take out U+202E");
    assert_eq!(told("\u{ad}").message, "`name` must have something in it that can be seen");
}

#[test]
fn texts_are_made_fit() {
    let fit = |text: &str| Name::fit(text).map(String::from);
    assert_eq!(fit(" a\n\u{202e}b\0 ").as_deref(), Some("ab"));
    assert_eq!(fit(&"é".repeat(300)), Some("é".repeat(NAME_MAX)));
    assert_eq!(fit(&format!("{} a", "x".repeat(NAME_MAX - 1))), Some("x".repeat(NAME_MAX - 1)));
    for nothing in ["", "\0", "\u{202e}\u{3164}"] {
        assert_eq!(fit(nothing), None);
    }
}

#[test]
fn equal_in_any_case_and_composition() {
    for (one, other) in [
        ("Straße", "STRASSE"),
        ("STRAẞE", "strasse"),
        ("Οδυσσεύς", "ΟΔΥΣΣΕΎΣ"),
        ("zoë", "ZOE\u{308}"),
        ("ſ", "S"),
        ("\u{212a}", "k"),
        ("ᾳ", "ΑΙ"),
        ("Ꭰ", "ꭰ"),
    ] {
        assert_eq!(name_key(one), name_key(other), "{one} {other}");
        assert_eq!(search_form(one), search_form(other), "{one} {other}");
    }
    for (one, other) in [("zoë", "zoe"), ("ｆ", "f"), ("ı", "i"), ("İ", "i")] {
        assert_ne!(name_key(one), name_key(other), "{one} {other}");
    }
}

#[test]
fn found_by_what_people_type() {
    for (typed, name) in [
        ("ΟΔΥΣ", "Οδυσσέας"),
        ("οδυσσεα", "ΟΔΥΣΣΈΑΣ"),
        ("ibr", "İbrahim"),
        ("strasse", "Straße"),
        ("straß", "STRASSE"),
        ("angstrom", "Ångström"),
        ("fi", "ﬁn"),
        ("ｆｕｌｌ", "Full"),
        ("ivan", "i\u{200b}van"),
        ("하", "한국"),
    ] {
        let (form, of_name) = (search_form(typed), search_form(name));
        assert!(of_name.starts_with(&form), "{typed} {name}: {form} {of_name}");
    }
    assert_eq!(search_form("\u{301}"), "\u{301}", "where nothing would be left");
}

proptest! {
    #[test]
    fn a_name_is_a_name(text in any::<String>()) {
        if let Ok(name) = Name::parse(&text) {
            prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()));
            prop_assert_eq!(Name::fit(&text), Some(name));
        }
        if let Some(name) = Name::fit(&text) {
            prop_assert_eq!(Name::parse(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn no_form_of_composition_matters(text in "[\\PCéßİΐﬁ가ᾳ]{0,20}") {
        for other in [nfc(&text), nfd(&text)] {
            prop_assert_eq!(Name::parse(&other), Name::parse(&text));
            prop_assert_eq!(name_key(&other), name_key(&text));
            prop_assert_eq!(search_form(&other), search_form(&text));
        }
        prop_assert_eq!(search_form(&nfkd(&text)), search_form(&text));
    }

    #[test]
    fn forms_are_their_own(text in "\\PC{0,20}") {
        let (key, form) = (name_key(&text), search_form(&text));
        prop_assert_eq!(name_key(&key), key.clone());
        prop_assert_eq!(search_form(&form), form.clone());
        prop_assert_eq!(search_form(&key), form.clone());
        prop_assert_eq!(search_form(&text.to_lowercase()), form);
        prop_assert_eq!(name_key(&text.to_lowercase()), key);
    }
}
