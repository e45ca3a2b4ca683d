//! Users and accounts.

use std::net::IpAddr;
use std::sync::Arc;

use futures::future::join_all;
use hubbub::domain::{Code, Mark, MembershipChange, Refusal, Role, User, WordPlace};
use hubbub::identity::accounts::{AccountsConfig, BuiltInAccounts, HashCost};
use hubbub::identity::tokens::{Issuer, JwtTokens, KeySource, SigningKey};
use hubbub::ports::{Account, Accounts, StoreError, Tokens};

use super::Fixture;
use super::marks::marks_of;
use super::sample::{group, profile, user};

fn names(users: &[User]) -> Vec<&str> {
    users.iter().map(|user| user.id.as_str()).collect()
}

pub async fn a_user_is_made_once(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let anna = user("anna");
    assert_eq!(store.user(&anna).await.unwrap(), None);
    let tries = (0..8).map(|number| {
        let (store, anna) = (store.clone(), anna.clone());
        let profile = profile(&format!("anna{number}"), "Anna");
        tokio::spawn(async move { store.ensure_user(&anna, &profile).await.unwrap() })
    });
    let answers: Vec<User> = join_all(tries).await.into_iter().map(Result::unwrap).collect();
    let stored = store.user(&anna).await.unwrap().unwrap();
    assert!(answers.iter().all(|answer| *answer == stored));
    assert_eq!(store.all_users(0, 10).await.unwrap(), [stored]);
}

pub async fn an_empty_profile_is_filled_later(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&[]);
    assert!(store.create_group(&made).await.unwrap());
    let change = MembershipChange::Joined(vec![user("anna")], Role::Member);
    store.apply_membership(&made.id, 1, &change).await.unwrap();
    let anna = store.ensure_user(&user("anna"), &profile("Anna.B", "Anna B")).await.unwrap();
    assert_eq!(anna.profile, profile("anna.b", "Anna B"));
    assert!(anna.is_in(&made.id));
    let anna = store.ensure_user(&user("anna"), &profile("other", "Other")).await.unwrap();
    assert_eq!(anna.profile, profile("anna.b", "Anna B"));
    assert_eq!(store.find_users("anna.b", 5).await.unwrap(), [anna]);
}

pub async fn any_user_id_works(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&[]);
    assert!(store.create_group(&made).await.unwrap());
    let long = "x".repeat(128);
    let ids = ["a.b", "a|b", "a@b.c", "_id", ".", "..", "-", "1", "A", "a", long.as_str()];
    let mark = Mark { read: 3, n: 2, delivered: 3 };
    for (seq, id) in (1..).zip(ids) {
        store.ensure_user(&user(id), &profile(id, id)).await.unwrap();
        let change = MembershipChange::Joined(vec![user(id)], Role::Member);
        store.apply_membership(&made.id, seq, &change).await.unwrap();
        store.raise_marks(&[(user(id), made.id.clone(), mark)]).await.unwrap();
    }
    for (seq, id) in (1..).zip(ids) {
        let stored = store.user(&user(id)).await.unwrap().unwrap();
        assert_eq!(stored.groups.get(&made.id), Some(&seq));
        assert_eq!(stored.profile.name, id);
        assert_eq!(marks_of(&store, &user(id)).await.get(&made.id), Some(&mark));
    }
    let members = store.group(&made.id).await.unwrap().unwrap().members;
    assert!(members.iter().map(|member| member.id.as_str()).eq(ids));
}

pub async fn accounts_have_usernames_of_their_own(fixture: &mut impl Fixture) {
    let store = fixture.store();
    store.ensure_user(&user("jwt"), &profile("anna", "Another Anna")).await.unwrap();
    assert!(store.create_account(&user("u1"), &profile("Anna", "Anna"), "hash").await.unwrap());
    let anna = store.user_by_username("ANNA").await.unwrap().unwrap();
    assert_eq!((anna.id.as_str(), anna.password.as_deref()), ("u1", Some("hash")));
    assert_eq!(anna.profile, profile("anna", "Anna"));
    // Neither the username nor the id can be had twice, and failing leaves nothing behind.
    assert!(!store.create_account(&user("u2"), &profile("anna", "Anna"), "h").await.unwrap());
    assert!(!store.create_account(&user("u1"), &profile("bert", "Bert"), "h").await.unwrap());
    assert!(!store.create_account(&user("jwt"), &profile("cleo", "Cleo"), "h").await.unwrap());
    assert_eq!(store.user(&user("u2")).await.unwrap(), None);
    assert_eq!(store.user_by_username("bert").await.unwrap(), None);
    assert!(store.create_account(&user("u3"), &profile("bert", "Bert"), "h").await.unwrap());
    // Renaming frees the old name and respects the others'.
    assert!(!store.set_profile(&user("u3"), Some("anna"), Some("Anna")).await.unwrap());
    assert_eq!(store.user(&user("u3")).await.unwrap().unwrap().profile, profile("bert", "Bert"));
    assert_eq!(store.user_by_username("bert").await.unwrap().unwrap().id, user("u3"));
    store.set_profile(&user("u3"), Some("bert"), None).await.unwrap();
    store.set_profile(&user("u3"), Some("Cleo"), None).await.unwrap();
    assert_eq!(store.user_by_username("cleo").await.unwrap().unwrap().id, user("u3"));
    assert!(store.create_account(&user("u4"), &profile("bert", "B"), "h").await.unwrap());
    // Who has no account may have any name.
    store.set_profile(&user("jwt"), Some("bert"), None).await.unwrap();
    assert_eq!(store.user_by_username("bert").await.unwrap().unwrap().id, user("u4"));
}

pub async fn one_of_many_registrations_wins(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let tries = (0..8).map(|number| {
        let (store, id) = (store.clone(), user(&format!("u{number}")));
        tokio::spawn(async move {
            let made = store.create_account(&id, &profile("anna", "Anna"), "hash").await.unwrap();
            made.then_some(id)
        })
    });
    let winners: Vec<_> = join_all(tries).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(winners.len(), 1);
    let anna = store.user_by_username("anna").await.unwrap().unwrap();
    assert_eq!(anna.id, winners[0]);
    assert_eq!(store.all_users(0, 10).await.unwrap(), [anna]);
}

pub async fn found_by_prefix_in_any_case(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let people = [("1", "anna"), ("2", "Annabel"), ("3", "ann"), ("4", "änne"), ("5", ""), ("6", "a.*")];
    for (id, username) in people {
        store.ensure_user(&user(id), &profile(username, "N")).await.unwrap();
    }
    let find = async |prefix, limit| store.find_users(prefix, limit).await.unwrap();
    // What is marked is found as well, by whoever types the marks and who does not.
    assert_eq!(names(&find("Ann", 20).await), ["3", "1", "2", "4"]);
    assert_eq!(names(&find("ann", 2).await), ["3", "1"]);
    assert_eq!(names(&find("anna", 20).await), ["1", "2"]);
    assert_eq!(names(&find("ÄNNE", 20).await), ["4"]);
    assert_eq!(names(&find("a.", 20).await), ["6"]);
    assert_eq!(names(&find("", 20).await), ["6", "3", "1", "2", "4"]);
    assert!(find("annab%", 20).await.is_empty());
    assert!(find("anna", 0).await.is_empty());
    assert_eq!(store.user_by_username("").await.unwrap(), None);
    assert_eq!(names(&store.all_users(0, 4).await.unwrap()), ["1", "2", "3", "4"]);
    assert_eq!(names(&store.all_users(1, 4).await.unwrap()), ["5", "6"]);
}

pub async fn found_as_people_write(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let people = [
        ("1", "Οδυσσέας"),
        ("2", "İbrahim"),
        ("3", "Straße"),
        ("4", "zoe\u{308}"),
        ("5", "ｆｕｌｌ"),
        ("6", "\u{301}"),
    ];
    for (id, username) in people {
        store.ensure_user(&user(id), &profile(username, "N")).await.unwrap();
    }
    let find = async |prefix| names(&store.find_users(prefix, 20).await.unwrap()).join(" ");
    for (typed, found) in [
        ("ΟΔΥΣ", "1"),
        ("οδυσσεας", "1"),
        ("ibr", "2"),
        ("IBR", "2"),
        ("strasse", "3"),
        ("STRASS", "3"),
        ("straß", "3"),
        ("Zoë", "4"),
        ("zo", "4"),
        ("full", "5"),
        ("\u{301}", "6"),
        ("x", ""),
    ] {
        assert_eq!(find(typed).await, found, "{typed}");
    }
    // Whoever is renamed, filled in or deleted is found by what they are called now.
    store.set_profile(&user("1"), Some("Ηρώ"), None).await.unwrap();
    store.delete_user(&user("2")).await.unwrap();
    store.ensure_user(&user("7"), &profile("", "")).await.unwrap();
    store.ensure_user(&user("7"), &profile("ΗΡΑΚΛΉΣ", "H")).await.unwrap();
    assert_eq!([find("οδυσ").await, find("ηρ").await, find("ibr").await], ["", "7 1", ""]);
}

pub async fn usernames_are_equal_in_any_case_and_composition(fixture: &mut impl Fixture) {
    let store = fixture.store();
    assert!(store.create_account(&user("u1"), &profile("Straße", "S"), "h").await.unwrap());
    assert!(store.create_account(&user("u2"), &profile("zoë", "Z"), "h").await.unwrap());
    for (number, taken) in ["STRASSE", "straße", "strasse", "ZOE\u{308}"].iter().enumerate() {
        assert!(
            !store.create_account(&user(&format!("n{number}")), &profile(taken, "N"), "h").await.unwrap(),
            "{taken}"
        );
    }
    assert!(!store.set_profile(&user("u2"), Some("STRASSE"), None).await.unwrap());
    let of = async |username| store.user_by_username(username).await.unwrap().map(|user| user.id.to_string());
    assert_eq!(of("STRASSE").await.as_deref(), Some("u1"));
    assert_eq!(of("Zoe\u{308}").await.as_deref(), Some("u2"));
    // Found alike, and yet another name.
    assert_eq!(of("zoe").await, None);
    assert!(store.create_account(&user("u3"), &profile("zoe", "Z"), "h").await.unwrap());
    assert_eq!(of("ZOE").await.as_deref(), Some("u3"));
    // One's own name in another form is no one else's, and stays taken.
    assert!(store.set_profile(&user("u1"), Some("strasse"), None).await.unwrap());
    assert!(!store.set_profile(&user("u3"), Some("straße"), None).await.unwrap());
    assert!(store.set_profile(&user("u1"), Some("weg"), None).await.unwrap());
    assert!(store.set_profile(&user("u3"), Some("Straße"), None).await.unwrap());
    assert_eq!(of("strasse").await.as_deref(), Some("u3"));
}

pub async fn found_by_any_word_of_their_names(fixture: &mut impl Fixture) {
    let store = fixture.store();
    for (id, username, name) in
        [("1", "anna.b", "Anna Müller"), ("2", "x", "Annabel"), ("3", "y|z@a", "Mr Anna"), ("4", "", "")]
    {
        store.ensure_user(&user(id), &profile(username, name)).await.unwrap();
    }
    let places = async |beginning: &str, after: Option<&WordPlace>, limit| -> Vec<WordPlace> {
        store.find_words(beginning, after, limit).await.unwrap()
    };
    let shown = async |beginning: &str| -> Vec<String> {
        places(beginning, None, 99).await.iter().map(ToString::to_string).collect()
    };
    assert_eq!(shown("ann").await, ["anna.1", "anna.3", "annabel.2"]);
    assert_eq!(shown("muller").await, ["muller.1"]);
    let first = places("ann", None, 1).await;
    assert_eq!(places("ann", first.first(), 1).await[0].to_string(), "anna.3");
    let last = WordPlace { word: "annabel".into(), user: user("2") };
    assert!(places("ann", Some(&last), 9).await.is_empty() && places("zz", None, 9).await.is_empty());
    // Names change, are filled in, and go.
    assert!(store.set_profile(&user("1"), None, Some("Zoë Müller")).await.unwrap());
    assert_eq!(
        (shown("zoe").await, shown("muller").await, shown("ann").await.len()),
        (vec!["zoe.1".to_owned()], vec!["muller.1".to_owned()], 3)
    );
    assert!(store.set_profile(&user("1"), Some("zo"), None).await.unwrap());
    assert_eq!(shown("ann").await, ["anna.3", "annabel.2"]);
    store.ensure_user(&user("4"), &profile("Doro", "Dora")).await.unwrap();
    assert_eq!(shown("dor").await, ["dora.4", "doro.4"]);
    assert!(store.create_account(&user("5"), &profile("dorle", "D"), "hash").await.unwrap());
    assert_eq!(shown("dor").await, ["dora.4", "dorle.5", "doro.4"]);
    store.delete_user(&user("4")).await.unwrap();
    assert_eq!(shown("dor").await, ["dorle.5"]);
}

pub async fn operators_change_users(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let anna = user("anna");
    store.ensure_user(&anna, &profile("anna", "Anna")).await.unwrap();
    store.set_banned(&anna, true).await.unwrap();
    store.set_password(&anna, "hash", 70).await.unwrap();
    store.set_profile(&anna, None, Some("Ännchen")).await.unwrap();
    let stored = store.user(&anna).await.unwrap().unwrap();
    assert!(stored.banned);
    assert_eq!(stored.password.as_deref(), Some("hash"));
    assert_eq!(stored.profile, profile("anna", "Ännchen"));
    assert_eq!(stored.not_before, 70);
    // A clock that is behind brings no older login back.
    store.set_password(&anna, "hash", 60).await.unwrap();
    assert_eq!(store.user(&anna).await.unwrap().unwrap().not_before, 70);
    // The same again is no error.
    store.set_banned(&anna, true).await.unwrap();
    store.set_profile(&anna, None, Some("Ännchen")).await.unwrap();
    store.set_profile(&anna, None, None).await.unwrap();
    store.set_banned(&anna, false).await.unwrap();
    let stored = store.user(&anna).await.unwrap().unwrap();
    assert_eq!((stored.banned, stored.not_before), (false, 70));
    let nobody = user("nobody");
    let refused = [
        store.set_banned(&nobody, true).await,
        store.set_password(&nobody, "hash", 70).await,
        store.set_profile(&nobody, Some("n"), None).await.map(drop),
    ];
    for answer in refused {
        assert!(matches!(answer, Err(StoreError::Refused(_))), "{answer:?}");
    }
    assert_eq!(store.user(&nobody).await.unwrap(), None);
}

pub async fn tokens_are_renewed_for_the_account_alone(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let key = Arc::new(SigningKey::from_secret(b"a secret of more than thirty-two bytes").unwrap());
    let config = AccountsConfig { cost: HashCost { memory_kib: 8, passes: 1 }, ..AccountsConfig::default() };
    let accounts = BuiltInAccounts::new(store.clone(), key.clone(), None, &config).unwrap();
    let tokens = JwtTokens::new(vec![Issuer::new(None, KeySource::from(key.verifying()))]);
    let (peer, password) = (IpAddr::from([192, 0, 2, 1]), "correct horse");
    let token = accounts.register(peer, "anna", password, None).await.unwrap().token;
    let anna = tokens.verify(&token).await.unwrap();
    assert_eq!(store.user(&anna.user).await.unwrap().unwrap().not_before, 0);
    let renewed = accounts.renew(&anna).await.unwrap().token;
    assert_eq!(tokens.verify(&renewed).await.unwrap().proven, anna.proven);

    let code = |renewed: Result<Account, Refusal>| renewed.err().map(|refusal| refusal.code);
    accounts.set_password(&anna.user, "another password").await.unwrap();
    let renewed = tokens.verify(&renewed).await.unwrap();
    assert_eq!(code(accounts.renew(&renewed).await), Some(Code::Unauthorized), "renewing outlives no password");
    let token = accounts.login(peer, "anna", "another password").await.unwrap().token;
    let anna = tokens.verify(&token).await.unwrap();
    assert_eq!(code(accounts.renew(&anna).await), None);
    store.set_banned(&anna.user, true).await.unwrap();
    assert_eq!(code(accounts.renew(&anna).await), Some(Code::Forbidden));
    store.delete_user(&anna.user).await.unwrap();
    store.set_banned(&anna.user, false).await.unwrap();
    assert_eq!(code(accounts.renew(&anna).await), Some(Code::Unsupported), "who was deleted has no account");
}

pub async fn last_seen_never_goes_back(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let (anna, bert) = (user("anna"), user("bert"));
    for id in [&anna, &bert] {
        store.ensure_user(id, &profile("", "")).await.unwrap();
    }
    store.seen(&[(anna.clone(), 50), (bert.clone(), 70), (user("nobody"), 1)]).await.unwrap();
    store.seen(&[(anna.clone(), 40), (bert.clone(), 80), (bert.clone(), 75)]).await.unwrap();
    store.seen(&[]).await.unwrap();
    assert_eq!(store.user(&anna).await.unwrap().unwrap().last_seen, 50);
    assert_eq!(store.user(&bert).await.unwrap().unwrap().last_seen, 80);
    assert_eq!(store.user(&user("nobody")).await.unwrap(), None);
}

pub async fn a_deleted_user_leaves_an_id_that_nobody_can_take(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&[]);
    let anna = user("u1");
    assert!(store.create_group(&made).await.unwrap());
    assert!(store.create_account(&anna, &profile("anna", "Anna"), "hash").await.unwrap());
    let change = MembershipChange::Joined(vec![anna.clone()], Role::Member);
    store.apply_membership(&made.id, 1, &change).await.unwrap();
    let mark = Mark { read: 1, n: 1, delivered: 1 };
    store.raise_marks(&[(anna.clone(), made.id.clone(), mark)]).await.unwrap();
    for _ in 0..2 {
        store.delete_user(&anna).await.unwrap();
        let left = store.user(&anna).await.unwrap().unwrap();
        assert!(left.is_deleted() && left.groups.is_empty());
        assert_eq!((left.profile, left.password), (profile("", ""), None));
        assert_eq!(store.user_by_username("anna").await.unwrap(), None);
        assert!(marks_of(&store, &anna).await.is_empty());
    }
    // Neither whoever has a token for it yet nor whoever registers brings the id back.
    assert!(store.ensure_user(&anna, &profile("anna", "Anna")).await.unwrap().is_deleted());
    assert!(!store.create_account(&anna, &profile("anna", "Anna"), "other").await.unwrap());
    assert!(store.user(&anna).await.unwrap().unwrap().is_deleted());
    // The username is free for another id, and an operator can free the id as well.
    assert!(store.create_account(&user("u2"), &profile("anna", "Another"), "other").await.unwrap());
    store.set_banned(&anna, false).await.unwrap();
    let anew = store.ensure_user(&anna, &profile("anne", "Anne")).await.unwrap();
    assert_eq!((anew.profile, anew.password, anew.groups.len()), (profile("anne", "Anne"), None, 0));
    // Whoever was never here is not made by deleting them.
    store.delete_user(&user("u3")).await.unwrap();
    assert_eq!(store.user(&user("u3")).await.unwrap(), None);
}
