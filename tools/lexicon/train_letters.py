"""Trains the letter-to-sound model and measures it on words that it has not seen."""
import argparse
import random
import re
import time

from alignment import align
from joint_ngram import JointModel
from source import entries

PLAIN = re.compile(r"^[a-z]{2,}$")


def training_pairs():
    """Words of letters that are not read as an abbreviation."""
    for word, pronunciations in sorted(entries().items()):
        if PLAIN.match(word) and re.search(r"[aeiouy]", word) and len(pronunciations[0]) <= 2 * len(word):
            yield word, pronunciations


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        previous, row[0] = row[0], i + 1
        for j, y in enumerate(b):
            previous, row[j + 1] = row[j + 1], min(row[j + 1] + 1, row[j] + 1, previous + (x != y))
    return row[-1]


def bare(phones):
    return tuple(p.rstrip("012") for p in phones)


def measure(decode, held_out):
    """Phoneme error rate and word error rate, with and without stress, against the nearest variant."""
    for name, view in (("with stress", tuple), ("without stress", bare)):
        errors = length = wrong = 0
        for word, pronunciations in held_out:
            guess = view(decode(word))
            nearest = min((view(p) for p in pronunciations), key=lambda p: distance(guess, p))
            edits = distance(guess, nearest)
            errors, length, wrong = errors + edits, length + len(nearest), wrong + (edits > 0)
        print(f"{name}: phoneme error rate {100 * errors / length:.1f} %, "
              f"word error rate {100 * wrong / len(held_out):.1f} % ({len(held_out)} words)", flush=True)


def train(pairs, order, threshold):
    started = time.time()
    aligned = align([(word, pronunciations[0]) for word, pronunciations in pairs])
    # Units seen twice or less come from odd spellings and wrong entries.
    counts = {}
    for word, path in aligned:
        for unit in zip(word, path):
            counts[unit] = counts.get(unit, 0) + 1
    aligned = [(word, path) for word, path in aligned if all(counts[unit] > 4 for unit in zip(word, path))]
    model = JointModel(aligned, order, threshold)
    sizes = [0] * (order + 1)
    for gram in model.prob:
        sizes[len(gram)] += 1
    print(f"{len(aligned)} words, {len(model.units)} units, n-grams {sizes[1:]}, "
          f"{sum(sizes)} in all, {time.time() - started:.0f} s", flush=True)
    return model


def split(seed=7, size=2000):
    pairs = list(training_pairs())
    random.Random(seed).shuffle(pairs)
    return pairs[size:], pairs[:size]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--order", type=int, default=7)
    parser.add_argument("--threshold", type=float, nargs="+", default=[3.0])
    arguments = parser.parse_args()
    known, held_out = split()
    for threshold in arguments.threshold:
        measure(train(known, arguments.order, threshold).decode, held_out)
