//! A disk that forgets what was not synchronised, or is full: `disk.c`, loaded into a service that runs on SQLite.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The disk under one SQLite database.
#[derive(Debug)]
pub struct Disk {
    library: PathBuf,
    database: PathBuf,
    full: PathBuf,
}

impl Disk {
    /// Makes it with the C compiler, in the folder of the database.
    ///
    /// # Panics
    /// When it cannot be compiled.
    #[must_use]
    pub fn under(database: &Path) -> Self {
        let folder = database.parent().expect("a database is in a folder");
        let library = folder.join("disk.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/disk.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o"]);
        let made = compiler.arg(&library).arg(source).args(["-ldl", "-lpthread"]).status();
        assert!(made.expect("there is a C compiler").success(), "disk.c cannot be compiled");
        Self { library, database: database.to_owned(), full: folder.join("disk-is-full") }
    }

    /// What a service needs in its environment to run on it.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("DISK_FILES", self.database.display().to_string()),
            ("DISK_FULL", self.full.display().to_string()),
        ]
    }

    /// Takes what is in the files for durable: to be called when no service runs.
    ///
    /// # Panics
    /// When a file cannot be copied.
    pub fn settle(&self) {
        for file in self.files() {
            let durable = durable(&file);
            let _ = std::fs::remove_file(&durable);
            if file.exists() {
                std::fs::copy(&file, durable).expect("a file can be copied");
            }
        }
    }

    /// Cuts the power: to be called once the service is killed. What was not synchronised is gone.
    ///
    /// # Panics
    /// When a file cannot be put in the place of another.
    pub fn cut_power(&self) {
        let _ = std::fs::remove_file(beside(&self.database, "-shm"));
        for file in self.files() {
            let _ = std::fs::remove_file(&file);
            if durable(&file).exists() {
                std::fs::copy(durable(&file), &file).expect("a file can be copied");
            }
        }
    }

    /// Lets it be full, or have room again.
    ///
    /// # Panics
    /// When the file that says so cannot be made.
    pub fn fill(&self, full: bool) {
        if full {
            std::fs::write(&self.full, "").expect("a file can be made");
        } else {
            std::fs::remove_file(&self.full).expect("a file can be removed");
        }
    }

    fn files(&self) -> [PathBuf; 2] {
        [self.database.clone(), beside(&self.database, "-wal")]
    }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn durable(file: &Path) -> PathBuf {
    beside(file, ".durable")
}
