"""Checks the expectations of recordings with real service classes against the notes of the local providers.

    python check_truth.py ../truth ../expected

The first folder has the `NAME.truth.json` that `record.py` wrote. Compares the messages, answer, tool calls and tokens
of every request to a model, every final transcript, and every text to synthesize. Does not read Pipecat's frames.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def texts(content) -> str:
    """The texts of a message's content, in either provider's form."""
    if isinstance(content, str) or content is None:
        return content or ""
    return " ".join(part["text"] for part in content if "text" in part)


def sent_messages(body: dict) -> list[tuple[str, str]]:
    """The texts of a request, by role. Messages of one role in a row are joined. Bedrock's system prompt has a field."""
    sent = [("system", texts(body["system"]))] if "system" in body else []
    sent += [(message["role"], texts(message.get("content"))) for message in body["messages"]]
    return joined((role, text) for role, text in sent if text and role != "tool")


def span_messages(span: dict) -> list[tuple[str, str]]:
    return joined((role, text) for role, text in span["messages"] if text and role != "tool")


def joined(messages) -> list[tuple[str, str]]:
    result: list[tuple[str, str]] = []
    for role, text in messages:
        if result and result[-1][0] == role:
            result[-1] = (role, f"{result[-1][1]} {text}")
        else:
            result.append((role, text))
    return result


def tokens(usage: dict) -> tuple[int, int]:
    if "prompt_tokens" in usage:
        return usage["prompt_tokens"], usage["completion_tokens"]
    return usage["inputTokens"] + usage["cacheReadInputTokens"], usage["outputTokens"]


def spans(doc: dict, kind: str) -> list[dict]:
    return [span for turn in doc["turns"] for span in turn["spans"] if span["kind"] == kind]


def check(truth: list[dict], doc: dict) -> list[str]:
    wrong = []

    def same(what: str, noted, expected):
        if noted != expected:
            wrong.append(f"{what}: the provider noted {noted!r}, the expectation is {expected!r}")

    requests = [note for note in truth if note["what"] == "llm request"]
    calls = spans(doc, "llm")
    same("number of requests", len(requests), len(calls))
    for request, span in zip(requests, calls, strict=False):
        what = f"request {request['n']}"
        ends = (note for note in truth if note["what"] in ("llm done", "llm breaks"))
        answer = next((note for note in ends if note["n"] == request["n"]), None)
        same(f"{what}: messages", sent_messages(request["body"]), span_messages(span))
        if answer is None or "llm.withdrawn" in span["attrs"] and span["attrs"]["llm.withdrawn"] is True:
            same(f"{what}: output", None, span.get("output"))
        else:
            same(f"{what}: output", answer.get("text", answer.get("sent")) or None, span.get("output"))
            noted = [[name, arguments, call] for call, name, arguments in answer.get("tools", [])]
            same(f"{what}: tool calls", noted, span["tool_calls"])
        if answer and "usage" in answer:
            counts = [span["attrs"][f"llm.token_count.{kind}"] for kind in ("prompt", "completion")]
            same(f"{what}: tokens", list(tokens(answer["usage"])), counts)

    finals = [note["text"] for note in truth if note["what"] in ("stt final", "stt EndOfTurn")]
    same("transcripts", finals, [span["output"] for span in spans(doc, "stt") if span["status"] == "ok"])
    spoken = [note["text"] for note in truth if note["what"] == "tts request"]
    if spoken:  # a voice in the process notes nothing
        same("texts to synthesize", " ".join(spoken), " ".join(span["input"] for span in spans(doc, "tts")))
    return wrong


def main(argv: list[str]) -> int:
    bad = 0
    for path in sorted(Path(argv[1]).glob("*.truth.json")):
        name = path.name.removesuffix(".truth.json")
        doc = json.loads((Path(argv[2]) / f"{name}.json").read_text(encoding="utf-8"))
        wrong = check(json.loads(path.read_text(encoding="utf-8")), doc)
        bad += bool(wrong)
        print(f"{name}: " + ("as the providers noted" if not wrong else "\n  ".join(["differs", *wrong])))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
