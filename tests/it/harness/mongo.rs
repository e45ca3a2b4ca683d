use mongodb::bson::{Document, doc};

use crate::support::{
    MongoServer, eventually,
    mongo::{self, with_database},
    shared,
};

async fn count(client: &mongodb::Client, database: &str) -> Result<u64, mongodb::error::Error> {
    let things = client.database(database).collection::<Document>("things");
    things.count_documents(doc! {}).await
}

async fn insert(client: &mongodb::Client, database: &str) {
    let things = client.database(database).collection::<Document>("things");
    things.insert_one(doc! { "_id": 1 }).await.expect("MongoDB takes a document");
}

#[tokio::test]
async fn what_was_stored_outlives_a_kill() {
    let mut server = MongoServer::start().await;
    let client = server.client().await;
    insert(&client, "db").await;
    server.kill();
    assert!(count(&client, "db").await.is_err());
    server.restart().await;
    assert_eq!(count(&server.client().await, "db").await.expect("MongoDB answers"), 1);
}

#[tokio::test]
async fn paused_it_comes_back_when_it_is_resumed() {
    let server = MongoServer::start().await;
    insert(&server.client().await, "db").await;
    server.pause();
    assert!(count(&server.client().await, "db").await.is_err());
    server.resume();
    let client = server.client().await;
    let found = eventually("MongoDB answers", async || count(&client, "db").await).await;
    assert_eq!(found, 1);
}

#[tokio::test]
async fn users_of_the_shared_server_do_not_see_each_other() {
    let (one, other) = (shared::mongodb().await, shared::mongodb().await);
    insert(&mongo::client(&one.url).await, &one.database).await;
    let seen = count(&mongo::client(&other.url).await, &other.database).await;
    assert_eq!(seen.expect("MongoDB answers"), 0);
}

#[test]
fn a_database_takes_its_place_in_a_url() {
    for (url, with) in [
        ("mongodb://h:1", "mongodb://h:1/t"),
        ("mongodb://h:1/old", "mongodb://h:1/t"),
        ("mongodb://a:1,b:2/?replicaSet=rs0", "mongodb://a:1,b:2/t?replicaSet=rs0"),
        ("mongodb://u:p@h/", "mongodb://u:p@h/t?authSource=admin"),
        ("mongodb://u:p@h/old?w=1", "mongodb://u:p@h/t?w=1&authSource=old"),
        ("mongodb://u:p@h/old?authSource=x", "mongodb://u:p@h/t?authSource=x"),
    ] {
        assert_eq!(with_database(url, "t"), with);
    }
}
