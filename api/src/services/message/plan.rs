//! The plan of a message: who gets it, what it says, what it costs, what the rules answer.
//!
//! Architecture Invariant: preview and send both come from here, so that what is shown is what is done. A plan only reads.

use entity::At;
use entity::enums::Purpose;
use entity::ids::{MessageTemplateVersionId, SendApprovalId, StructureId};
use entity::sensitive::Digest;
use rules::{Decision, HistoryFacts, ParamValue, Stage};
use sea_orm::ConnectionTrait;

use crate::app::Ctx;
use crate::caller::Caller;
use crate::domain::merge::{MAX_FIELDS, MergeError};
use crate::domain::segments::Encoding;
use crate::domain::sender::SenderName;
use crate::domain::text::{MAX_TEXT_UNITS, MessageText, TextError};
use crate::error::{Failure, Problem};
use crate::services::audience::{Audience, Counts};
use crate::services::ledger::{self, Credit};
use crate::services::people::columns;
use crate::services::prices;
use crate::services::ruleset::{self, RuleSet};
use crate::services::senders;
use crate::services::structures::{self, StructureFacts};

use super::approvals;
use super::binder::{Binder, Bound};
use super::facts::{self, Said, Size, Sums};
use super::history;
use super::leaving::{self, Leaving};
use super::letter::{Letter, Style};
use super::preview::PreviewInput;
use super::screening::{LeftOut, Screening};
use super::tally::{EmptyField, Spread, Tallied, Tally};
use super::targets::{self, Targets};
use super::wording::{Offender, Wording};

/// The built-in rule whose parameter limits a text, and that parameter.
const LENGTH_RULE: (&str, &str) = ("message-length", "max_length");

/// What a message would do.
#[derive(Debug)]
pub struct Plan {
    /// Whom it is for.
    pub audience: Audience,
    /// What it says.
    pub letter: Letter,
    /// What it was started from.
    pub template: Option<MessageTemplateVersionId>,
    /// The sender that was asked for; none means the structure's default.
    pub asked: Option<SenderName>,
    /// The sender that it shows; none when the structure has none.
    pub sender: Option<String>,
    /// The longest of what is sent; of a text that reaches nobody, what it would be.
    pub longest: Wording,
    /// The text as the first person by name reads it.
    pub first: String,
    /// The characters that make it dear, and what doing without all of them would save.
    pub dear: (Vec<Offender>, i64),
    /// How many messages take how many parts.
    pub spread: Vec<Spread>,
    /// The fields that say nothing to some.
    pub empty: Vec<EmptyField>,
    /// Why it is sent.
    pub purpose: Purpose,
    /// How many people, and how many of them it reaches.
    pub counts: Counts,
    /// When it shall leave; none means at once.
    pub send_at: Option<At>,
    /// Whom the rules leave out.
    pub left_out: LeftOut,
    /// SMS to send: one a number.
    pub messages: i64,
    /// Of them, those in which a field says nothing.
    pub unfilled: i64,
    /// What it costs.
    pub cost: i64,
    /// The credit held.
    pub credit: Credit,
    /// Binds the recipients, the sender, the text and the price.
    pub hash: Digest,
    /// Binds the rules that were run.
    pub rules_hash: Digest,
    /// The lists and tags that it is addressed to, as far as the rules ask.
    pub targets: Targets,
    /// What was sent before, as far as the rules ask.
    pub history: HistoryFacts,
    /// The approval that another account gave of it, as far as the rules ask.
    pub approval: Option<SendApprovalId>,
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
        let (audience, text) = (self.audience, self.letter.text().clone());
        let (purpose, sender, template, send_at) = (self.purpose, self.asked, self.template, self.send_at);
        Draft { audience, text, purpose, sender, template, send_at }
    }

    /// People of the audience whom it does not reach.
    pub fn excluded(&self) -> i64 {
        self.counts.people - self.counts.reachable
    }
}

/// What to plan.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Whom it is for.
    pub audience: Audience,
    /// The text, as the user wrote it.
    pub text: MessageText,
    /// Why it is sent.
    pub purpose: Purpose,
    /// The sender that is asked for; none means the structure's default.
    pub sender: Option<SenderName>,
    /// The version of a template that the text was started from.
    pub template: Option<MessageTemplateVersionId>,
    /// When it shall leave; none means at once.
    pub send_at: Option<At>,
}

impl Draft {
    /// A draft, if its text, its sender and its audience are acceptable.
    ///
    /// # Errors
    /// The text's, the sender's and the audience's problems, by field.
    pub fn new(input: PreviewInput) -> Result<Self, Problem> {
        let PreviewInput { audience, text, purpose, sender, template, send_at } = input;
        audience.check()?;
        let text = MessageText::parse(&text).map_err(|error| text_problem(&error, &["message", "text"]))?;
        let sender = sender.as_deref().map(SenderName::parse).transpose();
        let sender = sender.map_err(|error| senders::problem(error).at(&["message", "sender"]))?;
        Ok(Self { audience, text, purpose, sender, template, send_at: send_at.map(At::from) })
    }
}

/// The problem of a text that was given there.
pub(super) fn text_problem(error: &TextError, path: &[&'static str]) -> Problem {
    let problem = Problem::new(error.code()).at(path);
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
/// The problems of the audience, and of the sender as of now.
pub async fn plan(
    ctx: &Ctx,
    db: &impl ConnectionTrait,
    caller: &Caller,
    draft: Draft,
    stage: Stage,
) -> Result<Plan, Failure> {
    let rules = ruleset::active(ctx, db, caller.structure).await?;
    plan_under(ctx, db, caller, draft, (stage, &rules)).await
}

/// Plans a message as of now, had these rules been in force.
///
/// # Errors
/// The problems of the audience, and of the sender as of now.
pub(super) async fn plan_under(
    ctx: &Ctx,
    db: &impl ConnectionTrait,
    caller: &Caller,
    draft: Draft,
    (stage, rules): (Stage, &RuleSet),
) -> Result<Plan, Failure> {
    let Draft { audience, text, purpose, sender: asked, template, send_at } = draft;
    leaving::check(ctx.now(), send_at)?;
    let leaving = Leaving::of(ctx.now(), send_at);
    let structure = structures::facts_of(ctx, db, caller.structure, leaving.at).await?;
    let credit = ledger::held(db, caller.structure).await?;
    let sender = senders::choose(&structure.settings, asked.as_ref(), &ctx.config.senders.protected)?;
    let letter = letter_of(db, text, &structure, &["message", "text"]).await?;
    let counts = audience.count(db, caller.structure).await?;
    if counts.people == 0 {
        return Err(audience.nobody().into());
    }
    let said = Said { text: letter.text().as_str(), purpose, sender: sender.as_deref(), send_at };
    let facts = facts::beforehand(caller, &structure, said, credit, leaving.at)?;
    let screening = Screening::new(ctx, caller.structure, rules, facts.clone(), leaving).await?;
    let (Bound { people, messages, cost, hash }, tallied, screening) =
        read_through(db, caller.structure, &audience, (&letter, sender.as_deref()), screening).await?;
    // Of the scan, as what is sent is: people may change between two statements.
    let counts = Counts { people: counts.people.max(people), reachable: people };
    let Tallied { first, longest, spread, empty, unfilled, dear } = tallied;
    let longest = longest.unwrap_or_else(|| letter.to_nobody());
    let zone = facts::zone_of(&structure.structure.time_zone)?;
    let history = history::of(db, caller.structure, rules, letter.text().as_str(), (leaving, zone)).await?;
    let targets = targets::of(db, caller.structure, rules, &audience).await?;
    let approval = approvals::standing(ctx, db, caller, rules, (&hash, purpose, send_at, cost)).await?;
    let sums = Sums { messages, unfilled, cost, approved: approval.is_some() };
    let told = (sums, targets.clone(), history.clone());
    let facts = facts::of_the_whole(facts, Size::of(&longest), counts, told);
    Ok(Plan {
        audience,
        first: first.unwrap_or_else(|| longest.body.clone()),
        letter,
        template,
        asked,
        sender,
        longest,
        dear,
        spread,
        empty,
        purpose,
        counts,
        send_at,
        messages,
        unfilled,
        cost,
        credit,
        hash,
        rules_hash: rules.hash(),
        decision: screening.tell(ruleset::decide(ctx, caller.structure, rules, (stage, &facts)).await?),
        left_out: screening.into_left_out(),
        targets,
        history,
        approval,
        structure,
        limit: length_limit(rules),
    })
}

/// The problem of a text that is too long once it is filled in for someone.
fn merged_too_long() -> Problem {
    Problem::new("MERGED_TEXT_TOO_LONG").at(&["message", "text"]).with("max", count(MAX_TEXT_UNITS))
}

/// Reads an audience through, once: whom the rules leave out, what binds the others to a text and its sender, and what all the texts come
/// to.
pub(super) async fn read_through(
    db: &impl ConnectionTrait,
    structure: StructureId,
    audience: &Audience,
    (letter, sender): (&Letter, Option<&str>),
    mut screening: Screening,
) -> Result<(Bound, Tallied, Screening), Failure> {
    let prices = prices::all(db).await?;
    let (mut binder, mut tally) = (Binder::new(letter, sender), Tally::default());
    let mut scan = audience.scan(structure, letter.has_own())?;
    loop {
        let page = scan.next(db).await?;
        if page.is_empty() {
            return Ok((binder.finish(), tally.finish(letter.text().as_str()), screening));
        }
        let kept;
        (screening, kept) = screening.sift(db, page).await?;
        for recipient in &kept {
            if let Some((addressed, price)) = binder.add(recipient, &prices) {
                if letter.common().is_none() && addressed.wording.length() > count(MAX_TEXT_UNITS) {
                    // Filled in, it is longer than any text may be, whatever the rules say.
                    return Err(merged_too_long().into());
                }
                tally.add(recipient, &addressed, price);
            }
        }
    }
}

/// A text that was given there, as this structure sends it now.
pub(super) async fn letter_of(
    db: &impl ConnectionTrait,
    text: MessageText,
    structure: &StructureFacts,
    path: &[&'static str],
) -> Result<Letter, Failure> {
    let StructureFacts { structure, settings, .. } = structure;
    let mention = settings.stop_mention.as_deref().unwrap_or_default();
    let style = Style { policy: settings.encoding_policy, mention, structure: &structure.name };
    let own = columns::named_in(db, structure.id, text.as_str()).await?;
    Letter::new(text, style, &own).map_err(|error| merge_problem(&error, path).into())
}

/// The problem of the fields of a text that was given there. People count from 1.
pub(super) fn merge_problem(error: &MergeError, path: &[&'static str]) -> Problem {
    let problem = Problem::new(error.code()).at(path);
    match error {
        MergeError::Unknown { name, position, nearest } => {
            let kind = match nearest {
                _ if name.is_empty() => "brace",
                Some(_) => "near",
                None => "other",
            };
            problem
                .with("kind", kind)
                .with("field", name.as_str())
                .with("position", count(*position + 1))
                .with("nearest", nearest.as_deref().unwrap_or_default())
        }
        MergeError::TooMany { position } => {
            problem.with("position", count(*position + 1)).with("max", count(MAX_FIELDS))
        }
        MergeError::Nested { position } | MergeError::Forms { position } => {
            problem.with("position", count(*position + 1))
        }
    }
}

/// The limit that the length rule puts on a text; that of any text when the operator's own rule of that name has none.
pub(super) fn length_limit(rules: &RuleSet) -> i64 {
    let (slug, parameter) = LENGTH_RULE;
    match rules.parameter(slug, parameter) {
        Some(ParamValue::Int(limit)) => limit,
        _ => count(MAX_TEXT_UNITS),
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
