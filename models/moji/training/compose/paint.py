"""Colours, gradients, hills, skies and other brushes on float32 pictures [128, 128, 3] of 0..255.

Pure functions of their arguments and a random.Random; know no scene by name.
"""

import numpy as np
from PIL import Image, ImageDraw

SIDE = 128
Y, X = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / (SIDE - 1)
COLOURS = {
    "red": (226, 45, 52), "orange": (246, 135, 30), "yellow": (252, 205, 45), "green": (60, 170, 75), "blue": (45, 115, 230), "purple": (138, 75, 200), "pink": (248, 115, 175),
    "brown": (140, 88, 52), "black": (46, 46, 54), "white": (240, 242, 246), "gray": (140, 146, 156), "golden": (235, 180, 50), "teal": (25, 165, 165),
}
GROUNDS = {
    "white": (255, 255, 255), "red": (214, 70, 72), "orange": (245, 160, 80), "yellow": (250, 226, 120), "green": (120, 195, 120), "blue": (95, 160, 235), "purple": (160, 120, 212),
    "pink": (250, 186, 212), "black": (24, 24, 30), "gray": (160, 165, 172), "beige": (240, 226, 200), "teal": (80, 185, 180),
}


def recolour(rgba, colour):
    """The same drawing in one hue: light and dark stay, near-greys follow only if the whole drawing is grey."""
    rgb, alpha = rgba[..., :3].astype(np.float32) / 255, rgba[..., 3]
    light = rgb @ np.array([0.30, 0.59, 0.11], np.float32)
    chroma = rgb.max(-1) - rgb.min(-1)
    solid = alpha > 128
    vivid = bool(solid.any()) and chroma[solid].mean() > 0.2
    part = solid & (chroma > 0.15) if vivid else solid
    middle = np.median(light[part]) if part.any() else 0.5
    target = np.array(COLOURS[colour], np.float32) / 255
    level = np.clip(light - middle, -1, 1)[..., None]
    shaded = target + np.where(level > 0, (1 - target) * level * 1.2, target * level * 1.5)
    share = np.clip((chroma - 0.06) / 0.14, 0, 1) if vivid else np.clip((light - 0.05) / 0.15, 0, 1)
    out = rgb + share[..., None] * (np.clip(shaded, 0, 1) - rgb)
    return np.dstack([(np.clip(out, 0, 1) * 255).astype(np.uint8), alpha])


def as_image(picture):
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def gradient(*stops):
    """Rows from top to bottom through (height 0..1, colour) stops."""
    heights = [height for height, _ in stops]
    rows = np.stack([np.interp(np.linspace(0, 1, SIDE), heights, [colour[i] for _, colour in stops]) for i in range(3)], -1)
    return np.repeat(rows[:, None], SIDE, 1).astype(np.float32)


def towards(picture, colour, share):
    """`share`: [128, 128] of 0..1"""
    return picture + (np.array(colour, np.float32) - picture) * share[..., None]


def ridge(rng, base, amplitude, waves=4):
    """The height of a line of hills at every column, 0..1 from the top."""
    x, y = np.linspace(0, 1, SIDE), np.zeros(SIDE)
    for k in range(1, waves + 1):
        y += rng.uniform(0.4, 1) / k * np.sin(2 * np.pi * (k * x * rng.uniform(0.5, 1.1) + rng.random()))
    return base + amplitude * y / 2


def peaks(rng, base, amplitude, count):
    x, y = np.linspace(0, 1, SIDE), np.full(SIDE, base)
    for i in range(count):
        centre, height, width = (i + rng.uniform(0.1, 0.9)) / count, amplitude * rng.uniform(0.6, 1), rng.uniform(0.22, 0.34)
        y = np.minimum(y, base - height * np.clip(1 - np.abs(x - centre) / width, 0, 1))
    return y


def below(picture, line, top, bottom):
    """Everything below a line, shaded from `top` at it to `bottom` at the lower edge."""
    mask = np.clip((Y - line[None]) * SIDE + 0.5, 0, 1)[..., None]
    depth = np.clip((Y - line[None]) / np.maximum(1 - line[None], 0.05), 0, 1)[..., None]
    return picture * (1 - mask) + mask * (np.array(top, np.float32) * (1 - depth) + np.array(bottom, np.float32) * depth)


def disc(picture, x, y, radius, colour, glow=0.0):
    distance = np.hypot(X - x, Y - y)
    if glow:
        picture = towards(picture, colour, np.clip(1 - (distance - radius) / glow, 0, 1) ** 2 * 0.55)
    return towards(picture, colour, np.clip((radius - distance) * SIDE + 0.5, 0, 1))


def stars(picture, rng, count, top=1.0):
    for _ in range(count):
        x, y, bright = rng.randrange(1, SIDE - 1), rng.randrange(1, max(2, int(SIDE * top) - 1)), rng.uniform(0.4, 1)
        picture[y, x] += (255 - picture[y, x]) * bright
        if bright > 0.8:
            for dy, dx in ((0, -1), (0, 1), (-1, 0), (1, 0)):
                picture[y + dy, x + dx] += 70
    return picture


def clouds(picture, rng, count=3, lowest=0.35, alpha=0.9):
    for _ in range(count):
        x, y = rng.uniform(0, 1), rng.uniform(0.06, lowest)
        for _ in range(4):
            puff = np.hypot((X - x - rng.uniform(-0.09, 0.09)) / rng.uniform(0.06, 0.1), (Y - y - rng.uniform(-0.015, 0.02)) / rng.uniform(0.03, 0.05))
            picture = towards(picture, (255, 255, 255), alpha * np.clip((1 - puff) * 3, 0, 1))
    return picture


def skyline(picture, rng, base, layers, lit=None, tall=0.5):
    """Rows of houses, the farthest first; `lit`: colours of windows."""
    image = as_image(picture)
    draw, floor = ImageDraw.Draw(image), int(SIDE * base)
    for depth, colour in enumerate(layers):
        x = -6
        while x < SIDE:
            width, height = rng.randint(11, 20), int(SIDE * tall * rng.uniform(0.35, 1) * (1 - 0.25 * depth))
            top = floor - height
            draw.rectangle([x, top, x + width, floor], fill=colour)
            if rng.random() < 0.3:
                draw.line([x + width // 2, top - 7, x + width // 2, top], fill=colour)
            if lit:
                for window_y in range(top + 3, floor - 3, 5):
                    for window_x in range(x + 2, x + width - 2, 4):
                        if rng.random() < 0.5:
                            draw.rectangle([window_x, window_y, window_x + 1, window_y + 2], fill=rng.choice(lit))
            x += width + rng.randint(0, 3)
    return np.asarray(image, np.float32)


def rain(picture, rng):
    streaks = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(streaks)
    for _ in range(46):
        x, y = rng.randrange(SIDE), rng.randrange(SIDE)
        draw.line([x, y, x - 2, y + 7], fill=130)
    return towards(picture, (215, 230, 250), np.asarray(streaks, np.float32) / 255)


def snow(picture, rng):
    flakes = Image.new("L", (SIDE * 2, SIDE * 2))
    draw = ImageDraw.Draw(flakes)
    for _ in range(34):
        x, y, r = rng.randrange(SIDE * 2), rng.randrange(SIDE * 2), rng.uniform(1.5, 3.4)
        draw.ellipse([x - r, y - r, x + r, y + r], fill=240)
    return towards(picture, (255, 255, 255), np.asarray(flakes.resize((SIDE, SIDE), Image.BOX), np.float32) / 255)
