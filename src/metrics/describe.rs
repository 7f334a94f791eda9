use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

use super::names::{
    DELIVERIES, EMISSIONS, EMISSIONS_IN_FLIGHT, EMISSIONS_REFUSED, EMISSIONS_WAITING,
    EMITTED_DELIVERIES, IN_FLIGHT, QUEUE, RETRIES, RUN, WAITING,
};

/// Tells the current recorder what the metrics mean, and their units. Once is enough,
/// after the recorder was installed.
///
/// # Examples
///
/// ```
/// ventix::metrics::describe();
/// ```
pub fn describe() {
    describe_counter!(
        DELIVERIES,
        Unit::Count,
        "Deliveries that have ended, by outcome"
    );
    describe_counter!(
        RETRIES,
        Unit::Count,
        "Attempts beyond the first of a delivery"
    );
    describe_gauge!(IN_FLIGHT, Unit::Count, "Deliveries that have not ended");
    describe_gauge!(WAITING, Unit::Count, "Deliveries that wait in their lane");
    describe_histogram!(
        QUEUE,
        Unit::Seconds,
        "Time before a handler begins, sampled"
    );
    describe_histogram!(RUN, Unit::Seconds, "Time a handler takes, sampled");
    describe_counter!(EMISSIONS, Unit::Count, "Emissions, whatever became of them");
    describe_counter!(
        EMISSIONS_REFUSED,
        Unit::Count,
        "Emissions refused as a whole"
    );
    describe_counter!(
        EMITTED_DELIVERIES,
        Unit::Count,
        "Deliveries of emissions that have ended, by outcome"
    );
    describe_gauge!(
        EMISSIONS_IN_FLIGHT,
        Unit::Count,
        "Emissions that have not ended"
    );
    describe_gauge!(
        EMISSIONS_WAITING,
        Unit::Count,
        "Emissions that wait to be run"
    );
}
