"""Records the conversations of `scenes.py` as frame logs.

    python record.py FOLDER [NAME …]

Needs `pipecat-ai` 1.14 (`pip install "pipecat-ai==1.14.*"`) and nothing else. Each conversation is recorded by a
process of its own, so that its processors are numbered from 0.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

LIMIT = 60  # seconds for a conversation


async def record(folder: Path, name: str) -> None:
    import scenes
    from rig import Rig

    scene = scenes.SCENES[name]
    rig = Rig(folder / f"{name}.jsonl", name, **scene.options())
    await asyncio.wait_for(rig.run(scene.script), LIMIT)


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
    import scenes

    bad = 0
    for name in wanted or scenes.SCENES:
        one = [sys.executable, __file__, str(folder), name]
        done = subprocess.run(one, env={**os.environ, "RECORD_ONE": "1"}, capture_output=True, text=True)
        bad += done.returncode != 0
        path = folder / f"{name}.jsonl"
        print(f"{name}: {path.stat().st_size} bytes" if done.returncode == 0 else f"{name}: failed\n{done.stderr[-1500:]}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
