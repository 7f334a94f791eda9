//! Redis Streams and consumer groups as an engine, on Redis 7.0 or later.
//!
//! Each group of a queue has a stream of its own, and a publish appends to all of them in one
//! step, inside the server; so what one group acknowledges is deleted, and a stream is as long
//! as its backlog. Whatever needs more than one command to be right is a script in Lua that
//! the server runs as one step.
//!
//! # Examples
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use ventix::EmissionId;
//! use ventix::remote::redis::Redis;
//! use ventix::remote::{Backend, Consumer, Outgoing, Topology};
//!
//! # async fn run() -> ventix::Result {
//! let redis = Redis::connect("redis://127.0.0.1:6379").await?;
//! let topology = Topology::new("orders".parse()?).group("billing".parse()?);
//! redis.ensure(&topology).await?;
//! let message = Outgoing::new(EmissionId::from_u128(1), *b"an order");
//! redis.publish(topology.queue(), &[message]).await.remove(0)?;
//!
//! let mut source = redis
//!     .consume(&Consumer {
//!         group: "billing".parse()?,
//!         name: "worker-1".into(),
//!         lease: Duration::from_secs(30),
//!         topology,
//!     })
//!     .await?;
//! for lease in source.next(8.try_into()?).await? {
//!     println!("{} bytes", lease.body().len());
//!     lease.ack().await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What holds
//!
//! - **Publishing** stores up to 128 messages in each call of the script, and sends up to
//!   eight calls in one round trip. An id that was published within the
//!   [window](RedisBuilder::dedup_window) is not stored again.
//! - **A lease** is told from an earlier one of the same message by the consumer's name, the
//!   entry and the count of its deliveries, or, in an ordered queue, by a number that is used
//!   once; whoever has lost it changes nothing. Each consumer's own lease time counts for what
//!   it has. A settle whose answer was lost is sent again; if the first was heard, the second
//!   finds the lease lost, and says so.
//! - **Latency**: a source blocks inside the server, and what is published, released or due
//!   wakes it at once. What is delayed comes within a few milliseconds of its time, by the
//!   server's clock. Leases that have run out are looked for four times in a lease, of the
//!   shortest lease in the group.
//! - **Ordered queues** have a stream for each partition. A key's partition is its FNV-1a hash
//!   of 64 bits, folded to 32 by exclusive or, modulo their number; a message without a key
//!   goes by the hash of its id, and waits for those before it in its partition like any
//!   other. One message of a partition is out at a time, whoever has it, and what is retried
//!   or released keeps its place. So the number of partitions bounds how many are worked on
//!   at once. [Ensure](super::Backend::ensure) an ordered queue before publishing to it: the
//!   first publish to a queue that nobody has ensured makes one without order.
//! - **Outages**: a source asks for a new connection after a pause that grows to a second, and
//!   goes on where it was. A publish says whether it was sent.
//! - **Lost state**: where the server has lost everything, by a restart without persistence or
//!   `FLUSHALL`, whoever finds it first makes the queue anew with the groups that it knows,
//!   warns (`backend lost state`) and counts it in [`Redis::resets`]. What was in the queue is
//!   lost; so are the leases that were out.
//! - **Connections**: a backend has one, and each source one more. They live on the runtime,
//!   that is, the arbiter, that needed them first, so give them one where nothing blocks;
//!   when it ends, the next call connects anew.
//!
//! # Operating it
//!
//! - **Persistence.** A confirmed message is as durable as the server is configured to make
//!   it. `appendonly yes` and `appendfsync always` lose nothing that was confirmed, at the
//!   price of a write to disk for each round of the server's loop; `everysec` loses up to a
//!   second when the machine dies, none when the server does; no append-only file loses all
//!   since the last snapshot. Replication is asynchronous: a failover may lose what was just
//!   confirmed, unless `min-replicas-to-write` and the replicas' own disks make up for it.
//! - **Leases.** A lease must be longer than an answer takes to come: a shorter one has always
//!   run out by then, and everything is `abandoned` in the end.
//! - **Memory.** Set `maxmemory`, and `maxmemory-policy noeviction`: any other policy deletes
//!   messages. When memory is used up publishing answers
//!   [`Backpressure`](super::PublishError::Backpressure), and workers go on: reading,
//!   acknowledging, retrying and burying work without new memory to speak of, and make room.
//! - **Never trim** the streams (`XTRIM`, `XADD … MAXLEN`): what is not out yet disappears
//!   without a trace. What was out is counted in [`Redis::lost`], with a warning. What
//!   `XGROUP DELCONSUMER` makes nobody's is found and handed out again.
//! - **Ids** that were published cost about 100 bytes each for the length of the window.
//! - **Cluster.** All keys of a queue have one hash tag, `{prefix:queue}`, so they are in one
//!   slot, and every script is allowed. The client speaks to one server, though, and does not
//!   follow redirections: use a proxy, or a server that has all slots. **Sentinel** is not
//!   supported; after a failover behind one address the connection is made anew.
//! - **Rights.** A user needs the keys `{ventix:*` and `ventix:queues` (or another prefix),
//!   and these commands:
//!
//! ```text
//! ACL SETUSER ventix on >password ~{ventix:* ~ventix:queues -@all
//!   +auth +select +info +ping +script|load +evalsha +time +set +del +exists +renamenx
//!   +xreadgroup +xadd +xack +xdel +xlen +xrange +xclaim +xpending +xinfo|groups
//!   +xgroup|create +xgroup|delconsumer +blpop +rpush +ltrim +sadd +scard +sismember
//!   +smembers +hset +hget +hmget +hgetall +hkeys +hdel +hincrby +zadd +zrem +zrange
//!   +zcard +zcount
//! ```
//!
//! - **TLS** by `rediss://` needs the feature `redis-tls`; certificates are checked against
//!   Mozilla's roots, or [your own](RedisBuilder). Credentials appear in no error, no log and
//!   no `Debug`.

mod acks;
mod builder;
mod fault;
mod keys;
mod letters;
mod link;
mod publish;
mod read;
mod redis;
mod reply;
mod script;
mod settings;
mod settle;
mod shared;
mod source;
mod status;
mod sweep;

pub use builder::RedisBuilder;
pub use redis::Redis;
