//! The playground: what its addresses answer, and what becomes of it in a real browser without internet.

use api::http::playground::{Asset, BUILT_IN, Bundle, router};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use envoi_tests::browser::Browser;
use envoi_tests::process::Server;
use envoi_tests::{TestApp, both};
use serde_json::{Value, json};
use tower::ServiceExt as _;

both!(an_operator_can_switch_it_off);

static PLANTED: Bundle = Bundle {
    page: Some("<p>planted</p>"),
    assets: &[Asset { name: "main-ABC.js", brotli: b"by brotli", gzip: b"by gzip" }],
};
static NOTHING: Bundle = Bundle { page: None, assets: &[] };

async fn get(router: Router, path: &str, coding: Option<&str>) -> (Response, String) {
    let mut request = Request::get(path);
    if let Some(coding) = coding {
        request = request.header("accept-encoding", coding);
    }
    let request = request.body(Body::empty()).expect("a sound request");
    let response = router.oneshot(request).await.expect("invariant: the router cannot fail");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1_000_000).await.expect("the answer has an end");
    (Response::from_parts(parts, Body::empty()), String::from_utf8_lossy(&body).into_owned())
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn assert_guarded(response: &Response) {
    let policy = header(response, "content-security-policy");
    for rule in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.split("; ").any(|part| part == rule), "{rule}: {policy}");
    }
    assert!(!policy.contains("http") && !policy.contains("unsafe-eval") && !policy.contains('*'), "{policy}");
    assert_eq!(header(response, "x-content-type-options"), "nosniff");
    assert_eq!(header(response, "referrer-policy"), "no-referrer");
}

#[tokio::test]
async fn the_page_is_asked_for_each_time_and_its_files_are_kept() {
    let (page, text) = get(router(&PLANTED), "/", None).await;
    assert_eq!((page.status(), text.as_str()), (StatusCode::OK, "<p>planted</p>"));
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&page, "cache-control"), "no-cache");
    assert_guarded(&page);
    for (coding, used, content) in [
        (Some("gzip, deflate, br, zstd"), "br", "by brotli"),
        (Some("gzip"), "gzip", "by gzip"),
        (None, "gzip", "by gzip"),
    ] {
        let (asset, text) = get(router(&PLANTED), "/assets/main-ABC.js", coding).await;
        assert_eq!((asset.status(), text.as_str()), (StatusCode::OK, content));
        assert_eq!(header(&asset, "content-encoding"), used);
        assert_eq!(header(&asset, "content-type"), "text/javascript; charset=utf-8");
        assert_eq!(header(&asset, "cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(header(&asset, "vary"), "Accept-Encoding");
        assert_guarded(&asset);
    }
    let (refused, _) = get(router(&PLANTED), "/assets/main-ABC.js", Some("identity")).await;
    assert_eq!(refused.status(), StatusCode::NOT_ACCEPTABLE);
    for path in ["/assets/main-DEF.js", "/assets/", "/assets/..%2Fmain-ABC.js", "/assets/main-ABC.js.br"] {
        let (absent, _) = get(router(&PLANTED), path, None).await;
        assert_eq!(
            (absent.status(), header(&absent, "cache-control")),
            (StatusCode::NOT_FOUND, ""),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_program_built_without_it_says_how_to_get_it() {
    let (page, text) = get(router(&NOTHING), "/", None).await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert_guarded(&page);
    for part in ["Node.js", "cargo build", "/graphql", "sans le bac à sable", "without the playground"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("<script") && !text.contains("src="), "it loads nothing: {text}");
}

async fn an_operator_can_switch_it_off(app: TestApp) {
    let off = app.another(|config| config.playground.enabled = false).await;
    for (app, status) in [(&app, StatusCode::OK), (&off, StatusCode::NOT_FOUND)] {
        let (page, text) = get(app.router(), "/", None).await;
        assert_eq!(page.status(), status, "{text}");
        let request = Request::get("/graphql?query=%7B__typename%7D").body(Body::empty());
        let answer = app.anonymous().http(request.expect("a sound request")).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

/// The packages' licences are served with them, as they ask.
#[test]
fn licences_of_what_is_bundled_come_with_it() {
    let page = BUILT_IN.page.expect("the tests are built with the playground: make setup installs Node.js");
    let named: Vec<&str> =
        BUILT_IN.assets.iter().map(|asset| asset.name).filter(|name| page.contains(name)).collect();
    assert_eq!(named.len(), 3, "the page names a script, a style sheet and the licences: {named:?}");
    assert!(named.iter().any(|name| name.starts_with("licences-")), "{named:?}");
}

/// Where to put a picture of the playground at work, for the README: not taken when the variable is absent.
const SCREENSHOT: &str = "ENVOI_TEST_SCREENSHOT";

/// GraphiQL in a browser, on the tabs that it opens with.
struct Playground {
    browser: Browser,
    server: Server,
    _folder: tempfile::TempDir,
}

/// The text of one of GraphiQL's editors.
fn text_of(editor: &str) -> String {
    format!("__MONACO.editor.getModels().find((model) => model.uri.path.endsWith('-{editor}')).getValue()")
}

impl Playground {
    async fn open(language: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let hurried = [("ENVOI_SANDBOX_REPORT_SECONDS", "10")];
        let server = Server::start(folder.path(), &["--demo"], &hurried).await;
        let browser = Browser::open(language, (1400, 900)).await;
        browser.go(server.address()).await;
        let playground = Self { browser, server, _folder: folder };
        playground.browser.until(&format!("return {}", text_of("operation.graphql"))).await;
        playground
    }

    /// Opens the tab of that name.
    async fn open_tab(&self, tab: &str) {
        self.browser.click(&format!(".graphiql-tab-button[title={tab}]")).await;
        let opened = format!("return / {tab}\\b/.test({})", text_of("operation.graphql"));
        self.browser.until(&opened).await;
    }

    /// Runs what the tab asks, and waits until the response `r` is as a JavaScript expression wants it.
    async fn run(&self, tab: &str, wanted: &str) -> Value {
        self.open_tab(tab).await;
        self.browser.click(".graphiql-execute-button").await;
        self.response(wanted).await
    }

    async fn response(&self, wanted: &str) -> Value {
        let response = text_of("response.json");
        self.browser.until(&format!("const r = JSON.parse({response}); return ({wanted}) && r")).await
    }

    /// Who is signed in, as the page tells.
    async fn viewer(&self) -> Value {
        self.browser.script("return document.getElementById('viewer').textContent").await
    }

    /// Ends with a look at what the browser kept, what it complained of, and what it asked for.
    async fn finish(self) {
        let kept = "return [localStorage.length, sessionStorage.length, document.cookie]";
        assert_eq!(self.browser.script(kept).await, json!([0, 0, ""]), "nothing outlives the page");
        let complaints = self.browser.console().await;
        assert_eq!(
            complaints,
            Vec::<String>::new(),
            "the console stays empty, and the page's policy is kept"
        );
        let host = self.server.address().trim_start_matches("http://").to_owned();
        let requests = self.browser.requests().await;
        assert!(requests.iter().any(|url| *url == format!("http://{host}/graphql")), "{requests:?}");
        let outside: Vec<&String> = requests.iter().filter(|url| leaves(url, &host)).collect();
        assert!(outside.is_empty(), "the page asked for {outside:?}");
        // The look is not blind: what a page asks of another host is seen, and refused.
        self.browser.go("data:text/html,<img src='http://outside.example/x.png'>").await;
        let requests = self.browser.requests().await;
        assert!(requests.iter().any(|url| leaves(url, &host)), "{requests:?}");
    }
}

/// Whether an address is neither of this host, nor inside the page or the browser.
fn leaves(url: &str, host: &str) -> bool {
    let here = [
        format!("http://{host}/"),
        format!("ws://{host}/"),
        "data:".into(),
        "blob:".into(),
        "chrome://".into(),
    ];
    !here.iter().any(|start| url.starts_with(start.as_str()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tabs_tell_the_story_without_internet() {
    let playground = Playground::open("en").await;
    assert_eq!(playground.viewer().await, "Nobody is signed in: run the first tab.");
    let early = playground.run("Send", "r.errors").await;
    let told = early["errors"][0]["message"].as_str().expect("a message");
    assert!(told.contains("run the tab Preview first"), "{told}");

    playground.run("SignIn", "r.data.signIn.token").await;
    assert_eq!(playground.viewer().await, "Marie Durand, École de musique des Quatre Vents");
    let people = playground.run("People", "r.data.viewer").await;
    let people = people["data"]["viewer"]["structure"]["people"]["edges"].as_array().map_or(0, Vec::len);
    assert!(people > 10, "the musicians are found by their tag: {people}");
    let preview = playground.run("Preview", "r.data.previewSms.preview").await;
    assert_eq!(preview["data"]["previewSms"]["preview"]["decision"]["outcome"], "ALLOWED");
    assert_eq!(preview["data"]["previewSms"]["preview"]["recipientCount"], people);
    let sent = playground.run("Send", "r.data.sendSms.campaign").await;
    assert_eq!(sent["data"]["sendSms"]["replayed"], false, "{sent}");

    playground.watch_it_arrive(people).await;
    let again = playground.run("Send", "r.data.sendSms.replayed").await;
    assert_eq!(again["data"]["sendSms"]["campaign"]["id"], sent["data"]["sendSms"]["campaign"]["id"]);

    let rules = playground.run("Rules", "r.data.signIn.viewer").await;
    let structure = &rules["data"]["signIn"]["viewer"]["structure"];
    assert!(structure["rules"]["edges"].as_array().is_some_and(|rules| rules.len() > 5), "{rules}");
    assert_eq!(structure["decisions"]["edges"][0]["node"]["outcome"], "ALLOWED", "{rules}");
    let refused = playground.run("Preview", "r.data.previewSms.preview").await;
    assert_eq!(refused["data"]["previewSms"]["preview"]["decision"]["outcome"], "REFUSED", "{refused}");

    playground.browser.click("#sign-out").await;
    let signed_out = "return document.getElementById('viewer').textContent.startsWith('Nobody')";
    playground.browser.until(signed_out).await;
    playground.run("People", "r.errors").await;
    playground.finish().await;
}

impl Playground {
    /// Runs the subscription, and leaves it alone until all is delivered: first some is not, then all is.
    async fn watch_it_arrive(&self, people: usize) {
        let progress = "r.data.campaignProgress.progress";
        let under_way = self.run("Watch", &format!("{progress}.delivered > 0")).await;
        assert_eq!(under_way["data"]["campaignProgress"]["state"], "DISPATCHING", "it is watched in time");
        self.browser.until("return document.querySelector('[aria-label^=Stop]')").await;
        if let Ok(path) = std::env::var(SCREENSHOT) {
            std::fs::write(path, self.browser.screenshot().await).expect("the picture can be written");
        }
        let arrived = self.response("r.data.campaignProgress.state === 'COMPLETED'").await;
        let campaign = &arrived["data"]["campaignProgress"];
        assert_eq!(campaign["progress"]["delivered"], people, "{campaign}");
        let messages = campaign["messages"]["edges"].as_array().expect("messages");
        assert!(messages.iter().all(|message| message["node"]["state"] == "DELIVERED"), "{campaign}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_speaks_the_reader_s_language() {
    let playground = Playground::open("fr").await;
    assert_eq!(playground.viewer().await, "Personne n’est connecté : lancez le premier onglet.");
    let told = playground.browser.script(&format!("return {}", text_of("operation.graphql"))).await;
    assert!(told.as_str().is_some_and(|told| told.starts_with("# 1/6 · Se connecter\n")), "{told}");
    let language = playground.browser.script("return document.documentElement.lang").await;
    assert_eq!(language, "fr");
    playground.finish().await;
}
