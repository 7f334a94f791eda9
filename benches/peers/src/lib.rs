//! What one delivery costs, by ventix and by what a user would pick instead.
//!
//! Every shape of use is a file in [`shapes`], and everyone that takes part in it a
//! file in [`contestants`]. [`contest`] lets one of them take its turns, and [`rounds`] all of
//! them, each in a process of its own. [`bars`] are the ratios that ventix has to keep;
//! [`table`] and [`report`] show what came out.

pub mod bars;
pub mod contest;
pub mod contestants;
pub mod crew;
pub mod effort;
pub mod event;
pub mod place;
pub mod report;
pub mod rounds;
pub mod shapes;
pub mod table;
