//! What must hold in every world that can be reached, and what some world must show, so that nothing holds by never happening.

use api::domain::message_state::{CampaignState, MessageState as S};
use stateright::Property;

use super::Protocol;
use super::world::{Attempt, Hand, Message, World};

pub(super) const CHARGED: &str = "a message is charged once, and only if it was handed over";
pub(super) const RELEASED: &str = "credit is released once, never of what was charged or may have been sent";
pub(super) const OPT_OUT: &str = "nothing begins once an opt-out is committed";
pub(super) const UNDER_WAY: &str =
    "nothing begins once a campaign is paused or cancelled, or before its hour";
pub(super) const AUTHORISED: &str = "a request leaves under an attempt committed before, its only one";
pub(super) const AFTER_PROOF: &str = "another attempt is made only when those before are proven not accepted";
pub(super) const ACCEPTED_ONCE: &str = "a message is accepted once";
pub(super) const NOT_IN_DOUBT: &str = "what may have been sent is never queued again";
pub(super) const LEASE: &str = "nobody takes what is another's before its lease ends";
pub(super) const FORWARDS: &str = "states move forwards";
pub(super) const SETTLED: &str = "what is completed or cancelled holds nothing, and only that does";
const WAY_OUT: &str = "what is sending has a lease that ends";

fn all<const N: usize>(world: &World<N>, holds: impl Fn(&Message) -> bool) -> bool {
    world.messages.iter().all(holds)
}

fn charged(message: &Message) -> bool {
    let accepted = message.tried.iter().any(|attempt| attempt.accepted == Some(true));
    let settled = match message.state {
        S::HandedOver | S::Delivered | S::Undelivered | S::NoReport => {
            matches!((message.charges, message.releases, message.losses), (1, 0, 0) | (0, 1, 1))
        }
        _ => message.charges == 0 && message.losses == 0,
    };
    settled && (message.charges + message.losses == 0 || accepted)
}

fn released(message: &Message) -> bool {
    let once = match message.state {
        S::Rejected | S::Suppressed | S::WrittenOff => message.releases == 1,
        S::Queued | S::Sending | S::Unknown => message.releases == 0,
        S::HandedOver | S::Delivered | S::Undelivered | S::NoReport => message.releases == message.losses,
    };
    // What is refused, or not sent on our side, is out of the provider's hands.
    let sure = !matches!(message.state, S::Rejected | S::Suppressed)
        || message.tried.iter().copied().all(not_accepted);
    once && sure
}

fn not_accepted(attempt: Attempt) -> bool {
    attempt.requests == 0 || attempt.accepted == Some(false)
}

/// Each request after the first leaves when nothing of those before is open.
fn after_proof(message: &Message) -> bool {
    let last = message.tried.iter().rposition(|attempt| attempt.recorded || attempt.requests > 0);
    last.is_none_or(|last| message.tried[..last].iter().copied().all(not_accepted))
}

fn settled<const N: usize>(world: &World<N>) -> bool {
    let over = matches!(world.campaign, CampaignState::Completed | CampaignState::Cancelled);
    over != world.messages.iter().any(|message| message.state.holds_campaign())
}

/// What must always hold.
pub(super) fn laws<const N: usize>() -> Vec<Property<Protocol<N>>> {
    vec![
        Property::always(CHARGED, |_, world: &World<N>| all(world, charged)),
        Property::always(RELEASED, |_, world: &World<N>| all(world, released)),
        Property::always(OPT_OUT, |_, world: &World<N>| {
            all(world, |message| !message.tried.iter().any(|attempt| attempt.after_opt_out))
        }),
        Property::always(UNDER_WAY, |_, world: &World<N>| {
            all(world, |message| !message.tried.iter().any(|attempt| attempt.out_of_turn))
        }),
        Property::always(AUTHORISED, |_, world: &World<N>| {
            let authorised = |attempt: &Attempt| attempt.requests <= 1 && attempt.unauthorised == 0;
            all(world, |message| message.tried.iter().all(authorised))
        }),
        Property::always(AFTER_PROOF, |_, world: &World<N>| all(world, after_proof)),
        Property::always(ACCEPTED_ONCE, |_, world: &World<N>| {
            let accepted = |attempt: &&Attempt| attempt.accepted == Some(true);
            all(world, |message| message.tried.iter().filter(accepted).count() <= 1)
        }),
        Property::always(NOT_IN_DOUBT, |_, world: &World<N>| {
            all(world, |message| !message.seen.queued_in_doubt)
        }),
        Property::always(LEASE, |_, world: &World<N>| all(world, |message| !message.seen.lease_broken)),
        Property::always(FORWARDS, |_, world: &World<N>| all(world, |message| !message.seen.moved_back)),
        Property::always(SETTLED, |_, world: &World<N>| settled(world)),
        Property::always(WAY_OUT, |_, world: &World<N>| {
            all(world, |message| message.state != S::Sending || message.lease.is_some())
        }),
    ]
}

fn any<const N: usize>(world: &World<N>, shows: impl Fn(&Message) -> bool) -> bool {
    world.messages.iter().any(shows)
}

fn hand<const N: usize>(world: &World<N>, m: usize, shows: impl Fn(&Hand) -> bool) -> bool {
    world.hands.iter().any(|hands| shows(&hands[m]))
}

/// What some world must show.
pub(super) fn sights<const N: usize>() -> Vec<Property<Protocol<N>>> {
    vec![
        Property::sometimes("delivered", |_, world: &World<N>| any(world, |one| one.state == S::Delivered)),
        Property::sometimes("undelivered", |_, world: &World<N>| {
            any(world, |one| one.state == S::Undelivered)
        }),
        Property::sometimes("no report", |_, world: &World<N>| any(world, |one| one.state == S::NoReport)),
        Property::sometimes("rejected", |_, world: &World<N>| any(world, |one| one.state == S::Rejected)),
        Property::sometimes("written off", |_, world: &World<N>| {
            any(world, |one| one.state == S::WrittenOff)
        }),
        Property::sometimes("a loss", |_, world: &World<N>| any(world, |one| one.losses == 1)),
        Property::sometimes("an opt-out honoured", |_, world: &World<N>| {
            any(world, |one| one.state == S::Suppressed && one.opted_out && one.attempts == 0)
        }),
        Property::sometimes("an opt-out too late", |_, world: &World<N>| {
            any(world, |one| one.state == S::Delivered && one.opted_out)
        }),
        Property::sometimes("a cancelling that finds it queued", |_, world: &World<N>| {
            world.campaign == CampaignState::Cancelled && any(world, |one| one.attempts == 0)
        }),
        Property::sometimes("a cancelling that finds it sent", |_, world: &World<N>| {
            world.campaign == CampaignState::Cancelled && any(world, |one| one.charges == 1)
        }),
        Property::sometimes("a pause with a doubt", |_, world: &World<N>| {
            world.campaign == CampaignState::Paused && any(world, |one| one.state == S::Unknown)
        }),
        Property::sometimes("completed", |_, world: &World<N>| world.campaign == CampaignState::Completed),
        Property::sometimes(
            "a request that leaves after its message was written off",
            |_, world: &World<N>| {
                (0..N).any(|m| {
                    let late = |hand: &Hand| matches!(hand, Hand::Waiting(_));
                    world.messages[m].state == S::WrittenOff && hand(world, m, late)
                })
            },
        ),
        Property::sometimes("a report before the answer", |_, world: &World<N>| {
            (0..N).any(|m| {
                let early = |hand: &Hand| matches!(hand, Hand::Waiting(_));
                world.messages[m].state == S::Delivered && hand(world, m, early)
            })
        }),
        Property::sometimes("a claim that another took over", |_, world: &World<N>| {
            (0..N).any(|m| {
                let claims = |hands: &&[Hand; N]| matches!(hands[m], Hand::Claimed { .. });
                world.hands.iter().filter(claims).count() == 2
            })
        }),
        Property::sometimes("accepted, and the instance that asked is gone", |_, world: &World<N>| {
            (0..N).any(|m| {
                let message = &world.messages[m];
                let accepted = message.tried[0].accepted == Some(true);
                message.state == S::Sending && accepted && !hand(world, m, |hand| *hand != Hand::Empty)
            })
        }),
    ]
}

/// What takes a second attempt.
pub(super) fn sights_of_two_attempts<const N: usize>() -> Vec<Property<Protocol<N>>> {
    vec![
        Property::sometimes("accepted at the second attempt", |_, world: &World<N>| {
            any(world, |one| one.tried[1].accepted == Some(true) && one.charges == 1)
        }),
        Property::sometimes("tried as often as is allowed", |_, world: &World<N>| {
            any(world, |one| one.state == S::Suppressed && one.attempts == 2 && !one.opted_out)
        }),
        Property::sometimes("an opt-out between two attempts", |_, world: &World<N>| {
            any(world, |one| one.state == S::Suppressed && one.attempts == 1 && one.opted_out)
        }),
    ]
}
