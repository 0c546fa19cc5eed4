//! Every interleaving of the dispatch protocol, for small sizes.

mod bugs;
mod laws;
mod steps;
mod world;

use api::domain::message_state::CampaignState;
use stateright::{Checker, HasDiscoveries, Model, Property};

use bugs::{BUGS, Bug};
use world::{Step, World};

/// The protocol with so many messages, each tried at most so often, and a bug or none.
#[derive(Debug, Clone, Copy)]
struct Protocol<const N: usize> {
    tries: usize,
    bug: Option<Bug>,
}

impl<const N: usize> Model for Protocol<N> {
    type State = World<N>;
    type Action = Step;

    fn init_states(&self) -> Vec<World<N>> {
        vec![World::new(CampaignState::Scheduled)]
    }

    fn actions(&self, world: &World<N>, steps: &mut Vec<Step>) {
        world.steps(steps);
    }

    fn next_state(&self, world: &World<N>, step: Step) -> Option<World<N>> {
        let next = world.step(step, self.tries, self.bug)?.in_order();
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = laws::laws();
        properties.extend(laws::sights());
        if self.tries > 1 {
            properties.extend(laws::sights_of_two_attempts());
        }
        properties
    }
}

#[test]
fn the_protocol_holds_in_every_interleaving_of_one_message_tried_twice() {
    holds(Protocol::<1> { tries: 2, bug: None });
}

#[test]
fn the_protocol_holds_in_every_interleaving_of_two_messages() {
    // Tried once; twice takes minutes, and shows the same.
    let tries = std::env::var("ENVOI_TEST_MODEL_TRIES").ok();
    let tries = tries.map_or(1, |tries| tries.parse().expect("ENVOI_TEST_MODEL_TRIES is 1 or 2"));
    holds(Protocol::<2> { tries, bug: None });
}

fn holds<const N: usize>(protocol: Protocol<N>) {
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    let states = checker.unique_state_count();
    println!("{states} states of {N} messages, at most {} steps deep", checker.max_depth());
}

#[test]
fn each_bug_planted_in_the_protocol_is_found() {
    for (bug, laws) in BUGS {
        let protocol = Protocol::<1> { tries: 2, bug: Some(*bug) };
        let expected = laws.iter().copied().collect();
        let checker = protocol.checker().finish_when(HasDiscoveries::AllOf(expected)).spawn_bfs().join();
        for law in *laws {
            let way = checker.assert_any_discovery(law);
            println!("{bug:?} after {} steps: {law}", way.into_actions().len());
        }
    }
}
