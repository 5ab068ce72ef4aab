"""Putting drawings on a picture: sizes, shadows, the white rim of a sticker. Knows no thing by name."""

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from compose.paint import SIDE, X, Y, as_image


def fit(image, side):
    """The drawing with its longer side `side` px."""
    scale = side / max(image.size)
    return image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.BICUBIC, reducing_gap=2.0)


def put(canvas, image, centre, bottom, flip=False):
    """Pastes with the bottom's middle at (centre, bottom), px; returns the box (x, y, width, height)."""
    if flip:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    x, y = round(centre - image.width / 2), round(bottom - image.height)
    if -image.width < x < SIDE and -image.height < y < SIDE:
        canvas.alpha_composite(image, (max(0, x), max(0, y)), (max(0, -x), max(0, -y)))
    return x, y, image.width, image.height


def put_middle(canvas, image, x, y):
    return put(canvas, image, x, y + image.height / 2)


def shadow(canvas, centre, bottom, width, strength=0.35):
    """A soft dark ellipse where a thing stands."""
    rx, ry = width * 0.46, max(2.0, width * 0.085)
    x0, x1 = int(max(0, centre - rx - 2)), int(min(SIDE, centre + rx + 3))
    y0, y1 = int(max(0, bottom - ry - 3)), int(min(SIDE, bottom + ry + 3))
    if x1 <= x0 or y1 <= y0:
        return
    distance = np.hypot((X[y0:y1, x0:x1] * (SIDE - 1) - centre) / rx, (Y[y0:y1, x0:x1] * (SIDE - 1) - bottom + 1) / ry)
    tile = np.zeros((y1 - y0, x1 - x0, 4), np.uint8)
    tile[..., 3], tile[..., 2] = (np.clip(1.15 - distance, 0, 1) * 255 * strength).astype(np.uint8), 18
    canvas.alpha_composite(Image.fromarray(tile), (x0, y0))


def sticker(image, width=3, colour=(255, 255, 255)):
    """The drawing with a white rim and a soft shadow."""
    pad = width + 3
    large = Image.new("RGBA", (image.width + 2 * pad, image.height + 2 * pad))
    large.paste(image, (pad, pad))
    wide = large.getchannel("A").point(lambda a: 255 if a > 100 else 0).filter(ImageFilter.MaxFilter(2 * width + 1)).filter(ImageFilter.GaussianBlur(0.8))
    out = Image.new("RGBA", large.size, (60, 60, 70, 0))
    out.putalpha(ImageChops.offset(wide, 0, 2).filter(ImageFilter.GaussianBlur(1.6)).point(lambda a: int(a * 0.45)))
    rim = Image.new("RGBA", large.size, (*colour, 0))
    rim.putalpha(wide)
    out.alpha_composite(rim)
    out.alpha_composite(large)
    return out


def scatter(picture, glyphs, labels, rng, count, size, heights):
    """Drawings strewn over a ground, the farther ones first; `size` and `heights` as shares of the picture."""
    image = as_image(picture).convert("RGBA")
    for n in range(count):
        y = heights[0] + (heights[1] - heights[0]) * (n + rng.random()) / count
        put(image, fit(glyphs.glyph(rng.choice(labels)), rng.uniform(*size) * SIDE), ((n * 5 % count) + rng.random()) / count * SIDE, y * SIDE)
    return np.asarray(image.convert("RGB"), np.float32)
