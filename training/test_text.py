"""Quick checks of phonemes, tokenizer and alignment (python -m pytest training)."""

import random

import numpy as np

from training import dataset, phonemes, tokenizer


def test_arpabet_of_misaki():
    assert phonemes.to_arpabet("həlˈO, wˈɜɹld!") == "{HH AH0 L OW1}, {W ER1 L D}!"
    assert phonemes.to_arpabet("əɹˈWnd bˈʌTəɹ") == "{ER0 AW1 N D} {B AH1 T ER0}"


def test_one_token_per_phoneme_and_boundary():
    tokens = tokenizer.fast().encode("{HH AH0 L OW1}, {W ER1 L D}! {B}", add_special_tokens=False).tokens
    assert tokens == ["▁{", "HH", "▁AH0", "▁L", "▁OW1", "},▁{", "W", "▁ER1", "▁L", "▁D", "}!▁{", "B", "}"]


def test_bare_words_and_pinyin():
    tokens = tokenizer.fast().encode("language {zhuang1}{hao3}", add_special_tokens=False).tokens
    assert tokens == ["▁l", *"anguage", "▁{", "z", "h", "uang1", "}{", "h", "ao3", "}"]


def test_special_ids():
    ids, _ = tokenizer.vocabulary()
    assert ids["<unk>"] == 0 and ids["</s>"] == 2 and ids["<|audio_start|>"] == 101 and ids["<|audio_end|>"] == 102
    assert sorted(ids.values()) == list(range(tokenizer.VOCAB_SIZE))


def test_unknown_characters_become_bytes():
    assert 0 not in tokenizer.encode("{B} é 漢")[0]


def test_frames_are_kept_by_spelling_and_dictionary():
    meta = {"ph": "həlˈO ʌv wˈɜɹld.", "dur": [5, *range(1, 17), 7], "words": ["hello", "of", "world"]}
    total = sum(meta["dur"])
    vary = phonemes.Variation(0.5, 0.5, {"of": [["AH1", "V"]]})
    for seed in range(20):
        line, frames = dataset.utterance_line(meta, seed, vary)
        ids, per_token = dataset.tokens(line, frames)
        assert len(ids) == len(per_token) and abs(sum(per_token) - total) < 1e-3, line


def test_dictionary_form_changes_vowels_alone():
    word = phonemes.Word(["AH0", "V"], [1, 1], "of")
    assert phonemes.dictionary_form(word, {"of": [["AO1", "F"], ["AH1", "V"]]}) == ["AH1", "V"]


def test_alignment_rows_sum_to_one():
    a = dataset.alignment([3.0, 10.0, 2.5, 0.0], 6)
    assert a.shape == (6, 4) and np.allclose(a.sum(1), 1)
    assert a[5, 3] == 1  # past the end


def test_joined_text_is_tokenised_as_a_whole():
    z = np.zeros((5, 4, 32), np.float32)
    u = dataset.Utterance("{B}.", np.array([2, 1, 0, 0, 4], np.float32), z, "b", 1)
    e = dataset.Sampler.join(u, u)
    assert e.ids == [*tokenizer.encode("{B}. {B}.")[0], tokenizer.AUDIO_START]
    assert (e.prompt, e.unlearned, len(e.patches)) == (5, 5, 10) and len(e.frames) == len(e.ids)


def test_drift_leads_from_one_speaker_to_another_after_the_prompt_alone():
    low, high = np.full((5, 4, 32), -1, np.float32), np.full((5, 4, 32), 1, np.float32)
    items = [dataset.Utterance("{B}.", np.array([2, 1, 0, 0, 4], np.float32), z, "b", who)
             for z, who in ((low, -1), (high, 1))]
    sampler = dataset.Sampler(items, 20, random.Random(0))
    assert all(np.isin(sampler.statistics.drift(1, random.Random(i))[0], (-2, 0)) for i in range(20))
    batch = dataset.collate([sampler.example(0), sampler.example(1)])
    assert batch.spoken.tolist() == [0] * 5 + [0] * 5 + [1] * 5
    assert np.allclose(batch.voice[0, :32], -1, atol=1e-2) and np.allclose(batch.voice[1, :32], 1, atol=1e-2)


def test_part_of_the_default_voice():
    z = np.zeros((5, 4, 32), np.float32)
    items = [dataset.Utterance("{B}.", np.array([2, 1, 0, 0, 4], np.float32), z, "b", -1) for _ in range(400)]
    batches = dataset.Sampler(items, 20, random.Random(0), default_share=0.5).batches(10)
    assert 150 < sum(b.patches.shape[0] for b in batches) / 5 < 250


def test_sampler_keeps_the_budget():
    z = np.zeros((5, 4, 32), np.float32)
    items = [dataset.Utterance("{B}.", np.array([2, 1, 0, 0, 4], np.float32), z, "b", -1) for _ in range(50)]
    batches = list(dataset.Sampler(items, 20, random.Random(0)).batches(10))
    assert sum(b.patches.shape[0] for b in batches) == 250 and max(b.patches.shape[0] for b in batches) <= 20
