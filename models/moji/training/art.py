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


# --- styles: the same picture in another hand; each takes the placed glyph and the finished picture ---


def slope(grey, gain):
    grey = np.asarray(Image.fromarray(grey).filter(ImageFilter.GaussianBlur(1)), np.float32)
    gy, gx = np.gradient(grey)
    return np.clip(np.hypot(gx, gy) * gain * 2, 0, 1)


def outline(rgba):
    """0..1, the rim of the thing."""
    return slope(rgba[..., 3], 1 / 80)


def edges(rgba, picture):
    """0..1 outlines of the thing, inner lines too; not those of the scene around it."""
    near = np.asarray(Image.fromarray(rgba[..., 3]).filter(ImageFilter.MaxFilter(5)), np.float32) / 255
    return np.maximum(slope(np.asarray(Image.fromarray(picture).convert("L")), 1 / 70) * near, outline(rgba))


def tones(rgba, picture, blur):
    """0..1 by lightness, stretched so that the thing's own darks and lights are far apart, however pale or dark it is."""
    grey = np.asarray(Image.fromarray(picture).convert("L").filter(ImageFilter.GaussianBlur(blur)), np.float32)
    inside = rgba[..., 3] > 110
    low, middle, high = np.percentile(grey[inside], (4, 50, 96)) if inside.any() else (0, 128, 255)
    # What most of it is, is a light middle tone: neither a white thing nor a black one becomes a mere silhouette.
    return np.interp(grey, (min(low, middle - 30), middle, max(high, middle + 30)), (0, 0.62, 1))


def poster(rgba, picture):
    """A screen print in four inks, dark to light: navy, red, sand, cream; a broad cream border cut around the thing."""
    steps = tones(rgba, picture, 0.8) * 3.999
    inks = np.array([(22, 40, 82), (206, 58, 48), (240, 186, 110), (253, 243, 220)], np.float32)
    level = np.floor(steps).astype(int)
    blend = np.clip((steps - level - 0.9) * 10, 0, 1)[..., None]  # a soft edge of a pixel or so between two inks
    body = inks[level] * (1 - blend) + inks[np.minimum(level + 1, 3)] * blend
    border = np.asarray(Image.fromarray(rgba[..., 3]).filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.GaussianBlur(0.8)), np.float32)[..., None] / 255
    paper = np.array([66, 130, 162], np.float32) * (1 - border) + inks[3] * border
    inside = np.asarray(Image.fromarray(rgba[..., 3]).filter(ImageFilter.GaussianBlur(0.6)), np.float32)[..., None] / 255
    return np.clip(paper * (1 - inside) + body * inside, 0, 255).astype(np.uint8)


def neon(rgba, picture):
    """Glowing tubes over a dark, faintly lit body."""
    line = edges(rgba, picture)
    rgb = picture.astype(np.float32)
    peak = np.maximum(rgb.max(-1, keepdims=True), 40)
    vivid = np.clip((rgb / peak) ** 2 * 255, 0, 255)
    grey = (rgb.max(-1, keepdims=True) - rgb.min(-1, keepdims=True)) < 40
    vivid = np.where(grey, np.array([60, 235, 255], np.float32), vivid)
    tube = Image.fromarray((vivid * line[..., None]).astype(np.uint8))
    glow = np.asarray(tube.filter(ImageFilter.GaussianBlur(5)), np.float32) * 1.4
    halo = np.asarray(tube.filter(ImageFilter.GaussianBlur(1)), np.float32) * 1.5
    inside = rgba[..., 3:] / 255
    body = vivid * 0.45 * inside + np.array([14, 8, 30], np.float32)
    return np.clip(body + glow + halo, 0, 255).astype(np.uint8)


def blueprint(rgba, picture):
    """A cyanotype: the thing in tones of blue with a white rim, on blue paper with a grid."""
    light = tones(rgba, picture, 0.5)[..., None]
    paper = np.broadcast_to(np.array([24, 78, 168], np.float32), picture.shape).copy()
    paper[::16] += 26
    paper[:, ::16] += 26
    inside, rim = rgba[..., 3:] / 255, outline(rgba)[..., None]
    washed = paper * (1 - inside) + (np.array([10, 40, 112]) + np.array([215, 202, 143]) * light) * inside
    return np.clip(washed + (255 - washed) * np.clip(rim * 1.4, 0, 1), 0, 255).astype(np.uint8)


def ink(rgba, picture):
    """Black brush and slanted hatching on cream paper."""
    line = np.clip(edges(rgba, picture) * 1.6, 0, 1)
    light = tones(rgba, picture, 0.7)
    y, x = np.mgrid[:SIZE, :SIZE]
    hatch = np.abs(((x + y) % 8) - 4) / 4
    inside = rgba[..., 3] / 255
    shade = np.clip((0.58 - light) * 2, 0, 1) * inside
    dark = np.maximum(line, np.clip((shade - hatch * 0.8) * 6, 0, 1))
    paper, black = np.array([247, 240, 222], np.float32), np.array([28, 24, 32], np.float32)
    return (paper + (black - paper) * dark[..., None]).astype(np.uint8)


STYLES = {"poster": poster, "neon": neon, "blueprint": blueprint, "ink": ink}
