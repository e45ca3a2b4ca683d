//! What bearers do to their own accounts.

use super::*;

const NEW: &str = "another password";

#[tokio::test]
async fn a_new_password_takes_the_old_one_and_ends_all_logins_but_the_one_that_it_makes() {
    let store = Arc::new(Users::default());
    let accounts = accounts(&store, &cheap());
    let old = bearer(&accounts.register(PEER, "anna", PASSWORD, None).await.unwrap()).await;
    assert_eq!(code(accounts.change_password(PEER, &old, WRONG, NEW).await), Code::Unauthorized);
    assert_eq!(code(accounts.change_password(PEER, &old, PASSWORD, "short").await), Code::BadFrame);
    assert!(accounts.renew(&old).await.is_ok(), "nothing has changed");
    let new = bearer(&accounts.change_password(PEER, &old, PASSWORD, NEW).await.unwrap()).await;
    assert_eq!(code(accounts.renew(&old).await), Code::Unauthorized);
    assert!(accounts.renew(&new).await.is_ok());
    // Once more in the same second.
    let newest = bearer(&accounts.change_password(PEER, &new, NEW, PASSWORD).await.unwrap()).await;
    assert_eq!(code(accounts.renew(&new).await), Code::Unauthorized);
    assert!(accounts.renew(&newest).await.is_ok());
    assert_eq!(code(accounts.login(PEER, "anna", NEW).await), Code::Unauthorized);
    let login = bearer(&accounts.login(PEER, "anna", PASSWORD).await.unwrap()).await;
    assert!(accounts.renew(&login).await.is_ok());
}

#[tokio::test]
async fn logins_end_but_for_the_one_that_is_made_and_the_password_stays() {
    let store = Arc::new(Users::default());
    let accounts = accounts(&store, &cheap());
    let old = bearer(&accounts.register(PEER, "anna", PASSWORD, None).await.unwrap()).await;
    let new = bearer(&accounts.end_logins(&old).await.unwrap()).await;
    assert_eq!(code(accounts.renew(&old).await), Code::Unauthorized);
    assert!(accounts.renew(&new).await.is_ok());
    assert!(accounts.login(PEER, "anna", PASSWORD).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn guesses_by_a_stolen_token_count_as_failed_logins() {
    let few = Allowance { burst: 3, every: Duration::from_secs(30) };
    let accounts = accounts(&Arc::default(), &AccountsConfig { per_account: few, ..cheap() });
    let anna = bearer(&accounts.register(PEER, "anna", PASSWORD, None).await.unwrap()).await;
    let from = |n: u8| IpAddr::from([198, 51, 100, n]);
    assert!(accounts.confirm(PEER, &anna, PASSWORD).await.is_ok());
    assert_eq!(code(accounts.confirm(from(1), &anna, WRONG).await), Code::Unauthorized);
    assert_eq!(code(accounts.change_password(from(2), &anna, WRONG, NEW).await), Code::Unauthorized);
    assert_eq!(code(accounts.login(from(3), "anna", WRONG).await), Code::Unauthorized);
    assert_eq!(code(accounts.confirm(from(4), &anna, PASSWORD).await), Code::RateLimited);
    assert_eq!(code(accounts.login(from(5), "anna", PASSWORD).await), Code::RateLimited);
}

#[tokio::test]
async fn other_issuers_users_have_no_account_here() {
    let store = Arc::new(Users::default());
    let accounts = accounts(&store, &cheap());
    let identity = Identity {
        user: UserId::parse("elsewhere|anna").unwrap(),
        profile: Profile::default(),
        expires: now_ms() + 60_000,
        proven: now_ms(),
    };
    store.ensure_user(&identity.user, &Profile::default()).await.unwrap();
    assert_eq!(code(accounts.confirm(PEER, &identity, PASSWORD).await), Code::Unsupported);
    assert_eq!(code(accounts.end_logins(&identity).await), Code::Unsupported);
    assert_eq!(code(accounts.change_password(PEER, &identity, PASSWORD, NEW).await), Code::Unsupported);
}

#[tokio::test]
async fn who_has_another_username_logs_in_by_either() {
    let store = Arc::new(Users::default());
    let accounts = accounts(&store, &cheap());
    let anna = accounts.register(PEER, "anna", PASSWORD, None).await.unwrap().user;
    accounts.register(PEER, "bob", NEW, None).await.unwrap();
    store.set_profile(&anna, Some("ann"), None).await.unwrap();
    for username in ["anna", "Ann"] {
        assert_eq!(accounts.login(PEER, username, PASSWORD).await.unwrap().user, anna, "{username}");
        assert_eq!(code(accounts.login(PEER, username, NEW).await), Code::Unauthorized);
    }
    store.set_profile(&anna, Some("bob"), None).await.unwrap();
    assert_eq!(accounts.login(PEER, "bob", NEW).await.unwrap().user.as_str(), "bob", "whose account it was made as");
}
