//! What is done to the tables, each within one transaction.

mod claim;
mod consumers;
mod ledger;
mod letters;
mod publish;
mod queues;
mod room;
mod settle;
mod status;

pub(super) use claim::Row;
pub(super) use ledger::Ledger;
pub(super) use settle::Token;
