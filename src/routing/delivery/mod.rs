//! What the delivery agents do: [`local`] (aliases and what they name), [`forward`] (`.forward` files), [`mailbox`] (accounts without
//! one), [`hand_over`] (to another host or program), [`next_hop`] (the hosts that a nexthop stands for).

pub mod forward;
pub mod hand_over;
pub mod local;
pub mod mailbox;
pub mod next_hop;
