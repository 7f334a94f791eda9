/// The methods of an engine that it only passes on to its `inner` one.
macro_rules! passing_on {
    ($($name:ident($($arg:ident: $type:ty),*) -> $done:ty;)*) => {$(
        fn $name<'a>(&'a self $(, $arg: $type)*) -> Answer<'a, Result<$done, BackendError>> {
            self.inner.$name($($arg),*)
        }
    )*};
}
