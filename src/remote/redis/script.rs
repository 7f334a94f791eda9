use std::sync::LazyLock;

/// One of the programs that run inside the server, each as one step.
pub(super) struct Script {
    code: &'static str,
    hash: LazyLock<String>,
}

impl Script {
    const fn new(code: &'static str, hash: fn() -> String) -> Self {
        Self {
            code,
            hash: LazyLock::new(hash),
        }
    }

    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    pub(super) fn hash(&self) -> &str {
        &self.hash
    }
}

macro_rules! scripts {
    ($($name:ident = $flags:literal $file:literal;)*) => {$(
        pub(super) static $name: Script = {
            const CODE: &str = concat!(
                "#!lua", $flags, "\n",
                include_str!("lua/common.lua"),
                include_str!($file),
            );
            Script::new(CODE, || redis::Script::new(CODE).get_hash().to_owned())
        };
    )*};
}

// A server that has no memory left refuses to publish, and runs all that lets workers go on.
scripts! {
    PUBLISH = "" "lua/publish.lua";
    ENSURE = " flags=allow-oom" "lua/ensure.lua";
    SWEEP = " flags=allow-oom" "lua/sweep.lua";
    TAKE = " flags=allow-oom" "lua/take.lua";
    ACKS = " flags=allow-oom" "lua/acks.lua";
    SETTLE = " flags=allow-oom" "lua/settle.lua";
    LETTERS = " flags=allow-oom" "lua/letters.lua";
    REMOVE = " flags=allow-oom" "lua/remove.lua";
    STATUS = " flags=allow-oom" "lua/status.lua";
}
