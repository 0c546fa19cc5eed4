//! The plan of a message: who gets it, what it says, what it costs, what the rules answer.
//!
//! Architecture Invariant: preview and send both come from here, so that what is shown is what is done. A plan only reads.

use entity::sensitive::Digest;
use rules::{Decision, ParamValue, Stage};
use sea_orm::ConnectionTrait;
use sha2::{Digest as _, Sha256};

use crate::app::Ctx;
use crate::caller::Caller;
use crate::domain::segments::{self, Encoding, Measure, Offender};
use crate::domain::text::{MAX_TEXT_UNITS, MessageText, TextError};
use crate::error::{Failure, Problem};
use crate::services::audience::{Audience, Counts, Recipient};
use crate::services::ledger::{self, Credit};
use crate::services::ruleset::{self, RuleSet};
use crate::services::structures::{self, StructureFacts};

use super::facts;

/// SMS charged for one part: every number that is accepted costs the same.
const PRICE: i64 = 1;
/// The built-in rule whose parameter limits a text, and that parameter.
const LENGTH_RULE: (&str, &str) = ("message-length", "max_length");

/// The text as it is written, and as it arrives.
#[derive(Debug, Clone)]
pub struct Wording {
    /// What the user wrote, normalised.
    pub text: MessageText,
    /// What arrives: the text, then the STOP mention.
    pub body: MessageText,
    /// How the body is encoded, how long it is and how many parts it takes.
    pub measure: Measure,
}

impl Wording {
    /// The text with the STOP mention behind it.
    pub fn new(text: MessageText, stop_mention: &str) -> Self {
        let body = text.followed_by(stop_mention);
        let measure = segments::measure(body.as_str());
        Self { text, body, measure }
    }

    /// What is appended to the text.
    pub fn stop_mention(&self) -> &str {
        self.body.as_str().strip_prefix(self.text.as_str()).unwrap_or_default()
    }

    /// The length of the user's text alone, in the units that the body is charged in.
    pub fn length(&self) -> i64 {
        count(segments::length(self.text.as_str(), self.measure.encoding))
    }

    /// The parts that one SMS takes.
    pub fn segments(&self) -> i64 {
        count(self.measure.segments)
    }

    /// What one SMS costs.
    pub fn cost(&self) -> i64 {
        self.segments() * PRICE
    }
}

/// What a counter under the text box shows.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// The length of the user's text, in septets or UTF-16 units.
    pub length: i64,
    /// The length that the rules allow.
    pub limit: i64,
    /// What can still be written without one SMS more, STOP mention counted, in characters of one unit.
    pub remaining_in_segment: i64,
    /// The encoding of the whole SMS.
    pub encoding: Encoding,
    /// The parts it takes, STOP mention included.
    pub segments: i64,
    /// What is appended to the text.
    pub stop_mention: String,
    /// The characters that force UCS-2.
    pub offenders: Vec<Offender>,
}

impl Metrics {
    pub(super) fn new(wording: &Wording, limit: i64) -> Self {
        Self {
            length: wording.length(),
            limit,
            remaining_in_segment: count(segments::room(wording.text.as_str(), wording.stop_mention())),
            encoding: wording.measure.encoding,
            segments: wording.segments(),
            stop_mention: wording.stop_mention().to_owned(),
            offenders: segments::offenders(wording.text.as_str()),
        }
    }
}

/// What a message would do.
#[derive(Debug)]
pub struct Plan {
    /// Whom it is for.
    pub audience: Audience,
    /// What it says.
    pub wording: Wording,
    /// How many people, and how many of them it reaches.
    pub counts: Counts,
    /// SMS to send: one a number.
    pub messages: i64,
    /// What it costs.
    pub cost: i64,
    /// The credit held.
    pub credit: Credit,
    /// Binds the recipients, the text and the price.
    pub hash: Digest,
    /// Binds the rules that were run.
    pub rules_hash: Digest,
    /// What the rules answered.
    pub decision: Decision,
    /// The structure it is sent for.
    pub structure: StructureFacts,
    /// The most characters that the rules allow.
    pub limit: i64,
}

impl Plan {
    /// What was planned.
    pub fn into_draft(self) -> Draft {
        Draft { audience: self.audience, text: self.wording.text }
    }

    /// People of the audience whom it does not reach.
    pub fn excluded(&self) -> i64 {
        self.counts.people - self.counts.reachable
    }

    /// What the counter under the text box shows.
    pub fn metrics(&self) -> Metrics {
        Metrics::new(&self.wording, self.limit)
    }
}

/// What to plan.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Whom it is for.
    pub audience: Audience,
    /// The text, as the user wrote it.
    pub text: MessageText,
}

impl Draft {
    /// A draft, if its text and its audience are acceptable.
    ///
    /// # Errors
    /// The text's and the audience's problems, by field.
    pub fn new(audience: Audience, text: &str) -> Result<Self, Problem> {
        audience.check()?;
        let text = MessageText::parse(text).map_err(|error| text_problem(&error))?;
        Ok(Self { audience, text })
    }
}

fn text_problem(error: &TextError) -> Problem {
    let problem = Problem::new(error.code()).at(&["message", "text"]);
    match error {
        TextError::Empty => problem,
        TextError::ControlCharacter { codepoint, position } => {
            // People count from 1.
            problem.with("character", format!("U+{codepoint:04X}")).with("position", count(*position + 1))
        }
        TextError::TooLong { limit } => problem.with("max", count(*limit)),
    }
}

/// Plans a message as of now.
///
/// # Errors
/// The problems of the audience.
pub async fn plan(
    ctx: &Ctx,
    db: &impl ConnectionTrait,
    caller: &Caller,
    draft: Draft,
    stage: Stage,
) -> Result<Plan, Failure> {
    let now = ctx.now();
    let structure = structures::facts_of(ctx, db, caller.structure, now).await?;
    let rules = ruleset::active(ctx, db, caller.structure).await?;
    let credit = ledger::held(db, caller.structure).await?;
    let Draft { audience, text } = draft;
    let wording = Wording::new(text, structure.settings.stop_mention.as_deref().unwrap_or_default());
    let counts = audience.count(db, caller.structure).await?;
    if counts.people == 0 {
        return Err(audience.nobody().into());
    }
    let mut binder = Binder::new(&wording);
    let mut scan = audience.scan(caller.structure)?;
    loop {
        let page = scan.next(db).await?;
        if page.is_empty() {
            break;
        }
        for recipient in &page {
            binder.add(recipient);
        }
    }
    let (messages, hash) = binder.finish();
    let cost = messages * wording.cost();
    let limit = length_limit(&rules);
    let facts = facts::gather(caller, &structure, &wording, counts, (messages, cost), credit, now)?;
    let decision = rules.decide(stage, &facts);
    let rules_hash = rules.hash();
    Ok(Plan {
        audience,
        wording,
        counts,
        messages,
        cost,
        credit,
        hash,
        rules_hash,
        decision,
        structure,
        limit,
    })
}

/// The limit that the length rule puts on a text; that of any text when the operator's own rule of that name has none.
pub(super) fn length_limit(rules: &RuleSet) -> i64 {
    let (slug, parameter) = LENGTH_RULE;
    match rules.parameter(slug, parameter) {
        Some(ParamValue::Int(limit)) => limit,
        _ => count(MAX_TEXT_UNITS),
    }
}

/// Binds a scan's recipients, in order, to the text and its price; counts the numbers.
pub struct Binder {
    hasher: Sha256,
    messages: i64,
    last_number: Option<Digest>,
}

impl Binder {
    /// Begins with the text and its price.
    pub fn new(wording: &Wording) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(wording.body.as_str().as_bytes());
        hasher.update(wording.cost().to_le_bytes());
        Self { hasher, messages: 0, last_number: None }
    }

    /// Adds the next person of the scan; answers whether its number is a new one.
    pub fn add(&mut self, recipient: &Recipient) -> bool {
        self.hasher.update(recipient.id.as_uuid().as_bytes());
        self.hasher.update(recipient.number_hash.as_bytes());
        let new = self.last_number.as_ref() != Some(&recipient.number_hash);
        if new {
            self.messages += 1;
            self.last_number = Some(recipient.number_hash.clone());
        }
        new
    }

    /// The count of numbers, and the hash of all.
    pub fn finish(self) -> (i64, Digest) {
        (self.messages, Digest::new(self.hasher.finalize().into()))
    }
}

/// A count as the schema gives it. A text or an audience never has as many items as would not fit.
pub(super) fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

/// An encoding as a column holds it.
pub(super) fn stored(encoding: Encoding) -> entity::enums::Encoding {
    match encoding {
        Encoding::Gsm7 => entity::enums::Encoding::Gsm7,
        Encoding::Ucs2 => entity::enums::Encoding::Ucs2,
    }
}
