#!/usr/bin/env python3
"""How long it takes to compile 100 annotated constructors, beside 100 with `#[tracing::instrument]`, and 100 with nothing.

    python3 benches/compile_time.py [ROUNDS]

Writes three crates of the same constructors below target/compile_time, builds what they depend on, and then times
`cargo check` and `cargo build` of each crate alone, in turns. What stands in the table is the median of the rounds.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLACE = ROOT / "target" / "compile_time"
CONSTRUCTORS = 100

TASK = """
pub struct Task{n} {{ pub line: String, pub retries: u8, pub observer: Option<{observer}> }}
{observed}
impl Task{n} {{
    {above}
    pub fn new(line: &str, retries: u8) -> Result<Self, String> {{
        if line.is_empty() {{
            return Err("no line".to_owned());
        }}
        let retries = retries.checked_sub({n} % 3).ok_or("no retries left")?;
        let line = line.trim().to_uppercase();
        let observer = None;
        Ok(Self {{ line, retries, observer }})
    }}
}}
"""

OBSERVED = """
impl pipecat_instrument::ObservedTask for Task{n} {{
    fn attach_observer(&mut self, observer: pipecat_instrument::Observer) {{ self.observer = Some(observer); }}
}}
"""

KINDS = {
    # All three have the same dependencies, so that only the annotation differs.
    "plain": "",
    "instrument_task": "#[pipecat_instrument::instrument_task]",
    "tracing": "#[tracing::instrument]",
}


def write(kind: str, above: str) -> None:
    crate = PLACE / kind
    (crate / "src").mkdir(parents=True, exist_ok=True)
    (crate / "Cargo.toml").write_text(f"""[package]
name = "compile-time-{kind.replace("_", "-")}"
version = "0.0.0"
edition = "2024"

[dependencies]
pipecat-instrument = {{ path = "{ROOT}" }}
tracing = {{ version = "0.1", features = ["attributes"] }}
""")
    tasks = [
        TASK.format(n=n, above=above, observer="pipecat_instrument::Observer", observed=OBSERVED.format(n=n))
        for n in range(CONSTRUCTORS)
    ]
    (crate / "src" / "lib.rs").write_text("".join(tasks))


def cargo(command: str, kind: str) -> float:
    """Seconds that it takes to compile the crate, and nothing but the crate."""
    (PLACE / kind / "src" / "lib.rs").touch()
    begun = time.monotonic()
    subprocess.run(
        ["cargo", command, "--quiet", "--package", f"compile-time-{kind.replace('_', '-')}"],
        cwd=PLACE,
        env={**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target"), "CARGO_INCREMENTAL": "0"},
        check=True,
    )
    return time.monotonic() - begun


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for kind, above in KINDS.items():
        write(kind, above)
    members = ", ".join(f'"{kind}"' for kind in KINDS)
    (PLACE / "Cargo.toml").write_text(f'[workspace]\nmembers = [{members}]\nresolver = "3"\n')
    # The versions that the workspace has, and what it has built of them already.
    (PLACE / "Cargo.lock").write_bytes((ROOT / "Cargo.lock").read_bytes())

    print(f"{CONSTRUCTORS} constructors, seconds, median (least) of {rounds} rounds")
    for command in ["check", "build"]:
        taken = {kind: [] for kind in KINDS}
        for kind in KINDS:
            cargo(command, kind)
        for _ in range(rounds):
            for kind in KINDS:
                taken[kind].append(cargo(command, kind))
        medians = {kind: statistics.median(seconds) for kind, seconds in taken.items()}
        for kind, seconds in taken.items():
            print(f"  {command:5} {kind:16} {medians[kind]:.2f} ({min(seconds):.2f})")
        ratio = medians["instrument_task"] / medians["tracing"]
        least = {kind: min(seconds) for kind, seconds in taken.items()}
        alone = (least["instrument_task"] - least["plain"]) / (least["tracing"] - least["plain"])
        print(f"  {command:5} instrument_task / tracing: {ratio:.2f}; less what plain takes, of the least: {alone:.2f}")


if __name__ == "__main__":
    main()
