"""Stage `pack`: what stage `gpu` needs on a machine without a network, in WORK/pack: about 50 MB, all of it portable.

These scripts, the house drawings (as WebP, with all that words are looked up in), the tokenizer, the autoencoder and the base as it
stands, in float16. And `join`, the way back: what the other machine wrote in pieces becomes WORK/base.pt again, whose optimiser begins anew.
"""

import io
import lzma
import pathlib
import pickle
import shutil

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save, save_file

import base
import vae
from compose import Glyphs
from synonyms import Synonyms

HERE = pathlib.Path(__file__).resolve().parent
QUALITY = 95  # of the drawings' WebP; they are drawn smaller than they come
PIECE = 15 << 20
WORDS, DRAWINGS = "words.pickle.xz", "drawings.safetensors"


def webp(rgba):
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "webp", quality=QUALITY)
    return torch.frombuffer(bytearray(file.getvalue()), dtype=torch.uint8)


def write_words(folder, glyphs, synonyms):
    save_file({code: webp(np.array(pixels[row])) for code, (pixels, row) in glyphs.rows.items()}, folder / DRAWINGS)
    glyphs.rows, glyphs.cache = {}, {}
    (folder / WORDS).write_bytes(lzma.compress(pickle.dumps((glyphs, synonyms))))


def read_words(folder):
    """(Glyphs, Synonyms) as they were packed by these same scripts."""
    glyphs, synonyms = pickle.loads(lzma.decompress((folder / WORDS).read_bytes()))
    for code, file in load_file(folder / DRAWINGS).items():
        glyphs.rows[code] = (np.asarray(Image.open(io.BytesIO(file.numpy().tobytes())).convert("RGBA"))[None], 0)
    return glyphs, synonyms


def halves(weights):
    return {name: value.half().contiguous() for name, value in weights.items()}


def write_pieces(folder, state):
    """The averages and the counts of a base, in files that are small enough to be sent one by one."""
    weights = {f"{part}.{name}": value for part in ("unet", "text") for name, value in halves(state[f"{part}_average"]).items()}
    whole = save(weights, {key: str(state[key]) for key in ("spent", "step", "seen", "gpu_spent")})
    for n, start in enumerate(range(0, len(whole), PIECE)):
        (folder / f"base.{n}").write_bytes(whole[start : start + PIECE])


def join(work, folder):
    """WORK/base.pt from pieces; the one that was there is kept as base-before.pt."""
    from safetensors import safe_open

    joined, target = work / "base.safetensors", work / "base.pt"
    pieces = sorted(folder.glob("base.*"), key=lambda piece: int(piece.suffix[1:]))
    assert pieces, f"no pieces base.0, base.1, … in {folder}"
    joined.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
    with safe_open(joined, "pt") as opened:
        told, weights = opened.metadata(), {name: opened.get_tensor(name).float() for name in opened.keys()}
    parts = {part: {name.split(".", 1)[1]: value for name, value in weights.items() if name.startswith(f"{part}.")} for part in ("unet", "text")}
    state = {"spent": float(told["spent"]), "step": int(told["step"]), "seen": int(told["seen"]), "gpu_spent": float(told["gpu_spent"]), **parts}
    if target.exists():
        target.rename(work / "base-before.pt")
    torch.save({**state, **{f"{part}_average": parts[part] for part in parts}}, target)
    joined.unlink()
    print(f"base.pt: {state['seen']:,} pictures, of them in {state['gpu_spent'] / 60:.1f} min on a card those since base-before.pt")


def main(work, args):
    if args.pieces:
        return join(work, args.pieces)
    folder = work / "pack"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE, folder / "training", ignore=shutil.ignore_patterns("__pycache__", "own", "art", "*.mjs", "*.md"))
    glyphs = Glyphs(work)
    synonyms = Synonyms(glyphs.things)
    write_words(folder, glyphs, synonyms)
    shutil.copytree(work / "tokenizer", folder / "tokenizer")
    torch.save({"average": halves(vae.load(work).state_dict())}, folder / "vae.pt")
    unet, text = base.load(work, base.tokenizer(work))
    told = torch.load(work / "base.pt", map_location="cpu", weights_only=False, mmap=True)
    counts = {key: told.get(key, 0) for key in ("spent", "step", "seen", "gpu_spent")}
    torch.save({**counts, "unet_average": halves(unet.state_dict()), "text_average": halves(text.state_dict())}, folder / "base.pt")
    print(f"pack: {sum(file.stat().st_size for file in folder.rglob('*') if file.is_file()) / 1e6:.1f} MB in {folder}")
