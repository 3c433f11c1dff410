"""Compares `conversation.latency.*` with the reports of Pipecat's own `UserBotLatencyObserver` on the same pipelines.

    python compare_latency.py FOLDER PIPECAT_TRACE

FOLDER is one that `record.py` has written; PIPECAT_TRACE is the built `pipecat-trace`. Prints one line for each turn,
and for each report that belongs to no turn. A report belongs to the turn in which it was made.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PREFIX = "conversation.latency."


def turns_of(log: Path, pipecat_trace: str) -> list[dict]:
    """The turns of a recording: number, start and end, and attributes."""
    with tempfile.TemporaryDirectory() as folder:
        spans = Path(folder) / "spans.jsonl"
        subprocess.run([pipecat_trace, "replay", log, "--otlp-json", spans], check=True, capture_output=True)
        lines = spans.read_text(encoding="utf-8").splitlines()
    requests = [json.loads(line) for line in lines]
    spans = [span for request in requests for group in request["resourceSpans"]
             for scope in group["scopeSpans"] for span in scope["spans"]]  # fmt: skip
    turns = []
    for span in spans:
        attributes = {pair["key"]: next(iter(pair["value"].values())) for pair in span["attributes"]}
        if span["name"] == "pipecat.conversation.turn":
            times = {"start": int(span["startTimeUnixNano"]), "end": int(span["endTimeUnixNano"])}
            turns.append(times | {"number": int(attributes["conversation.turn_number"])} | attributes)
    return sorted(turns, key=lambda turn: turn["start"])


def describe_turn(turn: dict) -> str:
    total = turn.get("conversation.user_to_bot_latency")
    if total is None:
        return "none"
    parts = [(key.removeprefix(PREFIX), seconds) for key, seconds in turn.items() if key.startswith(PREFIX)]
    text = f"{float(total) * 1e3:.0f}: " + describe_parts(parts)
    repeats = turn.get("conversation.user_repeats")
    if repeats:
        text += f"; waited {float(turn['conversation.user_wait_seconds']) * 1e3:.0f}, repeats {repeats}"
    return text


def describe_report(report: dict) -> str:
    parts = [(part["part"], part["seconds"]) for part in report["parts"]]
    return f"{report['latency'] * 1e3:.0f}: " + (describe_parts(parts) or "no parts")


def describe_parts(parts: list[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {float(seconds) * 1e3:.0f}" for name, seconds in parts if float(seconds) >= 0.0005)


def compare(folder: Path, pipecat_trace: str):
    for path in sorted(folder.glob("*.latency.json")):
        name = path.name.removesuffix(".latency.json")
        log = next(p for p in (folder / f"{name}.jsonl", folder / f"{name}.jsonl.gz") if p.exists())
        reports = json.loads(path.read_text(encoding="utf-8"))
        for turn in turns_of(log, pipecat_trace):
            own = [report for report in reports if turn["start"] <= report["wall"] <= turn["end"]]
            reports = [report for report in reports if report not in own]
            said = " / ".join(describe_report(report) for report in own) or "none"
            print(f"| {name} {turn['number']} | {describe_turn(turn)} | {said} |")
        for report in reports:
            print(f"| {name} | none | {describe_report(report)} |")


def main(argv: list[str]) -> int:
    print("| turn | conversation.latency (ms) | UserBotLatencyObserver (ms) |\n|---|---|---|")
    compare(Path(argv[1]), argv[2])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
