//! Ten thousand random lives, compared step by step with a model small enough to be read in one go.
//!
//! A round plays many scripts side by side on one database, each on tasks of its own (they ask for an executor of their
//! own), so that the store commits their commands together as it does under load. Between two steps the weather may
//! change for all of them: time passes, the reaper runs, the process restarts. Every answer and the place of
//! every task is compared with the model after each step, and whole histories at the end. A script that disagrees is played again alone and shortened as far as it still
//! disagrees.
//!
//! The seeds are the same on both engines and in every run; `JCT_TEST_MODEL_SEED` starts elsewhere and
//! `JCT_TEST_MODEL_ROUNDS` plays longer.

mod lane;
mod reference;
mod round;
mod script;
mod tables;
