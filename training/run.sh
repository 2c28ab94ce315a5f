#!/usr/bin/env bash
# Trains the nano voice from nothing, or goes on where it stopped.
#
#   WORK=../nano-work bash training/run.sh [stage ...]
#
# Stages in order: setup texts speech vae latents listener train evaluate voices
# export product.  The last one lets the program itself speak, and needs its path in
# MYNAH; without it, it says so and does nothing.
# Without arguments all of them.  Each stage keeps what it already has, so the
# same command resumes after any stop.  `train` runs the decoder (GAN) and the
# language model side by side, one thread each, until they have made all their
# steps, or for TRAIN_MINUTES a part.
#
# QUICK=1 does a little of everything in a quarter of an hour: it shows that all
# parts fit together, and what comes out cannot speak.
set -euo pipefail
cd "$(dirname "$0")/.."
WORK=${WORK:-$PWD/../nano-work}
PYTHON=${PYTHON:-python3}
TRAIN_MINUTES=${TRAIN_MINUTES:-1440}
WORDNET=${WORDNET:-/usr/share/wordnet}
WORDS=${WORDS:-/usr/share/dict/american-english}
# Large buffers stay with the process: giving them back to the system after each step costs more than the sums in them.
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_ARENA_MAX=1 GLIBC_TUNABLES=glibc.malloc.hugetlb=1
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
mkdir -p "$WORK"
VENV=$WORK/venv
py() { nice -n "${NICE:-10}" "$VENV/bin/python" -m "training.$1" --work "$WORK" "${@:2}"; }

setup() {
    [ -f "$VENV/ready" ] && return
    "$PYTHON" -m venv "$VENV"
    "$VENV/bin/pip" install -r training/requirements.txt
    "$VENV/bin/pip" install --no-deps voxcpm
    touch "$VENV/ready"
}

texts() {
    [ -f "$WORK/texts.txt" ] || py texts --wordnet "$WORDNET" --words "$WORDS"
}

# How much: lines of text, and steps of each part.
if [ -z "${QUICK:-}" ]; then
    lines=40000 kokoro_lines=2000 per_speaker=25 encoder_steps=2000 vae_steps=3500 listener_steps=2500 decoder_steps=20000
    default_steps=10000 mixed_steps=20000 anneal_steps=1200 embedder_steps=3000 sentences=100 cases=40
else
    lines=200 kokoro_lines=10 per_speaker=5 encoder_steps=3 vae_steps=6 listener_steps=5 decoder_steps=6
    default_steps=6 mixed_steps=12 anneal_steps=4 embedder_steps=5 sentences=2 cases=2
fi

speech() {
    py teachers --set default --first 0 --last "$lines"
    py teachers --set warped --first 40000 --last $((40000 + lines)) --per-speaker "$per_speaker"
    py teachers --set kokoro --first 80000 --last $((80000 + kokoro_lines)) --per-speaker 5
}

vae() {
    [ -f "$WORK/vae/frozen.pt" ] || py train_vae --encoder-steps "$encoder_steps" --steps "$vae_steps" --freeze
}

latents() {
    py latents --set default
    py latents --set warped
}

listener() {
    [ -f "$WORK/listener.pt" ] || py listener --steps "$listener_steps"
}

train() {
    local common="--patches 320 --max-patches 60 --half-life 20000 --minutes $TRAIN_MINUTES"
    local mixed="$common --sets default,warped --curriculum 5500:44,100000:60 --prompted 0.3 --default-share 0.4"
    local anneal=$((decoder_steps * 6 / 100 + 1))
    py train_gan --anneal-from $((decoder_steps - anneal)) --anneal-steps "$anneal" --minutes "$TRAIN_MINUTES" & local gan=$!
    # Short sentences of the default voice first, then all voices, most of it cloning; at last the rate falls to zero.
    # shellcheck disable=SC2086
    py train_tts $common --sets default --curriculum 1200:20,2400:34,5500:44,100000:60 --steps "$default_steps"
    # shellcheck disable=SC2086
    py train_tts $mixed --steps "$mixed_steps"
    # shellcheck disable=SC2086
    py train_tts $mixed --anneal-from "$mixed_steps" --anneal-steps "$anneal_steps" --steps $((mixed_steps + anneal_steps))
    wait "$gan"
}

evaluate() {
    py whisper_folder
    WHISPER_DIR=$WORK/whisper py evaluate --what teacher,vae,tts --count "$sentences"
}

voices() { py speakers voices; }

export_() {
    py export --out "$WORK/export" --voices "$WORK/voices"
    "$VENV/bin/python" -m training.check_reference "$WORK/export"
}

product() {
    if [ -z "${MYNAH:-}" ]; then
        echo "left out: name the program in MYNAH"
        return
    fi
    py speakers previews --mynah "$MYNAH" --model "$WORK/export"
    [ -f "$WORK/embedder.pt" ] || py embedder --steps "$embedder_steps"
    py speakers check --mynah "$MYNAH" --model "$WORK/export" --cases "$cases"
    "$VENV/bin/python" -m training.judge --mynah "$MYNAH" --model "$WORK/export" --whisper "$WORK/whisper" --count "$sentences"
}

if [ $# -eq 0 ]; then set -- setup texts speech vae latents listener train evaluate voices export product; fi
for stage in "$@"; do
    echo "== $stage"
    if [ "$stage" = export ]; then export_; else "$stage"; fi
done
