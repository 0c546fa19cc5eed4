//! What a text is and takes, before it is sent.

use async_graphql::{Enum, SimpleObject};

use crate::domain::segments;
use crate::services::message::{Metrics, Offender};

/// Why a message is sent: the law asks more of one that sells.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "entity::enums::Purpose")]
pub enum MessagePurpose {
    /// It tells people what concerns them: a rehearsal, an absence, an enrolment.
    Informational,
    /// It sells or promotes: a concert to buy tickets for, a sale. It leaves in legal hours, else it is refused or waits, and only to those who agreed to such messages.
    Commercial,
}

/// How an SMS is encoded.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "segments::Encoding")]
pub enum SmsEncoding {
    /// The GSM 7-bit alphabet: 160 septets in one SMS, 153 in each of several. Some characters, such as `€`, take two.
    Gsm7,
    /// UCS-2, for any other character: 70 UTF-16 units in one SMS, 67 in each of several.
    Ucs2,
}

/// A character that forces UCS-2 on a text, once the structure's encoding policy did what it may.
#[derive(SimpleObject)]
pub struct EncodingOffender {
    /// The character.
    character: String,
    /// Its code point, such as `U+200B`: some show nothing.
    code_point: String,
    /// Where it is in the text, in UTF-16 units from 0; nowhere where only the values of merge fields bring it.
    positions: Vec<i64>,
    /// What could stand in its place and be read the same: empty for what shows nothing, null when nothing could.
    replacement: Option<String>,
    /// The SMS that replacing it everywhere, or leaving it out where nothing can replace it, would save: of the whole audience, or of
    /// one number where there is none. Below 0 when it would cost more; of several such characters, one alone saves little.
    saves: i64,
}

impl From<&Offender> for EncodingOffender {
    fn from(offender: &Offender) -> Self {
        let position = |position: &usize| i64::try_from(*position).unwrap_or(i64::MAX);
        Self {
            character: offender.character.to_string(),
            code_point: format!("U+{:04X}", u32::from(offender.character)),
            positions: offender.positions.iter().map(position).collect(),
            replacement: offender.replacement.clone(),
            saves: offender.saves,
        }
    }
}

/// The size of a text: what a counter under the text box shows. It is that of the text as it is sent, which the structure's encoding
/// policy may have changed.
#[derive(SimpleObject)]
pub struct MessageMetrics {
    /// The length of the text without the STOP mention, in the units charged: septets in GSM7, UTF-16 units in UCS2.
    length: i64,
    /// The longest that the rules allow, in the same units.
    limit: i64,
    /// What is left of the rules' limit; below 0 when the text is too long. What costs more is told by `remainingInSegment`.
    remaining: i64,
    /// The units that can still be written without one SMS more to pay for each number, STOP mention counted, the encoding staying
    /// as it is.
    remaining_in_segment: i64,
    /// How the whole SMS is encoded.
    encoding: SmsEncoding,
    /// The SMS that the text takes, STOP mention included: each is charged.
    segments: i64,
    /// What is put behind the text, so that people can refuse the next; empty when none is set.
    stop_mention: String,
    /// The characters that force UCS2, in the order of the text; at most 100 kinds.
    offenders: Vec<EncodingOffender>,
    /// The SMS that doing so with all of them would save.
    saves: i64,
}

impl From<&Metrics> for MessageMetrics {
    fn from(metrics: &Metrics) -> Self {
        Self {
            length: metrics.length,
            limit: metrics.limit,
            remaining: metrics.limit - metrics.length,
            remaining_in_segment: metrics.remaining_in_segment,
            encoding: metrics.encoding.into(),
            segments: metrics.segments,
            stop_mention: metrics.stop_mention.clone(),
            offenders: metrics.offenders.iter().map(EncodingOffender::from).collect(),
            saves: metrics.saves,
        }
    }
}
