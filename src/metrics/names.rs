//! The names, as the [module's page](super) explains them.

pub(super) const DELIVERIES: &str = "ventix_deliveries_total";
pub(super) const RETRIES: &str = "ventix_retries_total";
pub(super) const IN_FLIGHT: &str = "ventix_deliveries_in_flight";
pub(super) const WAITING: &str = "ventix_deliveries_waiting";
pub(super) const QUEUE: &str = "ventix_queue_seconds";
pub(super) const RUN: &str = "ventix_run_seconds";
pub(super) const EMISSIONS: &str = "ventix_emissions_total";
pub(super) const EMISSIONS_REFUSED: &str = "ventix_emissions_refused_total";
pub(super) const EMITTED_DELIVERIES: &str = "ventix_emitter_deliveries_total";
pub(super) const EMISSIONS_IN_FLIGHT: &str = "ventix_emissions_in_flight";
pub(super) const EMISSIONS_WAITING: &str = "ventix_emissions_waiting";
