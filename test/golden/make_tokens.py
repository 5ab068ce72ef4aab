"""
Token ids as transformers gives them, over a small CLIP vocabulary trained here.

    python test/golden/make_tokens.py

Writes test/golden/tokens: the same vocabulary in the three layouts that model folders use (vocab.json and merges.txt;
one tokenizer.json; SDXL's second tokenizer, which pads with "!"), and ids.json with the versions it was made by.
Made with transformers 5.
"""
import collections
import json
import pathlib
import re
import shutil

import transformers
from transformers import CLIPTokenizer

HERE = pathlib.Path(__file__).parent / "tokens"
MERGES = 420
MAX_LENGTH = 77
BOS, EOS = "<|startoftext|>", "<|endoftext|>"

CORPUS = """
a photo of a fox face on blue, highly detailed, studio light, sharp focus, 8k
a picture of a slice of pizza on a red table in the morning sun
the quick brown fox jumps over the lazy dog while the cat isn't watching
an oil painting of a castle by the sea at sunset, dramatic clouds, trending
portrait of a woman wearing a green hat, soft light, film grain, 35mm photograph
cute kitten sleeping in a basket of flowers, watercolour, pastel colours
we're drawing what they've seen, don't they'll say, I'm sure he'd agree
low quality, blurry, worst quality, deformed hands, watermark, text
a robot in the style of a neon city street at night, rain, reflections
mountain lake with a small boat and a cabin in the snow, winter evening
the the the of of of and and in in on on with with for a a a
"""

TEXTS = [
    "",
    " ",
    "a fox face on blue",
    "A Fox FACE on BLUE",
    "  a   fox\tface\n\non  blue  ",
    "a photo of a cat, highly detailed, 8k",
    "don't they'll we're I'm he'd they've it's DON'T 'S 'quoted' rock'n'roll",
    "1234567890 3.14 1,000 2nd 4k x2",
    "crème brûlée, naïve café, Ångström, Straße, ÄÖÜ",
    "cre\u0300me bru\u0302le\u0301e",
    "İstanbul ıI ΑΣ ΣΑΣ",
    "日本語 の 絵, 富士山",
    "привет мир, العربية, עברית, हिन्दी, ไทย",
    "fox 🦊 on 🌈, 👩‍👩‍👧‍👦 🇩🇪 👍🏽",
    "½ ² Ⅷ ٣ x₂ ﬁ",
    "a\u00a0b\u200bc\u3000d\u2028e\ufefff\u0085g",
    "(masterpiece:1.2), [low quality], {a|b}, <lora:x:0.8>, a_b-c/d\\e",
    "hello!! wow! !",
    "!!!",
    "...---***",
    "<|startoftext|>a fox<|endoftext|> after",
    "<|StartOfText|>a fox<|ENDOFTEXT|>",
    "snake_case camelCase kebab-case",
    "\u0000\u0001\u007f control",
    "supercalifragilisticexpialidocious",
    " ".join(["fox"] * 75),
    " ".join(["fox"] * 76),
    ", ".join(f"thing number {i} in a very long prompt" for i in range(30)),
    "a fox " + "!" * 100 + " the end",
    "🦊" * 40,
]


def byte_alphabet():
    """The byte-level alphabet in CLIP's order: printable bytes first, so that "!" is 0."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}


def train():
    alphabet = byte_alphabet()
    words = collections.Counter()
    for word in re.findall(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|[^\s\w]+", CORPUS.lower()):
        letters = [alphabet[b] for b in word.encode()]
        letters[-1] += "</w>"
        words[tuple(letters)] += 1
    merges = []
    while len(merges) < MERGES:
        pairs = collections.Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        merged = collections.Counter()
        for word, count in words.items():
            out = []
            for piece in word:
                if out and (out[-1], piece) == best:
                    out[-1] += piece
                else:
                    out.append(piece)
            merged[tuple(out)] += count
        words = merged
    letters = list(alphabet.values())
    tokens = [*letters, *(letter + "</w>" for letter in letters), *("".join(pair) for pair in merges), BOS, EOS]
    return {token: i for i, token in enumerate(tokens)}, merges


def write_slow(folder, vocab, merges, pad):
    folder.mkdir(parents=True)
    special = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    dump = lambda name, value: (folder / name).write_text(json.dumps(value, ensure_ascii=False) + "\n")
    dump("vocab.json", vocab)
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    dump("special_tokens_map.json", {
        "bos_token": {"content": BOS, **special},
        "eos_token": {"content": EOS, **special},
        "pad_token": pad,
        "unk_token": {"content": EOS, **special},
    })
    dump("tokenizer_config.json", {
        "add_prefix_space": False,
        "bos_token": {"__type": "AddedToken", "content": BOS, **special},
        "do_lower_case": True,
        "eos_token": {"__type": "AddedToken", "content": EOS, **special},
        "errors": "replace",
        "model_max_length": MAX_LENGTH,
        "pad_token": pad,
        "tokenizer_class": "CLIPTokenizer",
        "unk_token": {"__type": "AddedToken", "content": EOS, **special},
    })


def ids_of(folder):
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    assert tokenizer.model_max_length == MAX_LENGTH
    encode = lambda text: tokenizer(text, padding="max_length", max_length=MAX_LENGTH, truncation=True).input_ids
    return [encode(text) for text in TEXTS]


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    vocab, merges = train()
    write_slow(HERE / "slow", vocab, merges, EOS)
    write_slow(HERE / "second", vocab, merges, "!")
    CLIPTokenizer.from_pretrained(HERE / "slow").save_pretrained(HERE / "fast")
    CLIPTokenizer.from_pretrained(HERE / "second").save_pretrained(HERE / "fast_second")
    layouts = ["slow", "fast", "second", "fast_second"]
    lines = [json.dumps({"text": text, **{layout: ids for layout, ids in zip(layouts, row)}})
             for text, *row in zip(TEXTS, *(ids_of(HERE / layout) for layout in layouts))]
    (HERE / "ids.json").write_text(
        '{"made_by": "transformers %s", "cases": [\n%s\n]}\n' % (transformers.__version__, ",\n".join(lines)))


main()
