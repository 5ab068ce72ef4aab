"""Stage `data`: render the glyphs once, build the tokenizer, and draw (picture, prompt, facts) samples for all other stages.

A sample is a pure function of (glyph sheet, random.Random). Held-out pairs are
never drawn, unless the caller says so.
"""

import json
import random
import string

import numpy as np

import art
from vocabulary import COLOURS, COMMON, GROUNDS, HELD_OUT_COLOURS, HELD_OUT_SCENES, SCENES, nouns, prompt, spellings

FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"  # Debian package fonts-noto-color-emoji
COMMON_WEIGHT = 3.0
MAX_TOKENS = 24


class Pictures:
    """Draws labelled pictures from the glyph sheet."""

    def __init__(self, work, held_out=False):
        self.kept_back = set() if held_out else HELD_OUT_COLOURS | HELD_OUT_SCENES
        self.sheet = np.load(work / "glyphs.npy", mmap_mode="r")
        self.names = [name for name, _, _ in nouns()]
        self.weights = [COMMON_WEIGHT if name in COMMON else 1.0 for name in self.names]
        self.coloured = {}

    def facts(self, rng):
        """What is to be seen: noun, colour, ground or scene."""
        name = rng.choices(self.names, self.weights)[0]
        colour = rng.choice(list(COLOURS)) if rng.random() < 0.3 else None
        dice = rng.random()
        place = rng.choice(list(SCENES)) if dice > 0.76 else None
        ground = rng.choice([g for g in GROUNDS if g != "white"]) if 0.48 < dice <= 0.76 else "white"
        clash = colour is not None and not place and (ground == colour or (colour == "white" and ground == "white"))
        if clash or (name, colour) in self.kept_back or (name, place) in self.kept_back:
            return self.facts(rng)
        return {"noun": name, "colour": colour, "ground": ground, "scene": place}

    def glyph(self, name, colour):
        index = self.names.index(name)
        if colour is None:
            return self.sheet[index]
        if (index, colour) not in self.coloured:
            self.coloured[index, colour] = art.recolour(self.sheet[index], colour)
        return self.coloured[index, colour]

    def draw(self, facts, rng, style=None):
        """uint8 [128, 128, 3]"""
        side = rng.randint(92, 104)
        reach = 5
        placed = art.place(self.glyph(facts["noun"], facts["colour"]), side, rng.randint(-reach, reach), rng.randint(-reach, reach), rng.random() < 0.2)
        if style:
            return art.STYLES[style](placed)
        ground = art.scene(facts["scene"], rng) if facts["scene"] else art.plain(facts["ground"])
        return art.compose(placed, ground)

    def caption(self, facts, rng):
        spelling = None
        if rng.random() < 0.03:  # a word nobody knows: the picture is still a picture
            spelling = "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(3, 9)))
        return prompt(rng, facts["noun"], facts["colour"], facts["ground"], facts["scene"], spelling)

    def sample(self, rng, style=None):
        facts = self.facts(rng)
        return self.draw(facts, rng, style), self.caption(facts, rng), facts


def build_tokenizer(folder):
    """CLIP's byte-pair files for a small vocabulary; every byte is a token, so any word can be spelt."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    rng = random.Random(7)
    corpus = []
    for name, _, _ in nouns():
        for spelling in spellings(name) * 3:
            corpus.append(prompt(rng, name, rng.choice(list(COLOURS)), rng.choice(list(GROUNDS)), rng.choice([None, *SCENES]), spelling))
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(vocab_size=1400, min_frequency=2, end_of_word_suffix="</w>", initial_alphabet=list(string.ascii_lowercase))
    tokenizer.train_from_iterator(corpus, trainer)
    merges = [tuple(m) for m in json.loads(tokenizer.to_str())["model"]["merges"]]
    symbols = [*byte_symbols(), *(s + "</w>" for s in byte_symbols()), *("".join(m) for m in merges), "<|startoftext|>", "<|endoftext|>"]
    symbols = list(dict.fromkeys(symbols))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({s: i for i, s in enumerate(symbols)}, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    special = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
    (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2) + "\n")
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": MAX_TOKENS, "do_lower_case": True, "add_prefix_space": False, "errors": "replace", **special}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def byte_symbols():
    """GPT-2's printable name of each of the 256 bytes, in CLIP's order."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [b for b in range(256) if b not in shown]
    return [chr(b) for b in shown] + [chr(256 + n) for n in range(len(hidden))]


def main(work, args):
    work.mkdir(parents=True, exist_ok=True)
    np.save(work / "glyphs.npy", art.render_glyphs([glyph for _, glyph, _ in nouns()], FONT))
    build_tokenizer(work / "tokenizer")
    print(f"data: {len(nouns())} glyphs, tokenizer of {len(json.loads((work / 'tokenizer' / 'vocab.json').read_text()))} entries")
