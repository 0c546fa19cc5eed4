//! The tabs of the playground, followed in a real browser without internet, against the program itself.

use envoi_tests::browser::Browser;
use envoi_tests::process::Server;
use envoi_tests::{Backend, TestDatabase, plainly};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

/// Where to put a picture of the playground at work: `docs/playground.png`, by its whole path, for the README. None is taken
/// when the variable is absent.
const SCREENSHOT: &str = "ENVOI_TEST_SCREENSHOT";

/// What the page says in a language.
struct Words {
    language: &'static str,
    nobody: &'static str,
    first: &'static str,
    preview_first: &'static str,
    no_tag: &'static str,
}

const ENGLISH: Words = Words {
    language: "en",
    nobody: "Nobody is signed in: run the first tab.",
    first: "# 1/6 · Sign in\n",
    preview_first: "run the tab Preview first",
    no_tag: "Your structure has no {{tag:Choriste}}",
};

const FRENCH: Words = Words {
    language: "fr",
    nobody: "Personne n’est connecté : lancez le premier onglet.",
    first: "# 1/6 · Se connecter\n",
    preview_first: "lancez d’abord l’onglet Preview",
    no_tag: "Votre structure n’a pas de {{tag:Choriste}}",
};

#[test]
fn the_tabs_tell_the_story_in_english_on_sqlite() {
    plainly(async || follow(Backend::Sqlite.demo().await, &ENGLISH).await);
}

#[test]
fn the_tabs_tell_the_story_in_french_on_postgres() {
    plainly(async || follow(Backend::Postgres.demo().await, &FRENCH).await);
}

/// GraphiQL in a browser, on the tabs that it opens with, and a server that sends a few messages a second.
struct Playground {
    browser: Browser,
    server: Server,
}

/// The text of one of GraphiQL's editors.
fn text_of(editor: &str) -> String {
    format!("__MONACO.editor.getModels().find((model) => model.uri.path.endsWith('-{editor}')).getValue()")
}

/// A server that serves the page and sends, no faster than one can watch.
async fn serve(database: &TestDatabase) -> Server {
    let key_file = database.master_key_file.display().to_string();
    let variables = [
        ("ENVOI_DATABASE_URL", database.address.as_str()),
        ("ENVOI_MASTER_KEY_FILE", &key_file),
        ("ENVOI_DISPATCH_STRUCTURE_RATE", "2"),
        ("ENVOI_LIVE_CHECK_SECONDS", "1"),
        ("ENVOI_SANDBOX_REPORT_SECONDS", "1"),
    ];
    Server::start(database.folder(), &[], &variables).await
}

async fn follow(database: TestDatabase, words: &Words) {
    let playground = Playground::open(serve(&database).await, words).await;
    playground.sign_in(words).await;
    let people = playground.preview().await;
    let campaign = playground.send().await;
    playground.watch(people, words).await;
    assert_eq!(playground.send_again().await, campaign, "the same key, the same campaign");
    playground.see_the_rules().await;
    playground.lose_the_token(&database, words).await;
    playground.sign_out(words).await;
    playground.as_others(words).await;
    playground.sign_out(words).await;
    playground.finish().await;
    database.remove().await;
}

impl Playground {
    async fn open(server: Server, words: &Words) -> Self {
        let browser = Browser::open(words.language, (1400, 900)).await;
        browser.go(server.address()).await;
        let playground = Self { browser, server };
        let document = format!("return {}", text_of("operation.graphql"));
        let document = playground.browser.until(&document).await;
        assert!(document.as_str().is_some_and(|text| text.starts_with(words.first)), "{document}");
        let language = playground.browser.script("return document.documentElement.lang").await;
        assert_eq!(language, words.language);
        playground
    }

    /// Opens a tab and runs what it asks; waits until the response `r` is as a JavaScript expression wants it.
    async fn run(&self, tab: &str, wanted: &str) -> Value {
        self.open_tab(tab).await;
        self.browser.click(".graphiql-execute-button").await;
        self.response(wanted).await
    }

    async fn open_tab(&self, tab: &str) {
        self.browser.click(&format!(".graphiql-tab-button[title={tab}]")).await;
        let document = text_of("operation.graphql");
        self.browser.until(&format!("return / {tab}\\b/.test({document})")).await;
    }

    /// Runs a tab with other variables than it has.
    async fn run_with(&self, tab: &str, variables: Value, wanted: &str) -> Value {
        self.open_tab(tab).await;
        let editor = text_of("variables.json").replace(".getValue()", "");
        let text = json!(variables.to_string());
        self.browser.script(&format!("{editor}.setValue({text}); return null")).await;
        self.browser.click(".graphiql-execute-button").await;
        self.response(wanted).await
    }

    async fn response(&self, wanted: &str) -> Value {
        let response = text_of("response.json");
        self.browser.until(&format!("const r = JSON.parse({response}); return ({wanted}) && r")).await
    }

    /// Waits until the page tells that this is who is signed in.
    async fn until_viewer(&self, told: &str) {
        let viewer = "document.getElementById('viewer').textContent";
        self.browser.until(&format!("return {viewer} === {}", json!(told))).await;
    }

    async fn sign_in(&self, words: &Words) {
        self.until_viewer(words.nobody).await;
        let early = self.run("Send", "r.errors").await;
        let told = early["errors"][0]["message"].as_str().expect("a message");
        assert!(told.contains(words.preview_first), "{told}");
        self.run("SignIn", "r.data.signIn.token").await;
        self.until_viewer("Marie Durand, École de musique des Quatre Vents").await;
    }

    /// Finds people by a tag that the sign-in told, and previews a message to them; answers how many they are.
    async fn preview(&self) -> usize {
        let found = self.run("People", "r.data.viewer").await;
        let people = found["data"]["viewer"]["structure"]["people"]["edges"].as_array().map_or(0, Vec::len);
        assert!(people > 10, "the musicians are found: {found}");
        let shown = self.run("Preview", "r.data.previewSms.preview").await;
        let preview = &shown["data"]["previewSms"]["preview"];
        assert_eq!(preview["decision"]["outcome"], "ALLOWED");
        assert_eq!(preview["recipientCount"], people);
        people
    }

    async fn send(&self) -> Value {
        let sent = self.run("Send", "r.data.sendSms.campaign").await;
        assert_eq!(sent["data"]["sendSms"]["replayed"], false, "{sent}");
        sent["data"]["sendSms"]["campaign"]["id"].clone()
    }

    async fn send_again(&self) -> Value {
        let sent = self.run("Send", "r.data.sendSms.replayed").await;
        sent["data"]["sendSms"]["campaign"]["id"].clone()
    }

    /// Runs the subscription, then touches nothing: first some are queued, then all arrive.
    async fn watch(&self, people: usize, words: &Words) {
        let begun = self.run("Watch", "r.data.campaignProgress.progress.queued > 0").await;
        assert_eq!(begun["data"]["campaignProgress"]["state"], "DISPATCHING");
        if let Some(path) = std::env::var_os(SCREENSHOT).filter(|_| words.language == ENGLISH.language) {
            self.response("r.data.campaignProgress.progress.delivered >= 3").await;
            std::fs::write(path, self.browser.screenshot().await).expect("the picture can be written");
        }
        let all = format!("r.data.campaignProgress.progress.delivered === {people}");
        let arrived = self.response(&all).await;
        let campaign = &arrived["data"]["campaignProgress"];
        assert_eq!(campaign["state"], "COMPLETED", "{campaign}");
        let messages = campaign["messages"]["edges"].as_array().expect("messages");
        assert!(messages.iter().all(|message| message["node"]["state"] == "DELIVERED"), "{campaign}");
    }

    /// The administrator sees the rules and what they decided, and is refused a send.
    async fn see_the_rules(&self) {
        let rules = self.run("Rules", "r.data.signIn.viewer").await;
        let structure = &rules["data"]["signIn"]["viewer"]["structure"];
        assert!(structure["rules"]["edges"].as_array().is_some_and(|rules| rules.len() > 5), "{rules}");
        assert_eq!(structure["decisions"]["edges"][0]["node"]["outcome"], "ALLOWED", "{rules}");
        self.until_viewer("admin@quatre-vents.example, École de musique des Quatre Vents").await;
        let refused = self.run("Preview", "r.data.previewSms.preview").await;
        let decision = &refused["data"]["previewSms"]["preview"]["decision"];
        assert_eq!(decision["outcome"], "REFUSED", "{refused}");
        assert_eq!(decision["verdicts"].as_array().map(Vec::len), Some(1), "only what objects: {refused}");
        let sent = self.run("Send", "r.data.sendSms.errors[0]").await;
        let verdicts = &sent["data"]["sendSms"]["errors"][0]["decision"]["verdicts"];
        assert_eq!(verdicts[0]["ruleSlug"], "not-admin-account", "{sent}");
    }

    /// The other accounts walk the tabs too: whichever tab signs in tells the tags.
    async fn as_others(&self, words: &Words) {
        self.run("Rules", "r.data.signIn.viewer").await;
        let people = "r.data.viewer.structure.people.edges.length";
        self.run("People", &format!("{people} > 10")).await;
        let nils = json!({ "email": "nils@federation.example", "password": api::cli::demo::PASSWORD });
        self.run_with("SignIn", nils, "r.data.signIn.token").await;
        self.until_viewer("Nils Olsen, Fédération du Littoral").await;
        self.run("People", &format!("{people} === 2")).await;
        let refused = self.run("Preview", "r.data.previewSms.preview").await;
        let verdicts = &refused["data"]["previewSms"]["preview"]["decision"]["verdicts"];
        assert_eq!(verdicts[0]["ruleSlug"], "credit-sufficient", "{refused}");
        let pupils = json!({ "filter": { "tags": { "any": ["{{tag:Choriste}}"] } } });
        let told = self.run_with("People", pupils, "r.errors").await;
        let told = told["errors"][0]["message"].as_str().expect("a message");
        assert!(told.contains(words.no_tag) && told.contains("{{tag:Président}}"), "{told}");
        let another_s = json!({ "filter": { "search": "{{rule:large-send}}" } });
        let told =
            self.run_with("People", another_s, "r.errors[0].message.includes('rule:') && r.errors").await;
        let told = told["errors"][0]["message"].as_str().expect("a message");
        assert!(
            told.contains(&words.preview_first.replace("Preview", "Rules")),
            "the rules seen were another structure's: {told}"
        );
    }

    /// All sessions end elsewhere: the page notices on its WebSocket, without asking again.
    async fn lose_the_token(&self, database: &TestDatabase, words: &Words) {
        let connection = database.connect().await;
        connection.execute_unprepared("DELETE FROM session").await.expect("removed");
        connection.close().await.expect("closed");
        let closed = self.run("Watch", "r.errors").await;
        let told = closed["errors"][0]["message"].as_str().expect("a message");
        assert!(told.contains("4403"), "{told}");
        self.until_viewer(words.nobody).await;
        self.run("SignIn", "r.data.signIn.token").await;
    }

    async fn sign_out(&self, words: &Words) {
        self.browser.click("#sign-out").await;
        self.until_viewer(words.nobody).await;
        let kept = "return [localStorage.length, sessionStorage.length, document.cookie]";
        assert_eq!(self.browser.script(kept).await, json!([0, 0, ""]), "nothing outlives the page");
    }

    /// Ends with a look at what the browser complained of, and at what it asked for.
    async fn finish(self) {
        let complaints = self.browser.console().await;
        assert!(complaints.is_empty(), "the page's policy is kept, and nothing fails: {complaints:#?}");
        let host = self.server.address().trim_start_matches("http://");
        let requests = self.browser.requests().await;
        for own in [format!("http://{host}/graphql"), format!("ws://{host}/graphql")] {
            assert!(requests.contains(&own), "{own} is not among {requests:#?}");
        }
        let sockets = requests.iter().filter(|url| url.starts_with("ws://")).count();
        assert_eq!(sockets, 2, "one for each subscription, and none is tried again");
        let outside: Vec<&String> = requests.iter().filter(|url| leaves(url, host)).collect();
        assert!(outside.is_empty(), "the page asked for {outside:#?}");
        // The look is not blind: what a page asks of another host is seen, and refused.
        self.browser.go("data:text/html,<img src='http://outside.example/x.png'>").await;
        let requests = self.browser.requests().await;
        assert!(requests.iter().any(|url| leaves(url, host)), "{requests:#?}");
    }
}

/// Whether an address is neither of this host, nor inside the page or the browser.
fn leaves(url: &str, host: &str) -> bool {
    let here = [&format!("http://{host}/"), &format!("ws://{host}/"), "data:", "blob:", "chrome://"];
    !here.iter().any(|start| url.starts_with(*start))
}
