use clap::{Args, Parser, Subcommand};
use ventix::remote::{GroupName, QueueName};

/// Shows what waits in an engine, who works on it and what is dead, and gives it back or
/// deletes it.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// The engine: `sqlite:PATH`, `redis://HOST`, or `rediss://HOST` for TLS.
    #[arg(long, env = "VENTIX_URL", hide_env_values = true)]
    pub(crate) url: String,
    /// The prefix of the keys in Redis.
    #[arg(long, default_value = "ventix")]
    pub(crate) prefix: String,
    /// Prints JSON, one object a line, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists queues and groups: what waits, what is delayed, in flight, dead, and how many
    /// consumers there are.
    Status {
        /// Only this queue.
        queue: Option<QueueName>,
    },
    /// Lists the consumers of a queue, with what they have in flight.
    Consumers {
        /// The queue.
        queue: QueueName,
    },
    /// Lists dead letters, the oldest first, with the reason of each.
    Dead {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        letters: Letters,
        /// How many, at most.
        #[arg(long, default_value_t = 20)]
        limit: usize,
        /// Prints each with its event and the errors of its attempts.
        #[arg(long)]
        full: bool,
    },
    /// Gives dead letters back to their group, as if they had never been tried.
    Requeue {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        letters: Chosen,
    },
    /// Deletes dead letters for good.
    Purge {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        letters: Chosen,
    },
    /// Removes a group that nobody reads any more, with all that waits in it.
    Remove {
        #[command(flatten)]
        of: Of,
        /// Says that what waits there may go.
        #[arg(long)]
        yes: bool,
    },
    /// Prints what is emitted from now on, until it is interrupted. It reads as a group of
    /// its own, which it removes at the end.
    Tail {
        /// The queue.
        queue: QueueName,
        /// Ends after so many.
        #[arg(long)]
        count: Option<usize>,
    },
}

#[derive(Args)]
pub(crate) struct Of {
    /// The queue.
    pub(crate) queue: QueueName,
    /// The group.
    pub(crate) group: GroupName,
}

#[derive(Args)]
pub(crate) struct Letters {
    /// Only those whose reason has this code, such as `failed` or `unknown_event`.
    #[arg(long)]
    pub(crate) code: Option<String>,
    /// Only those of this event, by the name that it is registered by.
    #[arg(long)]
    pub(crate) event: Option<String>,
}

#[derive(Args)]
pub(crate) struct Chosen {
    #[command(flatten)]
    pub(crate) letters: Letters,
    /// These, by their ids.
    #[arg(long = "id")]
    pub(crate) ids: Vec<String>,
    /// All of them.
    #[arg(long)]
    pub(crate) all: bool,
}
