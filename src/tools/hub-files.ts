/**
 * Which files of a hub repository the engine needs, out of all that lie there (pickles, ONNX, Flax, training copies,
 * several precisions). Pure: names in, names out; knows no network.
 */

/** Folders of a diffusers repository that are read; safety checkers and feature extractors are not. */
const PARTS = ['unet', 'vae', 'text_encoder', 'text_encoder_2', 'tokenizer', 'tokenizer_2', 'scheduler'];
const ENDINGS = /\.(json|txt|safetensors)$/;
const WEIGHTS =
  /^(?:diffusion_pytorch_model|model)(?:\.(?<variant>[a-z0-9_]+))?(?:-\d+-of-\d+)?\.safetensors(?:\.index(?:\.(?<late>[a-z0-9_]+))?\.json)?$/;

/**
 * `paths` with `/`, from the repository's root. Of each net the weights of `variant` (undefined: the full ones), or
 * those there are where it has no others. A repository with a manifest of ours is taken with its LoRAs and upscalers.
 */
export function neededFiles(paths: readonly string[], variant: 'fp16' | undefined): readonly string[] {
  const isOurs = paths.includes('fourstep.json');
  const isWanted = (path: string): boolean => {
    const [folder, name, ...deeper] = path.split('/');
    if (!ENDINGS.test(path) || path.split('/').some((part) => part === '' || part.startsWith('.'))) {
      return false;
    }
    if (name === undefined) {
      return path === 'model_index.json' || isOurs;
    }
    return deeper.length === 0 && (PARTS.includes(folder ?? '') || isOurs);
  };
  const wanted = paths.filter(isWanted);
  return wanted.filter((path) => {
    const folder = path.split('/').slice(0, -1).join('/');
    const own = variantOf(path);
    if (folder === '' || own === undefined) {
      return folder === '' || isOurs || !path.endsWith('.safetensors');
    }
    const offered = wanted.filter((other) => other.startsWith(`${folder}/`)).map(variantOf);
    return own === chosenVariant(offered, variant);
  });
}

/** '' for the full weights; undefined: no weights of a net. */
function variantOf(path: string): string | undefined {
  const groups = WEIGHTS.exec(path.split('/').at(-1) ?? '')?.groups;
  return groups === undefined ? undefined : (groups['variant'] ?? groups['late'] ?? '');
}

function chosenVariant(offered: readonly (string | undefined)[], wanted: 'fp16' | undefined): string | undefined {
  return [wanted ?? '', '', 'fp16', 'bf16', ...offered].find((variant) => offered.includes(variant));
}
