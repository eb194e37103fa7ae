#!/usr/bin/env bash
# Labels JSON lines that one address has, and sends them to another one. Both may be presigned addresses of an object store.
# usage: examples/nightly.sh INPUT_URL OUTPUT_URL MODEL
set -euo pipefail
input=$1 output=$2 model=$3
cd "$(dirname "$0")/.."
# An upload has to say its length beforehand, so the labelled lines are kept until they are all there.
labelled=$(mktemp)
trap 'rm -f "$labelled"' EXIT
curl --fail --silent --show-error "$input" | npm run --silent lsllama -- predict "$model" --input - --output - > "$labelled"
curl --fail --silent --show-error --upload-file "$labelled" "$output"
