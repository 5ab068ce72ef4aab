"""Stage `alpha`: how well transparent pictures are cut, against the compositions' own alpha.

Composes pictures that no stage trains on, on the plain grounds that the manifest names (--only: others, with commas), and passes them
through the autoencoder, as what is drawn has passed its decoder; this repository's own cut (cut.mjs) takes the ground away, by its
colour and by the alpha head's word. How far its edge lies from the art's own is told in pixels, the mean of both ways between them. A wrong
pixel is one on the other side of one half that lies farther than two pixels from the art's edge: it tells of holes and specks as
well. How clean edges are is the mean difference from the art along its edge, laid on black and on white.
"""

import random
import subprocess

import numpy as np
import torch
from scipy import ndimage

import matte
import vae
from compose import Glyphs, sample
from export import HERE, MANIFEST

COUNT = 100  # of each ground
FAR, FEW = 2, 4  # pixels from the edge; so many wrong ones beyond are a speck that nobody sees
SIDE = 128


def compositions(glyphs, ground, rng):
    made = []
    while len(made) < COUNT:
        one = sample(glyphs, rng)
        if one.facts["ground"] == ground and one.alpha.any() and one.facts.get("colour") != ground:
            made.append(one)
    return made


@torch.no_grad()
def through(model, head, pictures):
    """uint8 [N, 128, 128, 3] and [N, 128, 128]: as the decoder gives them back, and how solid the head finds each pixel."""
    parts = []
    for start in range(0, len(pictures), 20):
        z = model.encoder(torch.from_numpy(pictures[start : start + 20]).permute(0, 3, 1, 2).float().div(127.5).sub(1))
        decoded = model.decoder(z).clamp(-1, 1).add(1).mul(127.5).round().byte().permute(0, 2, 3, 1).numpy()
        solid = matte.by_colour(decoded) + head(matte.beside_ground(z))[:, 0].numpy()
        parts.append((decoded, (solid.clip(0, 1) * 255).round().astype(np.uint8)))
    return (np.concatenate(part) for part in zip(*parts))


def cut(folder, pictures, alpha=None):
    """uint8 [N, 128, 128, 4]; without `alpha` by the ground's colour."""
    folder.mkdir(parents=True, exist_ok=True)
    call = ["node", HERE / "cut.mjs", folder / "pictures.raw", folder / "cut.raw", str(SIDE)]
    (folder / "pictures.raw").write_bytes(np.ascontiguousarray(pictures).tobytes())
    if alpha is not None:
        (folder / "alpha.raw").write_bytes(np.ascontiguousarray(alpha).tobytes())
        call.append(folder / "alpha.raw")
    subprocess.run(call, check=True)
    return np.fromfile(folder / "cut.raw", np.uint8).reshape(-1, SIDE, SIDE, 4)


def band_of(solid):
    """Where the art's edge is no farther than FAR pixels."""
    disc = np.hypot(*np.mgrid[-FAR : FAR + 1, -FAR : FAR + 1]) <= FAR
    return ndimage.binary_dilation(solid, disc) & ~ndimage.binary_erosion(solid, disc, border_value=1)


def edge_of(solid):
    return solid & ~ndimage.binary_erosion(solid, border_value=1)


def apart(solid, found):
    """Mean distance in pixels from each edge to the other, both ways alike; SIDE where only one of them has any."""
    edges = edge_of(solid), edge_of(found)
    if not all(edge.any() for edge in edges):
        return float(SIDE * (edges[0].any() != edges[1].any()))
    return sum(ndimage.distance_transform_edt(~to)[of].mean() for of, to in (edges, edges[::-1])) / 2


def compare(made, art, alpha):
    """How far the edges are apart in pixels, wrong pixels beyond FAR, and the mean difference along the edge on black and white, 0..255."""
    solid, found = alpha >= 128, made[..., 3] >= 128
    band = band_of(solid)
    edge, share, true = band & ((alpha > 0) | (made[..., 3] > 0)), made[..., 3:] / 255.0, alpha[..., None] / 255.0
    off = [np.abs((made[..., :3] * share + paper * (1 - share)) - (art * true + paper * (1 - true)))[edge].mean() if edge.any() else 0.0 for paper in (0, 255)]
    return apart(solid, found), int(((solid != found) & ~band).sum()), *off


def main(work, args):
    torch.set_num_threads(args.threads)
    glyphs, rng, model, head = Glyphs(work), random.Random("alpha"), vae.load(work), matte.load(work)
    print("| ground | pictures | cut by | edge off px, middle | ninth of ten | at most 2 px % | none wrong % | at most four wrong % | ninth of ten | on black | on white |\n" + "|---" * 11 + "|")
    for ground in args.only.split(",") if args.only else MANIFEST["plainGrounds"]:
        made = compositions(glyphs, ground, rng)
        pictures, alpha = through(model, head, np.stack([one.picture for one in made]))
        for way, found in (("colour", cut(work / "alpha", pictures)), ("head", cut(work / "alpha", pictures, alpha))):
            told = np.array([compare(cutted, one.picture, one.alpha) for cutted, one in zip(found, made)])
            off, wrong = told[:, 0], told[:, 1]
            edge = f"{np.median(off):.2f} | {np.quantile(off, 0.9):.2f} | {100 * (off <= FAR).mean():.0f}"
            specks = f"{100 * (wrong == 0).mean():.0f} | {100 * (wrong <= FEW).mean():.0f} | {np.quantile(wrong, 0.9):.0f}"
            print(f"| {ground} | {len(made)} | {way} | {edge} | {specks} | {told[:, 2].mean():.1f} | {told[:, 3].mean():.1f} |", flush=True)
