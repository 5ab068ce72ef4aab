"""Computed styles: a composed thing in another hand, on the style's own paper. Pictures in, pictures out; knows no words.

Each takes uint8 [128, 128, 4], what stands on a plain ground and its alpha, and gives uint8 [128, 128, 3].
"""

import numpy as np
from PIL import Image, ImageFilter

from compose.paint import SIDE
from compose.paste import sticker as with_rim

BLOCK, HALF = 8, 0.45  # px of a `pixel` block, and the share of one from which on it is the thing's


def compose(rgba, ground):
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return (rgba[..., :3] * alpha + ground * (1 - alpha) + 0.5).astype(np.uint8)


def over(rgba, ground):
    """float32 [128, 128, 3]: the thing on one plain colour, so that no ground that was asked for shines through a rim."""
    return compose(rgba, np.array(ground, np.float32)).astype(np.float32)


def soft(values, radius):
    """Blurred float32 of values 0..1, one channel."""
    return np.asarray(Image.fromarray((np.clip(values, 0, 1) * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255


def inside(rgba, radius=0.6):
    """0..1, 1 where the thing is."""
    return soft(rgba[..., 3] / 255, radius)


def around(rgba, width):
    """0..1, the thing and a border of `width` px."""
    wider = Image.fromarray(rgba[..., 3]).filter(ImageFilter.MaxFilter(2 * width + 1)).filter(ImageFilter.GaussianBlur(0.8))
    return np.asarray(wider, np.float32) / 255


def slope(values, gain):
    gy, gx = np.gradient(soft(values, 1))
    return np.clip(np.hypot(gx, gy) * gain, 0, 1)


def lightness(rgb):
    """0..1"""
    return rgb @ np.array([0.299, 0.587, 0.114], np.float32) / 255


def rim(rgba):
    """0..1, the outline of the thing."""
    return slope(rgba[..., 3] / 255, 6.4)


def edges(rgba, rgb):
    """0..1, outlines and inner lines."""
    return np.maximum(slope(lightness(rgb), 7.3) * inside(rgba), rim(rgba))


def tones(rgba, rgb, blur):
    """0..1 by lightness, stretched so that the thing's own darks and lights are far apart, however pale or dark it is."""
    grey, solid = soft(lightness(rgb), blur), rgba[..., 3] > 110
    low, middle, high = np.percentile(grey[solid], (4, 50, 96)) if solid.any() else (0, 0.5, 1)
    # What most of it is, is a light middle tone: neither a white thing nor a black one becomes a mere silhouette.
    return np.interp(grey, (min(low, middle - 0.12), middle, max(high, middle + 0.12)), (0, 0.62, 1)).astype(np.float32)


def vivid(rgb, grey):
    """float32 [128, 128, 3]: every colour at full strength; near-greys become `grey`."""
    peak, low = rgb.max(-1, keepdims=True), rgb.min(-1, keepdims=True)
    chroma = peak - low
    full = (rgb - 0.6 * low) / np.maximum(peak - 0.6 * low, 1) * 245
    share = np.clip((chroma - 24) / 30, 0, 1)
    return np.array(grey, np.float32) * (1 - share) + full * share


def steps(light, levels, softness=0.12):
    """0..1 in `levels` flat tones with an edge of a pixel or so between two."""
    scaled = light * (levels - 0.001)
    level = np.floor(scaled)
    return (level + np.clip((scaled - level - 1 + softness) / softness, 0, 1)).clip(0, levels - 1) / (levels - 1)


def layer(below, above, share):
    return below * (1 - share[..., None]) + above * share[..., None]


def finish(rgb):
    return np.clip(rgb, 0, 255).astype(np.uint8)


def poster(rgba):
    """A screen print in flat inks: the thing's own colours between navy and cream, cut out with a cream border."""
    rgb = over(rgba, (200, 200, 200))
    level = steps(tones(rgba, rgb, 0.8), 4)[..., None]
    navy, cream = np.array([22, 40, 82], np.float32), np.array([253, 243, 220], np.float32)
    colour = vivid(rgb, (214, 180, 140))
    body = np.where(level < 2 / 3, navy + (colour * 0.9 - navy) * np.clip(level * 1.9, 0, 1), colour + (cream - colour) * ((level - 2 / 3) * 3) * 0.85)
    paper = np.broadcast_to(np.array([66, 130, 162], np.float32), rgb.shape)
    return finish(layer(layer(paper, cream, around(rgba, 4)), body, inside(rgba)))


def neon(rgba):
    """Glowing tubes along all lines; the body between them is lit as far as it is light."""
    rgb = over(rgba, (0, 0, 0))
    colour = vivid(rgb, (90, 225, 255))
    light = tones(rgba, over(rgba, (128, 128, 128)), 0.7)
    tube = finish(colour * np.maximum(rim(rgba), 0.8 * edges(rgba, rgb) * light)[..., None])
    glow = np.asarray(Image.fromarray(tube).filter(ImageFilter.GaussianBlur(5)), np.float32) * 1.2
    halo = np.asarray(Image.fromarray(tube).filter(ImageFilter.GaussianBlur(1)), np.float32) * 1.2
    body = colour * (light**2 * 0.75 * inside(rgba))[..., None] + np.array([14, 8, 30], np.float32)
    return finish(body + glow + halo)


def blueprint(rgba):
    """A cyanotype: the thing in tones of blue with a white rim, on blue paper."""
    light = steps(tones(rgba, over(rgba, (200, 200, 200)), 0.6), 5, 0.5)[..., None]
    paper = np.broadcast_to(np.array([26, 82, 172], np.float32), (SIDE, SIDE, 3))
    washed = layer(paper, np.array([8, 34, 100]) + np.array([222, 208, 155]) * light, inside(rgba))
    return finish(layer(washed, np.array([255, 255, 255], np.float32), np.clip(rim(rgba) * 1.4, 0, 1)))


def ink(rgba):
    """Brush lines and three grey washes on cream paper."""
    rgb = over(rgba, (200, 200, 200))
    light = tones(rgba, rgb, 0.8)
    wash = np.interp(steps(light, 5, 0.25), (0, 0.25, 0.5, 0.75, 1), (0.95, 0.62, 0.3, 0.1, 0.0)) * inside(rgba)
    line = np.maximum(np.clip(rim(rgba) * 1.7, 0, 1), np.clip(edges(rgba, rgb) * 1.2 - 0.25, 0, 1))
    paper, black = np.array([247, 240, 222], np.float32), np.array([28, 24, 32], np.float32)
    return finish(layer(np.broadcast_to(paper, rgb.shape), black, np.maximum(line, wash)))


def blocks(rgba):
    """float32 [16, 16, 4]: the mean colour of what is there, and 0..1 how much of the block it covers."""
    share = rgba.reshape(SIDE // BLOCK, BLOCK, SIDE // BLOCK, BLOCK, 4).astype(np.float32)
    alpha = share[..., 3:] / 255
    colour = (share[..., :3] * alpha).sum((1, 3)) / np.maximum(alpha.sum((1, 3)), 1e-3)
    return np.concatenate([colour, alpha.mean((1, 3))], -1)


def pixel(rgba):
    """Blocks in few strong colours, each the thing's or the pale paper's: of 8 px, for the autoencoder can draw none that is smaller than a latent."""
    small = blocks(rgba)
    colour, grey = small[..., :3], small[..., :3].mean(-1, keepdims=True)
    strong = finish(grey + (colour - grey) * 1.25)
    few = np.asarray(Image.fromarray(strong).quantize(16, dither=Image.NONE).convert("RGB"))
    paper = np.array([232, 236, 244], np.uint8)
    return np.where(small[..., 3:] >= HALF, few, paper).repeat(BLOCK, 0).repeat(BLOCK, 1)


def rimmed(rgba):
    """The thing with its white rim, as an image on nothing."""
    box = Image.fromarray(rgba[..., 3]).getbbox() or (0, 0, SIDE, SIDE)
    cut = with_rim(Image.fromarray(rgba).crop(box))
    scale = min(1.0, (SIDE - 6) / max(cut.size))
    cut = cut.resize((max(1, round(cut.width * scale)), max(1, round(cut.height * scale))), Image.BICUBIC)
    clear = Image.new("RGBA", (SIDE, SIDE))
    clear.alpha_composite(cut, ((SIDE - cut.width) // 2, (SIDE - cut.height) // 2))
    return clear


def sticker(rgba):
    """Cut out with a white rim, on teal."""
    paper = Image.new("RGBA", (SIDE, SIDE), (92, 190, 186, 255))
    paper.alpha_composite(rimmed(rgba))
    return np.asarray(paper.convert("RGB"))


LOOKS = {"poster": poster, "neon": neon, "blueprint": blueprint, "ink": ink, "pixel": pixel, "sticker": sticker}


def cover(style, rgba):
    """uint8 [128, 128]: what of a look is not its paper. Of neon it is the body: its glow has no edge."""
    if style == "sticker":
        return np.asarray(rimmed(rgba).getchannel("A"))
    if style == "pixel":
        return ((blocks(rgba)[..., 3] >= HALF) * np.uint8(255)).repeat(BLOCK, 0).repeat(BLOCK, 1)
    lines = {"poster": around(rgba, 4), "blueprint": np.clip(rim(rgba) * 1.4, 0, 1), "ink": np.clip(rim(rgba) * 1.7, 0, 1)}
    return (np.maximum(lines.get(style, 0), inside(rgba)) * 255).astype(np.uint8)
