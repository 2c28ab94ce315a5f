"""A joint n-gram over (letter, phonemes) units: absolute discounting, interpolated, pruned by weighted difference."""
import math
from collections import defaultdict

START, END = 0, 1


class JointModel:
    """log10-free backoff model: `prob[context + (unit,)]` and `backoff[context]` are natural logarithms."""

    def __init__(self, aligned, order, threshold):
        units = sorted({unit for word, path in aligned for unit in zip(word, path)})
        self.units = [("", ()), ("", ())] + units
        self.index = {unit: i + 2 for i, unit in enumerate(units)}
        self.order = order
        counts = [defaultdict(int) for _ in range(order + 1)]
        for word, path in aligned:
            sequence = [START] + [self.index[unit] for unit in zip(word, path)] + [END]
            for end in range(1, len(sequence)):
                for size in range(1, min(order, end + 1) + 1):
                    counts[size][tuple(sequence[end + 1 - size:end + 1])] += 1
        self.estimate(counts)
        self.prune(counts, threshold)
        self.by_letter = defaultdict(list)
        for i, (letter, _) in enumerate(self.units):
            if letter:
                self.by_letter[letter].append(i)

    def estimate(self, counts):
        self.prob = {}
        total = sum(counts[1].values())
        for gram, n in counts[1].items():
            self.prob[gram] = math.log(n / total)
        self.backoff = {}
        for size in range(2, self.order + 1):
            ones = sum(1 for n in counts[size].values() if n == 1)
            twos = sum(1 for n in counts[size].values() if n == 2)
            discount = ones / max(1, ones + 2 * twos)
            context_total, context_kinds = defaultdict(int), defaultdict(int)
            for gram, n in counts[size].items():
                context_total[gram[:-1]] += n
                context_kinds[gram[:-1]] += 1
            for gram, n in counts[size].items():
                context = gram[:-1]
                share = discount * context_kinds[context] / context_total[context]
                lower = math.exp(self.prob[gram[1:]])
                self.prob[gram] = math.log(max(0.0, n - discount) / context_total[context] + share * lower)

    def prune(self, counts, threshold):
        self.renormalise()
        kept = set()
        for size in range(self.order, 1, -1):
            for gram, n in counts[size].items():
                gain = n * (self.prob[gram] - self.backoff.get(gram[:-1], 0.0) - self.prob[gram[1:]])
                if gain >= threshold or gram in kept:
                    # A trie needs every prefix, and backing off needs every suffix.
                    kept.add(gram)
                    kept.add(gram[:-1])
                    kept.add(gram[1:])
        self.prob = {gram: p for gram, p in self.prob.items() if len(gram) == 1 or gram in kept}
        self.prob.setdefault((START,), -99.0)
        self.renormalise()

    def renormalise(self):
        """Backoff weights such that the probabilities after every context sum to one."""
        own, lower = defaultdict(float), defaultdict(float)
        for gram, p in self.prob.items():
            if len(gram) > 1:
                own[gram[:-1]] += math.exp(p)
                lower[gram[:-1]] += math.exp(self.prob[gram[1:]])
        self.backoff = {
            context: math.log(max(1e-4, 1 - own[context]) / max(1e-4, 1 - lower[context])) for context in own}

    def score(self, context, unit):
        penalty = 0.0
        while True:
            p = self.prob.get(context + (unit,))
            if p is not None:
                return penalty + p
            if not context:
                return -20.0
            penalty += self.backoff.get(context, 0.0)
            context = context[1:]

    def decode(self, word, beam=24):
        """The most likely phonemes with exactly one primary stress, else the most likely ones."""
        hypotheses = [(0.0, (START,), (), 0)]
        for letter in word:
            longer = []
            for score, context, phones, stressed in hypotheses:
                for unit in self.by_letter.get(letter, ()):
                    chunk = self.units[unit][1]
                    primary = stressed + sum(1 for p in chunk if p[-1] == "1")
                    if primary <= 1:
                        longer.append((score + self.score(context, unit), (context + (unit,))[-(self.order - 1):],
                                       phones + chunk, primary))
            longer.sort(key=lambda h: -h[0])
            hypotheses = longer[:beam]
        ended = [(score + self.score(context, END) - (0 if stressed else 8.0), phones)
                 for score, context, phones, stressed in hypotheses]
        return max(ended, key=lambda h: h[0])[1] if ended else ()
