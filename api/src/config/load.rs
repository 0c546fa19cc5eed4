//! Reading the settings: the file first, then the environment over it.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Config;
use super::keys::{KEYS, Key, PREFIX};

/// The largest configuration file, in bytes: a hundred times the example.
const MAX_FILE_BYTES: u64 = 512 * 1024;
/// Variables of the test suite begin so, and are not settings.
const TEST_PREFIX: &str = "ENVOI_TEST_";

/// Why the settings cannot be used. None repeats a value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file is not TOML.
    #[error("the configuration file {path}, line {line}: {problem}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// No setting has that name.
    #[error("{place}: there is no setting `{name}`; did you mean `{nearest}`, {about}?")]
    Unknown {
        /// Where it was given.
        place: Place,
        /// The name that was given.
        name: String,
        /// The setting whose name is nearest, as one writes it there.
        nearest: String,
        /// What that setting is.
        about: &'static str,
    },
    /// A setting has a value that it cannot take.
    #[error("{place}: `{name}` {problem}")]
    Value {
        /// Where it was given.
        place: Place,
        /// The setting, as one writes it there.
        name: String,
        /// What its value must be.
        problem: String,
    },
    /// A lease that ends before the provider had its time would put in doubt what is under way.
    #[error("`dispatch.lease_seconds` must be more than `dispatch.timeout_seconds`")]
    LeaseTooShort,
    /// A gateway that would refuse everything.
    #[error("`kannel.send_url` needs `kannel.username` and `kannel.password` beside it")]
    KannelIncomplete,
    /// A gateway that could not call back.
    #[error(
        "`kannel.send_url` needs `public_url`, the address at which the gateway reaches this server: `listen` tells none"
    )]
    NoAddressToCall,
}

/// Where a setting was given.
#[derive(Debug, Clone)]
pub enum Place {
    /// The configuration file.
    File(PathBuf),
    /// A variable.
    Environment,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the configuration file {}", path.display()),
            Self::Environment => f.write_str("the environment"),
        }
    }
}

impl Config {
    /// The settings: defaults, then the file's, then those of the variables `ENVOI_…`. A variable that is empty counts as
    /// absent, and those that begin otherwise or with `ENVOI_TEST_` are not looked at.
    ///
    /// # Errors
    /// [`ConfigError`], the first: a file that cannot be read, a name that no setting has, a value that one cannot take.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        if let Some(path) = file {
            config.read_file(path)?;
        }
        for (name, value) in environment {
            let ours = name.starts_with(PREFIX) && !name.starts_with(TEST_PREFIX);
            if ours && !value.is_empty() {
                config.set_variable(name, &value)?;
            }
        }
        if config.dispatch.lease <= config.dispatch.timeout {
            return Err(ConfigError::LeaseTooShort);
        }
        if config.kannel.send_url.is_some() && config.kannel.settings().is_none() {
            return Err(ConfigError::KannelIncomplete);
        }
        let reached = config.public_url.is_some() || !config.listen.ip().is_unspecified();
        if config.kannel.send_url.is_some() && !reached {
            return Err(ConfigError::NoAddressToCall);
        }
        Ok(config)
    }

    fn read_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text = read(path).map_err(|cause| ConfigError::File { path: path.to_owned(), cause })?;
        // The error's own display quotes the line, which may hold a password: its message and place do not.
        let table = text.parse::<Table>().map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            line: text[..error.span().map_or(0, |span| span.start)].matches('\n').count() + 1,
            problem: error.message().to_owned(),
        })?;
        self.read_table(&Place::File(path.to_owned()), "", &table)
    }

    fn read_table(&mut self, place: &Place, section: &str, table: &Table) -> Result<(), ConfigError> {
        for (name, value) in table {
            let name = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
            let found = KEYS.iter().find(|key| key.path == name);
            let value = match (found, value) {
                (None, Value::Table(table)) if is_section(&name) || !table.is_empty() => {
                    self.read_table(place, &name, table)?;
                    continue;
                }
                (None, _) => return Err(unknown(place, name, |key| key.path.to_owned())),
                (Some(_), Value::String(text)) => Ok(text.clone()),
                (Some(_), Value::Integer(number)) => Ok(number.to_string()),
                (Some(_), Value::Boolean(on)) => Ok(on.to_string()),
                (Some(_), _) => Err("must be a text, a whole number, true or false".to_owned()),
            };
            let set = found.map(|key| value.and_then(|value| (key.set)(self, &value)));
            if let Some(Err(problem)) = set {
                return Err(ConfigError::Value { place: place.clone(), name, problem });
            }
        }
        Ok(())
    }

    fn set_variable(&mut self, name: String, value: &str) -> Result<(), ConfigError> {
        match KEYS.iter().find(|key| key.variable() == name) {
            Some(key) => (key.set)(self, value).map_err(|problem| ConfigError::Value {
                place: Place::Environment,
                name,
                problem,
            }),
            None => Err(unknown(&Place::Environment, name, Key::variable)),
        }
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let size = std::fs::metadata(path)?.len();
    if size > MAX_FILE_BYTES {
        return Err(std::io::Error::other(format!(
            "larger than {MAX_FILE_BYTES} bytes: is it the right file?"
        )));
    }
    std::fs::read_to_string(path)
}

fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.path.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The error for a name that no setting has, with the setting whose name is nearest: whole, and in its section or its last part.
fn unknown(place: &Place, name: String, spelling: fn(&Key) -> String) -> ConfigError {
    let alike = strsim::normalized_damerau_levenshtein;
    let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let likeness = |key: &Key| {
        let spelled = spelling(key);
        let part = alike(&first(&spelled), &first(&name)).max(alike(&last(&spelled), &last(&name)));
        alike(&spelled, &name) + part
    };
    let nearest = KEYS
        .iter()
        .max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
        .expect("invariant: the list of settings is a constant that is not empty");
    ConfigError::Unknown { place: place.clone(), name, nearest: spelling(nearest), about: nearest.about }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../docs/envoi.example.toml");

    fn from_text(text: &str) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        let table = text.parse::<Table>().expect("the tests give TOML");
        config.read_table(&Place::File(PathBuf::from("envoi.toml")), "", &table).map(|()| config)
    }

    fn from_variable(name: &str, value: &str) -> Result<Config, ConfigError> {
        Config::load(None, [(name.to_owned(), value.to_owned())])
    }

    fn refusal<T>(result: Result<T, ConfigError>) -> String {
        result.err().expect("the settings must be refused").to_string()
    }

    /// The example with each of its settings put in force: those are commented without a space after the `#`.
    fn uncommented() -> String {
        let line = |line: &str| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with([' ', '#']) && !setting.is_empty() => setting.to_owned(),
            _ => line.to_owned(),
        };
        EXAMPLE.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_example_changes_nothing_as_it_is() {
        assert_eq!(from_text(EXAMPLE).expect("the example loads"), Config::default());
    }

    #[test]
    fn the_example_shows_every_setting_with_its_default() {
        let mut config = from_text(&uncommented()).expect("the example loads with all in force");
        // These have no default: the example shows what one may write.
        assert!(config.master_key_file.take().is_some() && config.rules.plugins.take().is_some());
        assert!(config.public_url.take().is_some() && config.import.folder.take().is_some());
        // The demonstration has another default.
        assert!(config.sandbox.report_within.take() == Some(crate::providers::sandbox::REPORT_WITHIN));
        assert!(std::mem::take(&mut config.kannel).settings().is_some_and(|kannel| kannel.smsc.is_some()));
        assert_eq!(config, Config::default());
        let table = uncommented().parse::<Table>().expect("the example is TOML");
        for key in KEYS {
            let shown = key
                .path
                .split('.')
                .try_fold(&Value::Table(table.clone()), |value, part| value.get(part))
                .is_some();
            assert!(shown, "{} is missing from the example", key.path);
        }
    }

    #[test]
    fn a_gateway_needs_its_user_and_where_to_call_back() {
        let loaded = |variables: &[(&str, &str)]| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            Config::load(None, variables.iter().map(owned))
        };
        let gateway = ("ENVOI_KANNEL_SEND_URL", "http://127.0.0.1:13013/cgi-bin/sendsms");
        let (user, password) = (("ENVOI_KANNEL_USERNAME", "envoi"), ("ENVOI_KANNEL_PASSWORD", "secret"));
        let everywhere = ("ENVOI_LISTEN", "0.0.0.0:8080");
        assert!(refusal(loaded(&[gateway])).contains("kannel.username"));
        assert!(loaded(&[gateway, user, password]).is_ok());
        assert!(refusal(loaded(&[gateway, user, password, everywhere])).contains("public_url"));
        let public = ("ENVOI_PUBLIC_URL", "https://sms.example");
        assert!(loaded(&[gateway, user, password, everywhere, public]).is_ok());
    }

    #[test]
    fn a_variable_wins_over_the_file_and_an_empty_one_is_absent() {
        let file = std::env::temp_dir().join(format!("envoi-config-{}.toml", std::process::id()));
        std::fs::write(&file, "rate_limit = 60\n[dispatch]\nin_flight = 3\nlease_seconds = 50\n")
            .expect("a file is written");
        let variables = [
            ("ENVOI_DISPATCH_IN_FLIGHT", "4"),
            ("ENVOI_LISTEN", ""),
            ("ENVOI_TEST_DATABASE", "x"),
            ("HOME", "/"),
        ];
        let config =
            Config::load(Some(&file), variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        std::fs::remove_file(&file).expect("the file is removed");
        let config = config.expect("the settings load");
        assert_eq!((config.dispatch.in_flight, config.dispatch.lease.as_secs()), (4, 50));
        assert_eq!(config.listen, Config::default().listen);
        assert_ne!(config.rate_limit, Config::default().rate_limit);
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest() {
        for (text, nearest) in [
            ("databse.url = 'x'", "`database.url`"),
            ("url = 'x'", "`database.url`"),
            ("listn = 'x'", "`listen`"),
            ("[dispatch]\ninflight = 3", "`dispatch.in_flight`"),
            ("[sesion]\nlifetime_hours = 3", "`session.lifetime_hours`"),
            ("[previews]", "`preview.lifetime_minutes`"),
            ("database = 3", "`database."),
        ] {
            let said = refusal(from_text(text));
            assert!(said.contains(&format!("did you mean {nearest}")), "{said}");
        }
        let said = refusal(from_variable("ENVOI_LISTN", "127.0.0.1:1"));
        assert!(said.contains("`ENVOI_LISTN`; did you mean `ENVOI_LISTEN`"), "{said}");
        let said = refusal(from_variable("ENVOI_DATABASE", "127.0.0.1:1"));
        assert!(said.contains("did you mean `ENVOI_DATABASE_"), "{said}");
    }

    #[test]
    fn a_value_that_a_setting_cannot_take_is_refused_and_not_repeated() {
        for (text, name) in [
            ("listen = 'secret'", "listen"),
            ("listen = 'localhost:8080'", "listen"),
            ("[database]\nurl = 'mysql://root:secret@host/x'", "database.url"),
            ("[database]\nurl = 'sqlite::memory:'", "database.url"),
            ("[database]\nconnections = 0", "database.connections"),
            ("[database]\nconnections = 3.5", "database.connections"),
            ("rate_limit = 0", "rate_limit"),
            ("rate_limit = 'on'", "rate_limit"),
            ("[log]\nformat = 'xml'", "log.format"),
            ("[log]\nfilter = 'envoi=secret'", "log.filter"),
            ("[log]\nfilter = 'secret'", "log.filter"),
            ("[log]\nfilter = 'info,secret'", "log.filter"),
            ("[links]\ntop_up = 'javascript:secret'", "links.top_up"),
            ("[credit]\nauto_approve = 'yes'", "credit.auto_approve"),
            ("[dispatch]\nlease_seconds = -1", "dispatch.lease_seconds"),
            ("[dispatch]\nprovider_rate = 0", "dispatch.provider_rate"),
            ("[dispatch]\nstructure_rate = 'secret'", "dispatch.structure_rate"),
            ("[dispatch]\nexpire_hours = 0", "dispatch.expire_hours"),
            ("[session]\nlifetime_hours = 99999999999999", "session.lifetime_hours"),
            ("[listen]\nport = 3", "listen"),
            ("master_key_file = ''", "master_key_file"),
            ("[kannel]\nsend_url = 'ftp://secret'", "kannel.send_url"),
            ("[kannel]\npassword = ' '", "kannel.password"),
        ] {
            let said = refusal(from_text(text));
            assert!(said.contains(&format!("`{name}` must be")), "{text}: {said}");
            assert!(!said.contains("secret"), "{said}");
        }
        let said = refusal(from_variable("ENVOI_DATABASE_URL", "mysql://root:secret@host/x"));
        assert!(said.contains("`ENVOI_DATABASE_URL` must be") && !said.contains("secret"), "{said}");
    }

    #[test]
    fn a_lease_outlasts_a_request() {
        let said = refusal(from_variable("ENVOI_DISPATCH_LEASE_SECONDS", "10"));
        assert!(said.contains("`dispatch.lease_seconds` must be more"), "{said}");
    }

    #[test]
    fn a_gateway_has_its_user_and_does_not_show_the_password() {
        let said = refusal(from_variable("ENVOI_KANNEL_SEND_URL", "http://127.0.0.1:13013/cgi-bin/sendsms"));
        assert!(said.contains("`kannel.username` and `kannel.password`"), "{said}");
        let config = from_variable("ENVOI_KANNEL_PASSWORD", "opensesame").expect("the settings load");
        assert!(!format!("{config:?}").contains("opensesame"));
    }

    #[test]
    fn a_file_that_is_absent_or_no_toml_is_refused_by_name_and_line() {
        let said = refusal(Config::load(Some(Path::new("/nowhere/envoi.toml")), []));
        assert!(said.contains("/nowhere/envoi.toml"), "{said}");
        let file = std::env::temp_dir().join(format!("envoi-syntax-{}.toml", std::process::id()));
        std::fs::write(&file, "listen = '127.0.0.1:0'\n[database\nurl = 'secret'\n")
            .expect("a file is written");
        let said = refusal(Config::load(Some(&file), []));
        std::fs::remove_file(&file).expect("the file is removed");
        assert!(said.contains("line 2") && !said.contains("secret"), "{said}");
    }
}
