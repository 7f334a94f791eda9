use std::sync::Arc;

use crate::handler::Site;
use crate::linker::StartError;

use super::super::gear::How;
use super::super::outward::Outlet;
use super::{Flavor, Seating, Strategy};

impl Strategy {
    /// One whose emissions go out. What users call is `Strategy::remote`, which stands where
    /// remotes are known.
    pub(crate) fn outward(outlet: Arc<dyn Outlet>) -> Self {
        Self::new(Flavor::Remote(outlet))
    }

    /// Whether its emissions go out.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(self.flavor, Flavor::Remote(_))
    }
}

pub(super) fn seat(outlet: Arc<dyn Outlet>, strategy: &Strategy) -> Result<Seating, StartError> {
    let setting = match (strategy.in_order, strategy.overflow.takes_back()) {
        (true, _) => "in_order",
        (_, true) => "bounded, with an overflow that takes back",
        _ => {
            return Ok(Seating {
                how: How::Outward(outlet),
                site: Site::given(Vec::new()),
                is_split: false,
            });
        }
    };
    let strategy = "remote";
    Err(StartError::Unfit { setting, strategy })
}
