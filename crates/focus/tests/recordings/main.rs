//! `focus recordings`, with the real program.

mod commands;
mod killed;
mod program;
