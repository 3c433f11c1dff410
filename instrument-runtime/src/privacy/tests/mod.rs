//! Tests of the settings and of redaction hooks. `tests/privacy` of the crate checks what each option does to spans and
//! frame logs, through every convention.

mod environment;
mod redaction_hook;
