"""Training pictures and what is said of them: drawings of open sets put together into scenes.

`sample(glyphs, rng)` is a pure function of its two arguments. numpy and Pillow only; knows nothing of latents or training.
"""

from compose.canvas import Sample
from compose.glyphs import Glyphs
from compose.mix import KINDS, sample

__all__ = ["KINDS", "Glyphs", "Sample", "sample"]
