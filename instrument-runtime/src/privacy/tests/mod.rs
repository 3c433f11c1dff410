//! The settings as they are given, and rules of one's own. What each option does to spans and logs is shown in
//! `tests/privacy`, through every convention.

mod environment;
mod hook;
