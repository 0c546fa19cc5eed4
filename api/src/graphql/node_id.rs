//! The ids that clients see: opaque, and unique among all types.
//!
//! An id is a byte that tells the type, then the row's identifier (or the slug, for a rule of the platform), in base64.
//!
//! Invariant: an id that is malformed, or of another type than wanted, behaves as one that names nothing.

use async_graphql::ID;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::ids::{
    AccountId, CampaignId, DecisionId, LedgerEntryId, ListId, MessageId, MessageTemplateId,
    MessageTemplateVersionId, OrderId, PersonId, PreviewId, RuleId, RuleVersionId, SendApprovalId,
    StructureId, TagId,
};
use uuid::Uuid;

use crate::services::ruleset::RuleKey;

/// The byte of a rule of the platform, whose slug follows it.
const PLATFORM_RULE: u8 = 14;

/// Declares the types that an id can be of, each with its byte, which never changes.
macro_rules! node_ids {
    ($($(#[$doc:meta])* $variant:ident($id:ty) = $tag:literal,)+) => {
        /// What an id names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum NodeId {
            $($(#[$doc])* $variant($id),)+
        }

        impl NodeId {
            /// The id that clients see.
            #[must_use]
            pub fn encode(self) -> ID {
                let (tag, uuid) = match self {
                    $(Self::$variant(id) => ($tag, id.as_uuid()),)+
                };
                let mut bytes = vec![tag];
                bytes.extend_from_slice(uuid.as_bytes());
                ID(URL_SAFE_NO_PAD.encode(bytes))
            }

            /// What a client's id names; none when it is malformed.
            #[must_use]
            pub fn decode(id: &ID) -> Option<Self> {
                let bytes = URL_SAFE_NO_PAD.decode(id.as_str()).ok()?;
                let (tag, uuid) = bytes.split_first()?;
                let uuid = Uuid::from_slice(uuid).ok()?;
                match *tag {
                    $($tag => Some(Self::$variant(<$id>::from_uuid(uuid))),)+
                    _ => None,
                }
            }
        }
    };
}

node_ids! {
    /// A structure.
    Structure(StructureId) = 1,
    /// An account, as it sees itself.
    Viewer(AccountId) = 2,
    /// A person.
    Person(PersonId) = 3,
    /// A tag.
    Tag(TagId) = 4,
    /// The credit of a structure.
    Credit(StructureId) = 5,
    /// A line of the ledger.
    LedgerEntry(LedgerEntryId) = 6,
    /// An order for credit.
    TopUpOrder(OrderId) = 7,
    /// A preview.
    Preview(PreviewId) = 8,
    /// A decision of the rules.
    Decision(DecisionId) = 9,
    /// A campaign.
    Campaign(CampaignId) = 10,
    /// A message.
    Message(MessageId) = 11,
    /// A rule that a structure wrote.
    OwnRule(RuleId) = 12,
    /// A version of such a rule.
    RuleVersion(RuleVersionId) = 13,
    /// An account, as the others of its structure see it.
    Account(AccountId) = 15,
    /// A list of people.
    PersonList(ListId) = 16,
    /// A template of messages.
    MessageTemplate(MessageTemplateId) = 20,
    /// A version of such a template.
    MessageTemplateVersion(MessageTemplateVersionId) = 21,
    /// A request for a second person's approval.
    SendApproval(SendApprovalId) = 22,
}

/// The person that an id names; an identifier that no row has, when it names none.
#[must_use]
pub fn person(id: &ID) -> PersonId {
    match NodeId::decode(id) {
        Some(NodeId::Person(person)) => person,
        _ => PersonId::from_uuid(Uuid::nil()),
    }
}

/// The tag that an id names; an identifier that no row has, when it names none.
#[must_use]
pub fn tag(id: &ID) -> TagId {
    match NodeId::decode(id) {
        Some(NodeId::Tag(tag)) => tag,
        _ => TagId::from_uuid(Uuid::nil()),
    }
}

/// The campaign that an id names; an identifier that no row has, when it names none.
#[must_use]
pub fn campaign(id: &ID) -> CampaignId {
    match NodeId::decode(id) {
        Some(NodeId::Campaign(campaign)) => campaign,
        _ => CampaignId::from_uuid(Uuid::nil()),
    }
}

/// The preview that an id names; an identifier that no row has, when it names none.
#[must_use]
pub fn preview(id: &ID) -> PreviewId {
    match NodeId::decode(id) {
        Some(NodeId::Preview(preview)) => preview,
        _ => PreviewId::from_uuid(Uuid::nil()),
    }
}

/// The request for approval that an id names; an identifier that no row has, when it names none.
#[must_use]
pub fn send_approval(id: &ID) -> SendApprovalId {
    match NodeId::decode(id) {
        Some(NodeId::SendApproval(approval)) => approval,
        _ => SendApprovalId::from_uuid(Uuid::nil()),
    }
}

/// The decision or the campaign that an id names, by its row's identifier; none when it names neither.
#[must_use]
pub fn decision_or_campaign(id: &str) -> Option<Uuid> {
    match NodeId::decode(&ID(id.to_owned()))? {
        NodeId::Decision(decision) => Some(decision.as_uuid()),
        NodeId::Campaign(campaign) => Some(campaign.as_uuid()),
        _ => None,
    }
}

/// The list that an id names; an identifier that no row has, when it names none.
#[must_use]
pub fn list(id: &ID) -> ListId {
    match NodeId::decode(id) {
        Some(NodeId::PersonList(list)) => list,
        _ => ListId::from_uuid(Uuid::nil()),
    }
}

/// The id of a rule.
#[must_use]
pub fn of_rule(key: &RuleKey) -> ID {
    match key {
        RuleKey::Own(id) => NodeId::OwnRule(*id).encode(),
        RuleKey::Platform(slug) => {
            let mut bytes = vec![PLATFORM_RULE];
            bytes.extend_from_slice(slug.as_bytes());
            ID(URL_SAFE_NO_PAD.encode(bytes))
        }
    }
}

/// The rule that an id names; one that nobody wrote, when it names none.
#[must_use]
pub fn rule(id: &ID) -> RuleKey {
    if let Some(NodeId::OwnRule(rule)) = NodeId::decode(id) {
        return RuleKey::Own(rule);
    }
    platform_rule(id).map_or_else(|| RuleKey::Own(RuleId::from_uuid(Uuid::nil())), RuleKey::Platform)
}

/// The slug of the rule of the platform that an id names.
#[must_use]
pub fn platform_rule(id: &ID) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(id.as_str()).ok()?;
    let slug = bytes.strip_prefix(&[PLATFORM_RULE])?;
    String::from_utf8(slug.to_vec()).ok()
}

/// The version of a rule that an id names; an identifier that no row has, when it names none.
#[must_use]
pub fn rule_version(id: &ID) -> RuleVersionId {
    match NodeId::decode(id) {
        Some(NodeId::RuleVersion(version)) => version,
        _ => RuleVersionId::from_uuid(Uuid::nil()),
    }
}

/// The template that an id names; an identifier that no row has, when it names none.
#[must_use]
pub fn message_template(id: &ID) -> MessageTemplateId {
    match NodeId::decode(id) {
        Some(NodeId::MessageTemplate(template)) => template,
        _ => MessageTemplateId::from_uuid(Uuid::nil()),
    }
}

/// The version of a template that an id names; an identifier that no row has, when it names none.
#[must_use]
pub fn message_template_version(id: &ID) -> MessageTemplateVersionId {
    match NodeId::decode(id) {
        Some(NodeId::MessageTemplateVersion(version)) => version,
        _ => MessageTemplateVersionId::from_uuid(Uuid::nil()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_as_it_went() {
        let uuid = Uuid::from_u128(0x0193_4f5e_0000_7000_8000_0000_0000_0001);
        let id = NodeId::Person(PersonId::from_uuid(uuid)).encode();
        assert_eq!(NodeId::decode(&id), Some(NodeId::Person(PersonId::from_uuid(uuid))));
        assert_eq!(person(&id).as_uuid(), uuid);
        assert_eq!(tag(&id).as_uuid(), Uuid::nil(), "a person is no tag");
    }

    #[test]
    fn a_rule_comes_back_whoever_wrote_it() {
        let own = RuleKey::Own(RuleId::from_uuid(Uuid::from_u128(7)));
        for key in [
            own,
            RuleKey::Platform("message-length".to_owned()),
            RuleKey::Platform("sixteen-letters-".to_owned()),
        ] {
            assert_eq!(rule(&of_rule(&key)), key);
        }
        let person = NodeId::Person(PersonId::from_uuid(Uuid::from_u128(7))).encode();
        assert_eq!(rule(&person), RuleKey::Own(RuleId::from_uuid(Uuid::nil())), "a person is no rule");
    }

    #[test]
    fn anything_else_names_nothing() {
        for text in
            ["", "x", "!!!", "AAAA", "0193-4f5e", &"A".repeat(23), &"_".repeat(23), &"A".repeat(100_000)]
        {
            assert_eq!(NodeId::decode(&ID(text.to_owned())), None, "{}", text.len());
        }
    }
}
