"""Builds the pronunciation data of the text front end from CMUdict. See README.md beside this file."""
import argparse
import os
import re

import letters_file
import lexicon_file
from source import entries, licence
from train_letters import split, train, training_pairs, measure

HERE = os.path.dirname(os.path.abspath(__file__))
RESOURCES = os.path.join(HERE, "..", "..", "Sources", "TextFrontend", "Resources")
KEPT = re.compile(r"^[a-z']+(-[a-z']+)*$")


def additions():
    """Our own entries and corrections, which replace those of CMUdict."""
    with open(os.path.join(HERE, "additions.txt"), encoding="utf-8") as file:
        for line in file:
            fields = line.split("#")[0].split()
            if fields:
                yield fields[0], tuple(fields[1:])


def lexicon():
    """Words with letters, apostrophes and hyphens; names of letters come from the front end itself."""
    words = {word: prons[0] for word, prons in entries().items() if KEPT.match(word) and len(word) > 1}
    words.update(additions())
    return words


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--order", type=int, default=7)
    parser.add_argument("--threshold", type=float, default=4.0, help="pruning of the letter model")
    parser.add_argument("--skip-letters", action="store_true", help="rebuild the lexicon only")
    arguments = parser.parse_args()

    words = lexicon()
    phonemes = sorted({p for pron in words.values() for p in pron})
    path = os.path.join(RESOURCES, "lexicon.bin")
    print(lexicon_file.write(path, words, phonemes), "words,", os.path.getsize(path), "bytes")
    with open(os.path.join(RESOURCES, "LICENSE.cmudict.txt"), "w", encoding="utf-8") as file:
        file.write(licence())
    if not arguments.skip_letters:
        known, held_out = split()
        measure(train(known, arguments.order, arguments.threshold).decode, held_out)
        model = train(list(training_pairs()), arguments.order, arguments.threshold)
        path = os.path.join(RESOURCES, "letters.bin")
        letters_file.write(path, model)
        print(os.path.getsize(path), "bytes of letter model")
