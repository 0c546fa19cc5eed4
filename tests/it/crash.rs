//! The program under fire: killed, cut off, misled. Servers are real processes; so is the provider, whose journal says what was sent.
//!
//! Architecture Invariant: what is counted at the end comes from the provider's journal and from the rows, never from what a server said
//! of itself.

mod campaigns;
mod cancel;
mod figures;
mod full;
mod hostile;
mod instances;
mod kills;
mod power;
mod races;
mod restarts;
mod rig;
