"""The tokenizer of the nano voice: Llama-style BPE whose merges are written by hand.

Each phoneme is one token, with one form for the first phoneme of a word and
one (with the leading mark) for the later ones.  Word boundaries, also across
punctuation, are one token.  Bare lower-case words fall apart into letters.
Pinyin syllables of Mandarin spans are initial letters plus one token for
final and tone; they have ids but the present checkpoint has not learned them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from .phonemes import CONSONANTS, VOWELS

VOCAB_SIZE = 1024
AUDIO_START, AUDIO_END = 101, 102
SPECIAL = {0: "<unk>", 1: "<s>", 2: "</s>", 101: "<|audio_start|>", 102: "<|audio_end|>",
           103: "<|audio_prompt_start|>", 104: "<|audio_prompt_end|>"}
MARK = "\u2581"
PUNCTUATION = (",", ".", "!", "?", ";", ":", "—", "…", '"', "(", ")")
BOUNDARY = (",", ".", "!", "?", ";", ":", "—", "…")
FINALS = ("a o e i u v ai ei ui ao ou iu ie ve er an en in un vn ang eng ing ong ia iao ian iang iong "
          "ua uo uai uan uang ueng ue").split()


def vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Token ids and merges in order of priority."""
    tokens: list[str] = []
    merges: list[tuple[str, str]] = []

    def base(s: str) -> None:
        if s not in tokens:
            tokens.append(s)

    def merge(a: str, b: str) -> str:
        base(a)
        base(b)
        if (a, b) not in merges:
            merges.append((a, b))
        base(a + b)
        return a + b

    for s in (MARK, "{", "}", "'", *PUNCTUATION, *"0123456789",
              *"ABCDEFGHIJKLMNOPQRSTUVWXYZ", *"abcdefghijklmnopqrstuvwxyz"):
        base(s)
    for p in (*CONSONANTS, *VOWELS):
        if len(p) == 2:
            merge(p[0], p[1])
    forms = list(CONSONANTS) + [merge(v, d) for v in VOWELS for d in "012"]
    for p in forms:
        merge(MARK, p)
    start = merge(MARK, "{")
    merge("}", start)
    for p in BOUNDARY:
        merge("}", merge(p, start))
    merge("}", "{")
    for c in "abcdefghijklmnopqrstuvwxyz":
        merge(MARK, c)
    for final in FINALS:  # built from the tone leftwards, so that bare words stay letters
        for tone in "12345":
            tail = tone
            for c in reversed(final):
                tail = merge(c, tail)
    ids: dict[str, int] = {t: i for i, t in SPECIAL.items()}
    free = (i for i in range(VOCAB_SIZE) if i not in SPECIAL)
    for t in tokens:
        ids[t] = next(free)
    for b in range(256):
        ids[f"<0x{b:02X}>"] = next(free)
    for i in free:
        ids[f"<|reserved_{i}|>"] = i
    return ids, merges


def tokenizer_json() -> dict:
    """The content of tokenizer.json."""
    ids, merges = vocabulary()
    added = [{"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False,
              "normalized": False, "special": True} for i, t in sorted(SPECIAL.items())]

    def one(name: str, kind: int = 0) -> dict:
        return {"SpecialToken": {"id": name, "type_id": kind}}

    def seq(name: str, kind: int = 0) -> dict:
        return {"Sequence": {"id": name, "type_id": kind}}

    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": MARK},
            {"type": "Replace", "pattern": {"String": " "}, "content": MARK}]},
        "pre_tokenizer": None,
        "post_processor": {"type": "TemplateProcessing", "single": [one("<s>"), seq("A")],
                           "pair": [one("<s>"), seq("A"), one("<s>", 1), seq("B", 1)],
                           "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": MARK}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>",
                  "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": True,
                  "byte_fallback": True, "ignore_merges": False,
                  "vocab": dict(sorted(ids.items(), key=lambda kv: kv[1])),
                  "merges": [f"{a} {b}" for a, b in merges]},
    }


def write(folder: Path) -> None:
    """Write tokenizer.json, tokenizer_config.json and special_tokens_map.json."""
    def entry(t: str) -> dict:
        return {"content": t, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}

    config = {
        "add_bos_token": True, "add_eos_token": False, "add_prefix_space": None,
        "added_tokens_decoder": {str(i): {**entry(t), "special": True} for i, t in sorted(SPECIAL.items())},
        "additional_special_tokens": [], "bos_token": "<s>", "clean_up_tokenization_spaces": False,
        "eos_token": "</s>", "legacy": True, "model_max_length": 1000000000000000019884624838656,
        "pad_token": None, "sp_model_kwargs": {}, "spaces_between_special_tokens": False,
        "tokenizer_class": "LlamaTokenizer", "unk_token": "<unk>", "use_default_system_prompt": False}
    special = {"bos_token": entry("<s>"), "eos_token": entry("</s>"), "unk_token": entry("<unk>")}
    for name, data in (("tokenizer.json", tokenizer_json()), ("tokenizer_config.json", config),
                       ("special_tokens_map.json", special)):
        (folder / name).write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@lru_cache(maxsize=1)
def fast():
    """The tokenizer as an object of the ``tokenizers`` library."""
    from tokenizers import Tokenizer

    return Tokenizer.from_str(json.dumps(tokenizer_json()))


def encode(text: str, frames: Sequence[float] | None = None) -> tuple[list[int], list[float]]:
    """Ids of a text line and the frames that fall to each token (zeros without ``frames``)."""
    e = fast().encode(text, add_special_tokens=False)
    if frames is None:
        return e.ids, [0.0] * len(e.ids)
    return e.ids, [float(sum(frames[a:b])) for a, b in e.offsets]
