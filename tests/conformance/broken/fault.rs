/// What is wrong with an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: what the others are compared with.
    Nothing,

    // What is published.
    /// Of five confirmed messages, one is not stored.
    LosesSome,
    /// What is published is stored twice.
    Doubles,
    /// What is delayed is handed out at once.
    IgnoresDelays,
    /// A delay that is too long for a number is none.
    OverflowsDelays,
    /// A batch is stored the wrong way round.
    TurnsBatchesRound,
    /// Ids are not looked at.
    IgnoresIds,
    /// Ids are known for longer than it says.
    NeverForgetsIds,
    /// Keys are not looked at.
    IgnoresKeys,
    /// What is not UTF-8 is made so.
    SpoilsBytes,
    /// Only the beginning of a message is stored.
    CutsOff,
    /// It takes more bytes than it says.
    TakesAnySize,
    /// It has an answer more than it was asked.
    AnswersForNothing,
    /// What it says to have no room for it stores.
    StoresWhatItRefuses,
    /// What no group has claimed is gone.
    LosesUnclaimed,

    // Queues and groups.
    /// All queues are one.
    MixesQueues,
    /// All groups are one.
    MixesGroups,
    /// Each consumer is a group.
    FansOutWithin,
    /// A group is not removed, though it says so.
    NeverRemoves,
    /// To ensure a group is to make it anew.
    EnsuresAnew,
    /// Another number of partitions is fine.
    IgnoresMismatches,

    // What is leased.
    /// More is leased than there is room for.
    IgnoresRoom,
    /// Who waits is not woken.
    NeverWakes,
    /// What a call of `next` that was dropped had leased is lost.
    LosesWhatIsCancelled,
    /// Deliveries are not counted.
    NeverCounts,
    /// A lease that is dropped is lost.
    LosesWhatIsDropped,
    /// Everybody is told that its settlement counts.
    ClaimsLateSettlements,
    /// Everybody's acknowledgement counts.
    AcksForOthers,
    /// What is released is acknowledged.
    AcksWhatIsReleased,
    /// What is to be tried again comes at once.
    IgnoresRetryDelays,
    /// Bytes that are to take the place of others do not.
    IgnoresNewBytes,
    /// It buries what is tried again too often.
    GivesUp,
    /// Extending does nothing.
    NeverExtends,

    // Dead letters.
    /// A dead letter says nothing of its reason.
    ForgetsReasons,
    /// All dead letters are listed, whatever their code.
    IgnoresCodes,
    /// What is dead is given back.
    ReleasesWhatIsDead,
    /// Dead letters are not purged, though it says so.
    NeverPurges,

    // The rest.
    /// A stopped source goes on.
    NeverStops,
    /// To close it does nothing.
    IgnoresClose,
    /// To close it is to lose what is leased.
    ClosesLeases,
    /// All it counts is 0.
    CountsNothing,
    /// It does not know who reads.
    ForgetsConsumers,
    /// Queues that are not there have a status.
    InventsQueues,
}
