//! The limits on time, size and number that an operator may change, as they are when nothing is configured, each with its
//! reason. Those that no one changes stand with what they limit.

use std::time::Duration;

/// Connections held open to PostgreSQL: two cores do not serve more at once.
pub const DATABASE_CONNECTIONS: u32 = 8;
/// The largest body of a request, in bytes: a file of people in base64, or the longest rule, and room to spare.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// How long a request may take: above the slowest query on a large structure, below what a user waits for.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// WebSockets open at once: each costs some 20 KiB, and a file descriptor of the 1,024 that a process usually has.
pub const MAX_SOCKETS: u32 = 500;
/// How long a WebSocket that showed no token stays open: time to ask what needs none, such as the sign-in.
pub const UNKNOWN_SOCKET_LIFETIME: Duration = Duration::from_mins(1);
/// Connections open at once, WebSockets among them: of the 1,024 descriptors that a process usually has, the rest is for the
/// database and for files.
pub const MAX_CONNECTIONS: usize = 900;
/// How long a client may leave a request's head unfinished, or an answer unread: a slow mobile network needs seconds, and proxies ask
/// again sooner or connect anew.
pub const CLIENT_TIMEOUT: Duration = Duration::from_secs(30);
/// How much longer than a request a statement that reads may take: whoever asked is gone by then.
pub const STATEMENT_GRACE: Duration = Duration::from_secs(1);
/// How long a sign-in lasts: a month, so that nobody signs in every day and a lost token dies.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(720);
/// How long a preview can be sent: long enough to read it, too short for what it shows to become another thing.
pub const PREVIEW_LIFETIME: Duration = Duration::from_mins(15);
/// How long the link to a report serves: long enough to follow it, too short to be passed on.
pub const REPORT_LINK_LIFETIME: Duration = Duration::from_mins(15);
/// Requests to providers under way at once: also the most messages that a crash can leave without a known outcome.
pub const DISPATCH_IN_FLIGHT: usize = 64;
/// Messages that one look at the queue leases: few, large commits.
pub const DISPATCH_CLAIM: u64 = 500;
/// How long a lease holds: three times the longest request to a provider.
pub const DISPATCH_LEASE: Duration = Duration::from_secs(30);
/// How long a provider may take to answer: beyond it the outcome is unknown.
pub const DISPATCH_TIMEOUT: Duration = Duration::from_secs(10);
/// Attempts at one message before it counts as rejected: with backoff, some hours of a provider's absence.
pub const DISPATCH_MAX_ATTEMPTS: u32 = 8;
/// How often a subscription looks without being told that something changed: the longest that one outlives its session, at
/// three small statements each time.
pub const LIVE_CHECK: Duration = Duration::from_secs(10);
/// How long a report or the outcome of an attempt is awaited: what the providers keep trying for, at most.
pub const DISPATCH_REPORT_WINDOW: Duration = Duration::from_hours(72);
/// How long a provider that fails is left alone first: the time in which a gateway is started again.
pub const DISPATCH_BREAKER: Duration = Duration::from_secs(30);
/// How long a message may wait to be sent: over a long weekend, and no longer, since what it says is of a day.
pub const DISPATCH_EXPIRE: Duration = Duration::from_hours(72);
/// The largest file of people that is uploaded, in bytes: the most rows that a file may have, with some 300 bytes each.
pub const IMPORT_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Uploads of people at once: the disk that they take at most is so many times the largest file.
pub const IMPORTS_AT_ONCE: usize = 4;
/// The most rows imported in one transaction, in which others wait to write: the largest school, in a second or two.
pub const IMPORT_TRANSACTION_ROWS: u64 = 10_000;
/// How long the next 64 KiB of an upload are awaited: two kilobytes a second, less than the worst mobile network carries.
pub const IMPORT_PATIENCE: Duration = Duration::from_secs(30);
/// Bytes a second at which the largest file must come in, lest a slow one hold its place for hours: what the slowest ADSL sends. With
/// the other defaults, an upload ends within nine minutes.
pub const IMPORT_MIN_RATE: u64 = 128 * 1024;

/// The names that no sender may be taken for, of France: public bodies; emergency services; banks; networks and carriers of parcels, which
/// also drop such senders themselves (Vonage, France: features and restrictions); energy and railways. Who sends a false message in
/// the name of one of these asks for money or a code (cybermalveillance.gouv.fr). No name that schools and orchestras are likely to have.
pub const PROTECTED_SENDERS: &str = "
ameli, amendes, antai, ants, caf, carte vitale, cnam, cpam, cpf, critair, dgfip, douane, gouv, impots, msa, prefecture, tresor public, urssaf
fr alert, gendarmerie, police, pompiers, samu, urgences
bnp, bnp paribas, boursorama, bred, cic, credit agri, creditmut, fortuneo, hello bank, hsbc, lcl, paypal, revolut, socgen
bouygues, free, orange, sfr, sosh, chronopost, colissimo, dhl, dpd, fedex, gls, la poste, ups
edf, engie, ratp, sncf
";
