//! A PostgreSQL server of a test's own, which it may stop and start as it likes.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};

/// Starts a server and waits for the end of its input, then leaves nothing behind.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/with-postgres.sh");

/// The server. It ends with this.
#[derive(Debug)]
pub struct OwnPostgres {
    _script: Child,
    /// Its end is the server's.
    _input: ChildStdin,
    url: String,
    data: PathBuf,
}

impl OwnPostgres {
    /// Starts a server, whose commits are on the disk's way when they are answered.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start() -> Self {
        let mut script = Command::new(SCRIPT);
        script.args(["sh", "-c", "echo \"$ENVOI_TEST_POSTGRES_URL\"; read end"]);
        script.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut script = script.spawn().expect("the script can be run");
        let input = script.stdin.take().expect("invariant: it is piped");
        let mut lines = BufReader::new(script.stdout.take().expect("invariant: it is piped")).lines();
        let url = lines.next_line().await.expect("its output can be read").expect("it says where it is");
        let server = Database::connect(&url).await.expect("the server can be reached");
        // The script turns that off, and to stop at once would then lose what was answered.
        let durable = "ALTER DATABASE postgres SET synchronous_commit = on";
        server.execute_unprepared(durable).await.expect("a setting can be changed");
        let data = Statement::from_string(DbBackend::Postgres, "SHOW data_directory");
        let row = server.query_one_raw(data).await.expect("a setting can be read").expect("it has a value");
        let data: String = row.try_get_by_index(0).expect("it is a text");
        server.close().await.expect("the connection can be closed");
        Self { _script: script, _input: input, url, data: PathBuf::from(data) }
    }

    /// Its address, with a database to use.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops it at once, as a crash would, and starts it again; it may still recover when this is done.
    ///
    /// # Panics
    /// When it cannot be stopped, or started.
    pub async fn restart(&self) {
        let file = std::fs::read_to_string(self.data.join("postmaster.pid")).expect("the server runs");
        let process = file.lines().next().expect("the file begins with the process").to_owned();
        let told = Command::new("kill").args(["-QUIT", &process]).status().await.expect("kill can be run");
        assert!(told.success(), "the server is gone");
        while Path::new(&format!("/proc/{process}")).exists() {
            tokio::task::yield_now().await;
        }
        let options =
            std::fs::read_to_string(self.data.join("postmaster.opts")).expect("it was started once");
        let line = format!("cd / && exec {} >>{}/../again.log 2>&1", options.trim(), self.data.display());
        let mut command = Command::new("sh");
        let owner = std::fs::metadata(&self.data).map(|data| std::os::unix::fs::MetadataExt::uid(&data));
        // It refuses to run as root: whoever has the data runs it.
        if std::fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).ok()
            == Some(0)
        {
            let owner = owner.expect("the data have an owner").to_string();
            command = Command::new("setpriv");
            command.args(["--reuid", &owner, "--clear-groups", "sh"]);
        }
        command.args(["-c", &line]).stdin(Stdio::null()).spawn().expect("the server can be started");
    }
}
