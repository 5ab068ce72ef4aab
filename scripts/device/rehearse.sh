#!/usr/bin/env bash
# The whole plan for the machine with the GPU, played through here: a copy of what travels, stage by stage, in a folder of its
# own; what each brings along is weighed (64 MiB at most) and each is timed. Without a card the stages `cuda` end with a sentence.
#   bash scripts/device/pack.sh (with CUDA=1 WHEELS=1 VULKAN=1), then: ARCH=tiny bash scripts/device/rehearse.sh [STAGE…]
# PYTHON, ROWS and VK_DRIVER_FILES go on to the stages; SCALE=0.2 gives each a fifth of its seconds; KEEP=DIR keeps the folder.
set -uo pipefail
arch=${ARCH:-sd15} scale=${SCALE:-1} limit=$((64 * 1024 * 1024))
there=${KEEP:-$(mktemp -d)}
mkdir -p "$there"
[ -n "${KEEP:-}" ] || trap 'rm -rf "$there"' EXIT
cp_tree() { git ls-files -z -- . ':!models/moji' | xargs -0 cp --parents -t "$there"; }
weigh() { (git ls-files -z -- . ':!models/moji' && printf '%s\0' "$@") | du -cb --files0-from=- 2>/dev/null | tail -n 1 | cut -f 1; }

# name, seconds, what comes along, what is run
plan=("base|20|.device/base dist $(ls -d .device/python .device/vulkan 2>/dev/null | xargs)|base")
for piece in .device/cuda-?; do
  [ ! -d "$piece" ] || plan+=("piece|15|$piece|piece")
done
plan+=("cuda|260||cuda $arch" "webgpu|150||webgpu $arch" "moji-cuda|45|models/moji|pictures cuda:0" "moji-webgpu|45|models/moji|pictures webgpu")

cp_tree
sum=0
for each in "${plan[@]}"; do
  IFS='|' read -r name seconds carried command <<<"$each"
  [ $# = 0 ] || [[ " base $* " == *" $name "* ]] || continue
  read -ra carry <<<"$carried"
  bytes=$(weigh "${carry[@]}")
  [ "$bytes" -le $limit ] || { echo "$name: expected at most $limit bytes to travel, but it is $bytes; carry less at a time." && exit 1; }
  for path in "${carry[@]}"; do
    mkdir -p "$there/$(dirname "$path")" && cp -r "$path" "$there/$(dirname "$path")/"
  done
  began=$(date +%s)
  (cd "$there" && SECONDS_LEFT=$(awk "BEGIN { print int($seconds * $scale) }") bash .device/base/stage.sh $command)
  took=$(($(date +%s) - began))
  sum=$((sum + took))
  echo "── $name: $took s of $seconds, $((bytes >> 20)) MiB travelled"
done
echo "── all: $sum s; beside it about 90 s to start"
