#!/usr/bin/env bash
# Asks a running Mynah with curl: tools/clients/curl.sh [http://127.0.0.1:6006]
set -uo pipefail

base=${1:-http://127.0.0.1:6006}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
faults=0

# check NAME STATUS FIRST-BYTES CURL-ARGUMENTS...
check() {
    local name=$1 status=$2 first=$3 seen
    shift 3
    seen=$(curl -s -m 120 -o "$work/body" -w '%{http_code}' "$@")
    if [ "$seen" = "$status" ] && [ "$(head -c "${#first}" "$work/body" | tr -d '\0')" = "$first" ]; then
        echo "ok    $name $seen $(wc -c <"$work/body") bytes"
    else
        echo "FAULT $name $seen $(head -c 200 "$work/body" | tr -d '\0')"
        faults=$((faults + 1))
    fi
}

json='Content-Type: application/json'
check "speech as wav" 200 RIFF "$base/v1/audio/speech" -H "$json" \
    -d '{"model": "tts-1", "voice": "alloy", "input": "Good morning.", "response_format": "wav"}'
check "speech as mp3" 200 "" "$base/v1/audio/speech" -H "$json" \
    -d '{"model": "tts-1", "voice": "alloy", "input": "Good morning."}'
check "speech as flac" 200 fLaC "$base/api/v1/speech" -H "$json" -d '{"text": "Good morning.", "format": "flac"}'
check "events" 200 "event: " -N "$base/api/v1/speech" -H "$json" -d '{"text": "Good morning.", "stream": "events"}'
check "a form" 200 RIFF "$base/tts" -d 'text=Good+morning.'
check "models" 200 '{"data":' "$base/v1/models"
check "page" 200 "<!" "$base/"
check "health" 200 "" "$base/health/ready"
check "metrics" 200 "# " "$base/metrics"
check "no such model" 404 '{"error":' "$base/v1/audio/speech" -H "$json" -d '{"model": "nobody", "voice": "alloy", "input": "a"}'
check "no JSON" 400 '{"error":' "$base/v1/audio/speech" -H "$json" -d 'nonsense'
check "no stream without an upgrade" 426 '{"error":' "$base/api/v1/stream"

event=$(curl -s "$base/gradio_api/call/generate" -H "$json" -d '{"data": ["Good morning."]}' | sed 's/.*:"\(.*\)".*/\1/')
check "a simple call of Gradio's" 200 "event: complete" -N "$base/gradio_api/call/generate/$event"
file=$(sed -n 's/.*"path":"\([^"]*\)".*/\1/p' "$work/body")
check "its file" 200 RIFF "$base/gradio_api/file=$file"
check "no other file" 404 '{"error":' --path-as-is "$base/gradio_api/file=/etc/passwd"
exit "$((faults > 0))"
