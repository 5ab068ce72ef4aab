#!/usr/bin/env bash
# Fills .device (ignored by git) with what a machine with an NVIDIA GPU needs that reaches no network, in pieces of 45 MB at most:
#   .device/base     this script's other half, Node, and the packages that a trial run of the bench loads; dist/ goes beside it
#   .device/python   diffusers and what it lacks where torch is there (only with WHEELS=1)
#   .device/vulkan   the Vulkan loader, for WebGPU (only with VULKAN=1)
#   .device/cuda-N   onnxruntime's CUDA provider from PyPI's wheel, in pieces (only with CUDA=1)
# Run in the repository's root; rehearse.sh says what is carried when, and plays all of it through here.
# LEVEL is xz's for the provider: 0 packs it in seconds, for a rehearsal, in a piece or two more.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
base=.device/base level=${LEVEL:-6}
grep -qs '^/.device/$' "$(git rev-parse --git-path info/exclude)" || printf '/.device/\n/.device-work/\n' >>"$(git rev-parse --git-path info/exclude)"
mkdir -p "$base"
npm run -s build
cp "$here/stage.sh" "$base/"
[ -f "$base/node.xz" ] || { xz -T0 -3 -c "$(readlink -f "$(command -v node)")" >"$base/node.part" && mv "$base/node.part" "$base/node.xz"; }

# Packages that a trial loads, with theirs: the whole of node_modules is three times as much.
loaded=$(mktemp)
trial=$(mktemp -d)
LOADED=$loaded FOURSTEP_DATA=$trial node --import "$here/loaded.mjs" dist/src/main.js bench device --device cpu --arch tiny --rows 1 --seconds 60 --json >/dev/null
node -e '
  const fs = require("node:fs");
  const todo = [...new Set(fs.readFileSync(process.argv[1], "utf8").split("\n").filter(Boolean)), "onnxruntime-node"];
  const all = new Set();
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    const file = `node_modules/${name}/package.json`;
    if (all.has(name) || !fs.existsSync(file)) continue;
    all.add(name);
    todo.push(...Object.keys(JSON.parse(fs.readFileSync(file, "utf8")).dependencies ?? {}));
  }
  console.log([...all].map((name) => `node_modules/${name}`).join("\n"));
' "$loaded" >"$trial/packages"
# What to leave out comes first: tar heeds it for the names after it.
tar -h --exclude='*.map' --exclude='*.d.ts' --exclude='*.d.mts' --exclude='*.d.cts' --exclude='*/napi-v6/darwin' --exclude='*/napi-v6/win32' \
  --exclude='*/linux/arm64' --exclude='*providers_cuda*' --exclude='*providers_tensorrt*' -cf - -T "$trial/packages" | xz -T0 -3 >"$base/packages.tar.xz"
rm -rf "$loaded" "$trial"

wheel() { python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.12 --implementation cp --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 -d "$@"; }
if [ -n "${WHEELS:-}" ]; then
  mkdir -p .device/python
  wheel .device/python diffusers==0.42.1 requests charset_normalizer importlib_metadata
fi
if [ -n "${VULKAN:-}" ]; then
  mkdir -p .device/vulkan
  (cd .device/vulkan && apt-get -qq download libvulkan1)
fi
if [ -n "${CUDA:-}" ]; then
  version=$(node -p 'require("onnxruntime-node/package.json").version')
  fetched=$(mktemp -d)
  wheel "$fetched" "onnxruntime-gpu==$version"
  python3 - "$fetched" <<'PY'
import glob, sys, zipfile
for wheel in glob.glob(sys.argv[1] + "/*.whl"):
    with zipfile.ZipFile(wheel) as packed:
        for name in packed.namelist():
            if name.endswith(("libonnxruntime_providers_cuda.so", "libonnxruntime_providers_shared.so")):
                open(sys.argv[1] + "/" + name.rsplit("/", 1)[1], "wb").write(packed.read(name))
PY
  cp "$fetched/libonnxruntime_providers_shared.so" "$base/"
  (cd "$fetched" && sha256sum libonnxruntime_providers_cuda.so) >"$base/cuda.sha256"
  xz -T0 -"$level" -c "$fetched/libonnxruntime_providers_cuda.so" | split -b 45M -d -a 1 - "$fetched/piece"
  for piece in "$fetched"/piece?; do
    mkdir -p ".device/cuda-${piece: -1}"
    mv "$piece" ".device/cuda-${piece: -1}/"
  done
  rm -r "$fetched"
fi
# What the engine keeps beside weights is made anew there, and twice as much as the model itself.
find models/moji -name .fourstep -type d -prune -exec rm -r {} +
du -sh .device/*
