//! What does not fit beside the code: models, and threads.

mod circuit;
mod pace;
mod retry;
