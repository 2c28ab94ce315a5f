"""Collect the sentences that the teachers read.

    python -m training.texts --work DIR --wordnet FOLDER --words FILE

WordNet's examples and definitions, sentences from templates of our own, and
rows of dictionary words for rare sounds; see DATA.md for their licences.
Writes DIR/texts.txt, one sentence a line in random order, the same every time.
"""

from __future__ import annotations

import argparse
import random
import re
from pathlib import Path

from . import templates

PARTS = ("verb", "noun", "adj", "adv")
QUESTION = re.compile(r"^(who|what|why|how|when|where|which|can|could|do|did|does|is|are|will|would|have|has|may|shall)\b",
                      re.IGNORECASE)


def glosses(folder: Path, part: str) -> list[tuple[str, str]]:
    """(first word of the synset, gloss) of a WordNet data file."""
    out = []
    for line in (folder / f"data.{part}").read_text(encoding="latin1").splitlines():
        if "| " in line and not line.startswith("  "):
            out.append((line.split()[4].replace("_", " "), line.split("| ", 1)[1]))
    return out


def examples(folder: Path, rng: random.Random) -> list[str]:
    """Quoted examples of 3 to 24 words, with a capital and a final mark."""
    found = set()
    for part in PARTS:
        for _, gloss in glosses(folder, part):
            for quote in re.findall(r'"([^"]+)"', gloss):
                quote = quote.strip()
                if not 3 <= len(quote.split()) <= 24 or re.search(r"[^A-Za-z0-9 ,.'!?;:\-]", quote):
                    continue
                quote = quote[0].upper() + quote[1:]
                if quote[-1] not in ".!?":
                    quote += "?" if QUESTION.match(quote) and rng.random() < 0.6 else "."
                found.add(quote)
    return sorted(found)


def definitions(folder: Path) -> list[str]:
    """Sentences "A <noun> is <gloss>." of 4 to 14 words of gloss."""
    found = set()
    for word, gloss in glosses(folder, "noun"):
        gloss = gloss.split(";")[0].strip()
        if re.search(r"[^a-z ,'\-]", gloss) or not re.match(r"^[a-z ]+$", word):
            continue
        if 4 <= len(gloss.split()) <= 14 and re.match(r"^(a|an|the|any|one)\b", gloss):
            found.add(f"{'An' if word[0] in 'aeiou' else 'A'} {word} is {gloss}.")
    return sorted(found)


def rows(words: Path, count: int, rng: random.Random) -> list[str]:
    """Three to seven random words in a row."""
    pool = [w.strip() for w in words.read_text(encoding="utf-8").splitlines() if re.match(r"^[a-z]{3,12}$", w.strip())]
    return [", ".join(rng.choice(pool) for _ in range(rng.randint(3, 7))).capitalize() + "." for _ in range(count)]


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--work", type=Path, required=True)
    ap.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    ap.add_argument("--words", type=Path, default=Path("/usr/share/dict/american-english"))
    ap.add_argument("--templates", type=int, default=30000)
    ap.add_argument("--definitions", type=int, default=14000)
    ap.add_argument("--rows", type=int, default=6000)
    args = ap.parse_args()
    rng = random.Random(7)
    held_out = {s.strip().lower() for name in ("evaluation.txt", "dev.txt")
                for s in Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()}
    kinds = {"examples": examples(args.wordnet, rng)}
    nouns = definitions(args.wordnet)
    rng.shuffle(nouns)
    kinds["definitions"] = nouns[:args.definitions]
    kinds["templates"] = templates.sentences(args.templates, rng)
    kinds["rows of words"] = rows(args.words, args.rows, rng)
    lines = [s for s in dict.fromkeys(s for k in kinds.values() for s in k) if s.lower() not in held_out]
    rng.shuffle(lines)
    args.work.mkdir(parents=True, exist_ok=True)
    (args.work / "texts.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(", ".join(f"{len(v)} {k}" for k, v in kinds.items()) + f"; {len(lines)} lines in all")


if __name__ == "__main__":
    main()
