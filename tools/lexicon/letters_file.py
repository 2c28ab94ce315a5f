"""Writes `letters.bin`, the letter-to-sound model; the layout is described in README.md."""
import struct
from collections import defaultdict

STEP = 16  # natural logarithms are stored as sixteenths


def log_byte(value):
    return max(0, min(255, round(-value * STEP)))


def write(path, model):
    phonemes = sorted({p for _, chunk in model.units for p in chunk})
    number = {p: i for i, p in enumerate(phonemes)}
    children = defaultdict(list)
    for gram in model.prob:
        children[gram[:-1]].append(gram)
    levels = [sorted(children[()])]
    while len(levels) < model.order:
        levels.append([gram for parent in levels[-1] for gram in sorted(children.get(parent, ()))])
    with open(path, "wb") as file:
        file.write(b"MYNLTS01" + struct.pack("<HHB", len(model.units), len(levels), len(phonemes)))
        for p in phonemes:
            file.write(bytes([len(p)]) + p.encode())
        for letter, chunk in model.units:
            file.write(bytes([ord(letter) if letter else 0, len(chunk)]) + bytes(number[p] for p in chunk))
        for level, grams in enumerate(levels):
            file.write(struct.pack("<I", len(grams)))
            file.write(struct.pack(f"<{len(grams)}H", *(gram[-1] for gram in grams)))
            file.write(bytes(log_byte(model.prob[gram]) for gram in grams))
            if level + 1 < len(levels):
                # A backoff weight may exceed one: stored with an offset of 64.
                file.write(bytes(max(0, min(255, 64 + round(-model.backoff.get(gram, 0.0) * STEP))) for gram in grams))
                file.write(struct.pack(f"<{len(grams)}H", *(len(children.get(gram, ())) for gram in grams)))
