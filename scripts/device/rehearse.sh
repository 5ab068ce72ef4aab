#!/usr/bin/env bash
# The whole plan for the machine with the GPU, played through here: a copy of what travels, stage by stage, in a folder of its
# own; what travels is weighed (64 MiB at most, the tree with what a stage brings along) and each is timed. The tests never
# travel, models/moji only where it is drawn with: move them out of the tree, and it into the tree again for the stages `moji`.
# Without a card the stages `cuda` end with a sentence.
#   bash scripts/device/pack.sh (with CUDA=1 WHEELS=1 VULKAN=1), then: ARCH=tiny bash scripts/device/rehearse.sh [STAGE…]
# PYTHON, ROWS and VK_DRIVER_FILES go on to the stages; SCALE=0.2 gives each a fifth of its seconds; KEEP=DIR keeps the folder.
set -uo pipefail
arch=${ARCH:-sd15} scale=${SCALE:-1} limit=$((64 * 1024 * 1024))
there=${KEEP:-$(mktemp -d)}
mkdir -p "$there"
[ -n "${KEEP:-}" ] || trap 'rm -rf "$there"' EXIT
tree() { git ls-files -z --cached --others --exclude-standard -- . ':!test' "$@"; }
# Bytes: of `tree $1` and of what is named after it.
weigh() { (tree $1 && [ $# = 1 ] || printf '%s\0' "${@:2}") | du -cb --files0-from=- 2>/dev/null | tail -n 1 | cut -f 1; }

# name, seconds, what else is out of the tree, what comes along, what is run
plan=("base|20|:!models/moji|.device/base dist $(ls -d .device/python .device/vulkan 2>/dev/null | xargs)|base")
for piece in .device/cuda-?; do
  [ ! -d "$piece" ] || plan+=("piece|15|:!models/moji|$piece|piece")
done
plan+=("cuda|260|:!models/moji||cuda $arch" "webgpu|150|:!models/moji||webgpu $arch")
plan+=("moji-cuda|45|||pictures cuda:0" "moji-webgpu|45|||pictures webgpu")

for each in "${plan[@]}"; do
  IFS='|' read -r name _ out carried _ <<<"$each"
  bytes=$(weigh "$out" $carried)
  [ "$bytes" -le $limit ] || { echo "$name: expected at most $limit bytes to travel, but it is $bytes; carry less at a time." && exit 1; }
done
sum=0
for each in "${plan[@]}"; do
  IFS='|' read -r name seconds out carried command <<<"$each"
  [ $# = 0 ] || [[ " base $* " == *" $name "* ]] || continue
  tree $out | xargs -0 cp --parents -t "$there"
  for path in $carried; do
    mkdir -p "$there/$(dirname "$path")" && cp -r "$path" "$there/$(dirname "$path")/"
  done
  began=$(date +%s)
  (cd "$there" && SECONDS_LEFT=$(awk "BEGIN { print int($seconds * $scale) }") bash .device/base/stage.sh $command)
  took=$(($(date +%s) - began))
  sum=$((sum + took))
  echo "── $name: $took s of $seconds, $(($(weigh "$out" $carried) >> 20)) MiB travelled"
done
echo "── all: $sum s; beside it about 90 s to start"
