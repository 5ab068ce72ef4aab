"""Pictures to learn from: emoji glyphs, recoloured and composed over grounds and scenes.

Only numpy and Pillow; knows nothing of prompts, latents or training. Pictures are uint8 [128, 128, 3].
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from vocabulary import COLOURS, GROUNDS

SIZE = 128
STRIKE = 109  # the one bitmap size inside Noto Color Emoji


def render_glyphs(glyphs, font_path):
    """uint8 [N, 128, 128, 4], every glyph trimmed and fitted to 124 px."""
    font = ImageFont.truetype(font_path, STRIKE)
    sheet = []
    for glyph in glyphs:
        canvas = Image.new("RGBA", (160, 160), (0, 0, 0, 0))
        ImageDraw.Draw(canvas).text((8, 8), glyph, font=font, embedded_color=True)
        box = canvas.getbbox()
        assert box, f"the font has no glyph for {glyph!r}"
        art = canvas.crop(box)
        scale = 124 / max(art.size)
        art = art.resize([max(1, round(s * scale)) for s in art.size], Image.LANCZOS)
        square = Image.new("RGBA", (SIZE, SIZE), (0, 0, 0, 0))
        square.paste(art, ((SIZE - art.width) // 2, (SIZE - art.height) // 2))
        sheet.append(np.asarray(square))
    return np.stack(sheet)


def recolour(rgba, colour):
    """The same drawing in one hue: light and dark stay, near-greys follow only if the whole drawing is grey."""
    rgb, alpha = rgba[..., :3].astype(np.float32) / 255, rgba[..., 3]
    light = rgb @ np.array([0.30, 0.59, 0.11], np.float32)
    chroma = rgb.max(-1) - rgb.min(-1)
    solid = alpha > 128
    mean_chroma = chroma[solid].mean() if solid.any() else 0
    # Stretch around the drawing's own middle, so that a pale or a dark thing takes the colour too.
    middle = np.median(light[solid & (chroma > 0.15)]) if mean_chroma > 0.2 else np.median(light[solid])
    target = np.array(COLOURS[colour], np.float32) / 255
    level = np.clip(light - middle, -1, 1)[..., None]
    shaded = target + np.where(level > 0, (1 - target) * level * 1.2, target * level * 1.5)
    share = np.clip((chroma - 0.06) / 0.14, 0, 1) if mean_chroma > 0.2 else np.clip((light - 0.05) / 0.15, 0, 1)
    out = rgb + share[..., None] * (np.clip(shaded, 0, 1) - rgb)
    return np.dstack([(np.clip(out, 0, 1) * 255).astype(np.uint8), alpha])


def place(rgba, side, dx, dy, flip):
    """The glyph at `side` px, centre moved by (dx, dy), on a transparent 128 px square."""
    art = Image.fromarray(rgba)
    if flip:
        art = art.transpose(Image.FLIP_LEFT_RIGHT)
    art = art.resize((side, side), Image.BICUBIC, reducing_gap=None)
    square = Image.new("RGBA", (SIZE, SIZE), (0, 0, 0, 0))
    square.paste(art, ((SIZE - side) // 2 + dx, (SIZE - side) // 2 + dy))
    return np.asarray(square)


def compose(rgba, ground):
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return (rgba[..., :3] * alpha + ground * (1 - alpha) + 0.5).astype(np.uint8)


def plain(name):
    return np.broadcast_to(np.array(GROUNDS[name], np.float32), (SIZE, SIZE, 3))


def gradient(stops):
    """Rows from top to bottom through (height 0..1, colour) stops."""
    y = np.linspace(0, 1, SIZE)
    heights = [h for h, _ in stops]
    rows = np.stack([np.interp(y, heights, [c[i] for _, c in stops]) for i in range(3)], -1)
    return np.repeat(rows[:, None, :], SIZE, 1).astype(np.float32)


def discs(ground, dots, colour):
    big = Image.fromarray(ground.astype(np.uint8)).resize((SIZE * 2, SIZE * 2))
    draw = ImageDraw.Draw(big)
    for x, y, r in dots:
        draw.ellipse([2 * (x - r), 2 * (y - r), 2 * (x + r), 2 * (y + r)], fill=colour)
    return np.asarray(big.resize((SIZE, SIZE), Image.BOX), np.float32)


def scene(name, rng):
    """A simple landscape, float32 [128, 128, 3]; the layout is steady, the details move a little."""
    horizon = 0.66 + rng.uniform(-0.03, 0.03)
    if name == "night":
        sky = gradient([(0, (14, 20, 58)), (1, (45, 60, 120))])
        stars = [(rng.uniform(4, 124), rng.uniform(4, 120), rng.uniform(0.8, 1.8)) for _ in range(26)]
        return discs(sky, stars, (255, 245, 200))
    if name == "sunset":
        sky = gradient([(0, (110, 60, 140)), (0.4, (235, 100, 90)), (horizon, (255, 190, 90)), (horizon + 0.01, (120, 60, 95)), (1, (70, 35, 75))])
        lit = discs(sky, [(64 + rng.uniform(-30, 30), SIZE * horizon, 17)], (255, 232, 150))
        below = int(SIZE * horizon) + 1
        lit[below:] = sky[below:]
        return lit
    if name == "grass":
        return gradient([(0, (130, 200, 250)), (horizon, (205, 235, 255)), (horizon + 0.01, (120, 195, 75)), (1, (70, 150, 55))])
    if name == "beach":
        sea = horizon - 0.16
        return gradient([(0, (110, 195, 250)), (sea, (190, 230, 255)), (sea + 0.01, (25, 125, 190)), (horizon, (60, 175, 205)), (horizon + 0.02, (245, 225, 165)), (1, (230, 195, 125))])
    if name == "snow":
        sky = gradient([(0, (150, 180, 215)), (horizon, (205, 222, 240)), (horizon + 0.02, (250, 252, 255)), (1, (228, 236, 246))])
        flakes = [(rng.uniform(2, 126), rng.uniform(2, 126), rng.uniform(1.0, 2.2)) for _ in range(26)]
        return discs(sky, flakes, (255, 255, 255))
    raise ValueError(f"no scene {name!r}")


# --- styles: the same thing in another hand, on the style's own paper; each takes the placed glyph alone ---


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
    paper = np.broadcast_to(np.array([26, 82, 172], np.float32), (SIZE, SIZE, 3))
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


STYLES = {"poster": poster, "neon": neon, "blueprint": blueprint, "ink": ink}
