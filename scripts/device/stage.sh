#!/usr/bin/env bash
# On the machine with the GPU, in the root of a checkout with dist/, without test/ and models/moji (but for the stage `pictures`):
#   bash .device/base/stage.sh base             unpacks what every other stage needs
#   bash .device/base/stage.sh piece            keeps a piece of the CUDA provider that was carried (.device/cuda-N)
#   bash .device/base/stage.sh cuda [ARCH]      CUDA in fp16, beside torch; then in fp32
#   bash .device/base/stage.sh webgpu [ARCH]    WebGPU as the trials choose, then in fp32
#   bash .device/base/stage.sh pictures DEVICE  moji's calls and pictures; writes its batch curve
# Stages go back to back, CUDA before WebGPU, as rehearse.sh has them with their seconds: 12 minutes in all, the start of the machine
# among them. SECONDS_LEFT bounds a stage, ROWS the rows; results are JSON in $OUT: one file a run, as `fourstep bench device
# --json` prints, and beside it what was said meanwhile, every figure among it, should the provider end the process.
set -uo pipefail
stage=${1:?stage} arch=${2:-sd15}
work=${WORK:-$PWD/.device-work} out=${OUT:-$PWD/.device-work/out} rows=${ROWS:-1,2,4,8,16} seconds=${SECONDS_LEFT:-240}
base=.device/base python=${PYTHON:-python3}
mkdir -p "$work/bin" "$out"
export XDG_RUNTIME_DIR=${TMPDIR:-/tmp} FOURSTEP_DATA=$work/data PATH=$work/bin:$PATH PYTHONUNBUFFERED=1
deadline=$(($(date +%s) + seconds))
log() { echo "[$(date +%T)] $*"; }

unpack() {
  command -v node >/dev/null || { $python -c "import lzma,shutil; shutil.copyfileobj(lzma.open('$base/node.xz'), open('$work/bin/node', 'wb'))" && chmod +x "$work/bin/node"; }
  [ -d node_modules/onnxruntime-node ] || $python -c "import tarfile; tarfile.open('$base/packages.tar.xz').extractall('.')"
  if compgen -G '.device/python/*.whl' >/dev/null; then
    [ -d "$work/site" ] || $python -m pip install -q --no-index --no-deps --no-compile --target "$work/site" .device/python/*.whl
  fi
  [ ! -d "$work/site" ] || export PYTHONPATH=$work/site:${PYTHONPATH:-}
  node -v || exit 1
}

provider() {
  local libraries=node_modules/onnxruntime-node/bin/napi-v6/linux/x64
  if [ ! -f $libraries/libonnxruntime_providers_cuda.so ]; then
    compgen -G "$work/cuda/piece?" >/dev/null || { echo "Expected the CUDA provider's pieces in $work/cuda, found none; carry .device/cuda-0 and the others first, each with the stage piece." >&2 && exit 1; }
    cp $base/libonnxruntime_providers_shared.so $libraries/
    cat "$work"/cuda/piece? >"$work/cuda/whole.xz"
    $python -c "import lzma,shutil; shutil.copyfileobj(lzma.open('$work/cuda/whole.xz'), open('$libraries/libonnxruntime_providers_cuda.so', 'wb'), 1 << 22)"
    (cd $libraries && sha256sum -c "$OLDPWD/$base/cuda.sha256") || exit 1
  fi
  # CUDA's own libraries come with torch.
  LD_LIBRARY_PATH=$($python -c "import glob,os,nvidia; print(':'.join(sorted({os.path.dirname(f) for p in nvidia.__path__ for f in glob.glob(p + '/**/lib*.so*', recursive=True)})))" 2>/dev/null):/usr/local/cuda/lib64:${LD_LIBRARY_PATH:-}
  export LD_LIBRARY_PATH
}

vulkan() {
  [ -z "${VK_DRIVER_FILES:-}" ] || return 0
  ldconfig -p | grep -q libvulkan.so.1 || { for package in .device/vulkan/*.deb; do dpkg -x "$package" /; done; ldconfig; }
  for driver in /etc/vulkan/icd.d/nvidia_icd.json /usr/share/vulkan/icd.d/nvidia_icd.json /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json; do
    [ ! -e $driver ] || { export VK_DRIVER_FILES=$driver; return 0; }
  done
}

# name, percent of the time that is left to the stage, options…: a run of its own, for a provider may end its process. In a trial
# of the device it may do so once: the trial is known as failed then, and passed over the next time.
bench() {
  local name=$1 percent=$2 status=255 limit
  shift 2
  for _ in 1 2; do
    limit=$(((deadline - $(date +%s)) * percent / 100))
    [ $limit -gt 0 ] || { log "$name: left out, for the stage's time is over" && return; }
    log "$name: $limit s"
    timeout $((limit + 45)) node dist/src/main.js bench device --json --rows "$rows" --seconds "$limit" "$@" >"$out/$name.json" 2>"$out/$name.log"
    status=$?
    [ $status -gt 128 ] && ! grep -q '^opening' "$out/$name.log" || break
  done
  log "$name: $([ $status = 0 ] && echo 'done' || echo "ended with $status: $(tail -n 1 "$out/$name.log")"), $(wc -c <"$out/$name.json") bytes"
}

log "$stage"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null | tee "$out/machine.txt"
case $stage in
  base) unpack ;;
  piece) mkdir -p "$work/cuda" && cp .device/cuda-*/piece? "$work/cuda/" && ls -l "$work/cuda" ;;
  cuda)
    unpack
    provider
    bench "cuda-fp16-$arch" 70 --device cuda:0 --arch "$arch" --numbers fp16 --python "$python"
    bench "cuda-fp32-$arch" 100 --device cuda:0 --arch "$arch" --numbers fp32 --python "$python"
    ;;
  webgpu)
    unpack
    vulkan
    bench "webgpu-$arch" 65 --device webgpu --arch "$arch" ${TORCH:+--python "$python"}
    bench "webgpu-fp32-$arch" 100 --device webgpu --arch "$arch" --numbers fp32 ${TORCH:+--python "$python"}
    ;;
  pictures)
    unpack
    device=$arch
    case $device in cuda*) provider ;; webgpu) vulkan ;; esac
    bench "moji-${device%%:*}" 100 --device "$device" --model moji
    cp "$FOURSTEP_DATA"/cache/batch-curves-*.json "$FOURSTEP_DATA"/cache/device-*.json "$out/" 2>/dev/null
    ;;
  cpu)
    unpack
    bench "cpu-$arch" 100 --device cpu --arch "$arch" --python "$python"
    ;;
  *) echo "Expected base, piece, cuda, webgpu, pictures or cpu, got $stage." >&2 && exit 2 ;;
esac
ls -l "$out"
