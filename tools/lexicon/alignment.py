"""Aligns letters with phonemes: every letter gets none, one or two phonemes. Expectation maximisation, hard version."""
import math
from collections import Counter

MOST = 2


def align(pairs, rounds=7):
    """pairs: [(word, phonemes)] -> [(word, [phonemes of each letter])], leaving out what cannot be aligned."""
    scores = {}
    result = []
    for round_number in range(rounds):
        counts, totals, result = Counter(), Counter(), []
        for word, phones in pairs:
            path = best_path(word, phones, scores, round_number)
            if path is None:
                continue
            result.append((word, path))
            for letter, chunk in zip(word, path):
                counts[letter, chunk] += 1
                totals[letter] += 1
        scores = {key: math.log(n / totals[key[0]]) for key, n in counts.items()}
    return result


def prior(letter, chunk, at, letters, phones):
    """Before anything is known: a letter stands near its phoneme, vowels with vowels."""
    if not chunk:
        return -2.0
    vowel = chunk[0][-1].isdigit()
    kind = 0.0 if vowel == (letter in "aeiouy") else -3.0
    drift = abs((at[0] + 0.5) / letters - (at[1] + 0.5) / phones)
    return kind - 4 * drift - (3.0 if len(chunk) > 1 else 0.0)


def best_path(word, phones, scores, round_number):
    letters, total = len(word), len(phones)
    if total > MOST * letters or total == 0:
        return None
    best = [[(-1e9, 0)] * (total + 1) for _ in range(letters + 1)]
    best[0][0] = (0.0, 0)
    for i in range(letters):
        letter = word[i]
        for j in range(total + 1):
            score = best[i][j][0]
            if score <= -1e8:
                continue
            for size in range(min(MOST, total - j) + 1):
                chunk = phones[j:j + size]
                if round_number == 0:
                    step = prior(letter, chunk, (i, j), letters, total)
                else:
                    step = scores.get((letter, chunk), -12.0 - 2 * size)
                if score + step > best[i + 1][j + size][0]:
                    best[i + 1][j + size] = (score + step, size)
    if best[letters][total][0] <= -1e8:
        return None
    path, j = [], total
    for i in range(letters, 0, -1):
        size = best[i][j][1]
        path.append(phones[j - size:j])
        j -= size
    return path[::-1]
