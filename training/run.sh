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
set -euo pipefail
cd "$(dirname "$0")/.."
WORK=${WORK:-$PWD/../nano-work}
PYTHON=${PYTHON:-python3}
TRAIN_MINUTES=${TRAIN_MINUTES:-1440}
WORDNET=${WORDNET:-/usr/share/wordnet}
WORDS=${WORDS:-/usr/share/dict/american-english}
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

speech() {
    py teachers --set default --first 0 --last 40000
    py teachers --set warped --first 40000 --last 80000
    py teachers --set kokoro --first 80000 --last 82000 --per-speaker 5
}

vae() {
    [ -f "$WORK/vae/frozen.pt" ] || py train_vae --encoder-steps 2000 --steps 3500 --freeze
}

latents() {
    py latents --set default
    py latents --set warped
}

listener() {
    [ -f "$WORK/listener.pt" ] || py listener
}

train() {
    local mixed="--sets default,warped --patches 320 --curriculum 5500:44,100000:60 --max-patches 60 --half-life 20000"
    py train_gan --anneal-from 18800 --minutes "$TRAIN_MINUTES" & local gan=$!
    # Short sentences of the default voice first, then all voices, most of it cloning; at last the rate falls to zero.
    py train_tts --sets default --patches 320 --steps 10000 --minutes "$TRAIN_MINUTES" \
        --curriculum 1200:20,2400:34,5500:44,100000:60 --max-patches 60 --half-life 20000
    # shellcheck disable=SC2086
    py train_tts $mixed --prompted 0.3 --default-share 0.4 --steps 20000 --minutes "$TRAIN_MINUTES"
    # shellcheck disable=SC2086
    py train_tts $mixed --prompted 0.3 --default-share 0.6 --anneal-from 20000 --anneal-steps 1200 --steps 21200 \
        --minutes "$TRAIN_MINUTES"
    wait "$gan"
}

evaluate() {
    py whisper_folder
    WHISPER_DIR=$WORK/whisper py evaluate --what teacher,vae,tts
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
    [ -f "$WORK/embedder.pt" ] || py embedder
    py speakers check --mynah "$MYNAH" --model "$WORK/export"
    "$VENV/bin/python" -m training.judge --mynah "$MYNAH" --model "$WORK/export" --whisper "$WORK/whisper"
}

if [ $# -eq 0 ]; then set -- setup texts speech vae latents listener train evaluate voices export product; fi
for stage in "$@"; do
    echo "== $stage"
    if [ "$stage" = export ]; then export_; else "$stage"; fi
done
