//! `output` and `usage` that are not closures with one argument.
use pipecat_instrument::traced_llm;

struct Reply {
    text: String,
}

#[traced_llm(output = Reply::text, usage = |prompt, completion| (prompt, completion))]
fn complete() -> Reply {
    Reply { text: String::new() }
}

fn main() {
    println!("{}", complete().text);
}
