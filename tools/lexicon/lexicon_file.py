"""Writes `lexicon.bin`; the layout is described in README.md."""
import struct
from collections import Counter

BLOCK = 32


class PairCode:
    """Strings of small numbers, with the most frequent neighbours replaced by one spare number, again and again."""

    def __init__(self, samples, first_spare, spares):
        self.pairs, self.first = [], first_spare
        strings = [list(s) for s in samples]
        for code in range(first_spare, first_spare + spares):
            counts = Counter(pair for s in strings for pair in zip(s, s[1:]))
            if not counts:
                break
            pair = min(counts.items(), key=lambda kv: (-kv[1], kv[0]))[0]
            self.pairs.append(pair)
            strings = [replace(s, pair, code) for s in strings]

    def encode(self, string):
        string = list(string)
        present = set(zip(string, string[1:]))
        for offset, pair in enumerate(self.pairs):
            if pair in present:
                string = replace(string, pair, self.first + offset)
                present = set(zip(string, string[1:]))
        return bytes(string)

    def table(self):
        return bytes([len(self.pairs)]) + bytes(code for pair in self.pairs for code in pair)


def replace(string, pair, code):
    out, i = [], 0
    while i < len(string):
        if i + 1 < len(string) and (string[i], string[i + 1]) == pair:
            out.append(code)
            i += 2
        else:
            out.append(string[i])
            i += 1
    return out


def shared_prefix(a, b):
    n = 0
    while n < min(len(a), len(b), 15) and a[n] == b[n]:
        n += 1
    return n


def write(path, words, phonemes):
    """words: {word: tuple of phonemes}; phonemes: the sorted list of those in use."""
    number = {p: i + 1 for i, p in enumerate(phonemes)}
    ordered = sorted((word.encode("ascii"), bytes(number[p] for p in pron)) for word, pron in words.items())
    suffixes = []
    for i, (word, _) in enumerate(ordered):
        shared = shared_prefix(ordered[i - 1][0], word) if i % BLOCK else 0
        suffixes.append((shared, word[shared:]))
    letters = PairCode([s for _, s in suffixes[::7]], 128, 128)
    sounds = PairCode([p for _, p in ordered[::7]], len(phonemes) + 1, 255 - len(phonemes))
    body, blocks = bytearray(), []
    for i, ((shared, suffix), (_, pron)) in enumerate(zip(suffixes, ordered)):
        if i % BLOCK == 0:
            blocks.append(len(body))
        spelled = letters.encode(suffix)
        body.append(shared << 4 | min(15, len(spelled)))
        if len(spelled) >= 15:
            body.append(len(spelled))
        body += spelled + sounds.encode(pron) + b"\0"
    names = bytes([len(phonemes)]) + b"".join(bytes([len(p)]) + p.encode() for p in phonemes)
    with open(path, "wb") as file:
        file.write(b"MYNLEX01" + struct.pack("<III", len(ordered), len(blocks), BLOCK))
        file.write(names + letters.table() + sounds.table())
        file.write(struct.pack(f"<{len(blocks)}I", *blocks) + body)
    return len(ordered)
