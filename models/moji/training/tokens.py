"""The tokenizer: CLIP's byte-pair files for the words of the grammar; every byte is a token, so that any word can be spelt.

Learnt from captions of composed pictures and from the synonyms that CLDR lists for each thing.
"""

import json
import random
import string

MAX_TOKENS = 32
SIZE = 3600
CAPTIONS = 60_000
SPECIAL = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}


def byte_symbols():
    """GPT-2's printable name of each of the 256 bytes, in CLIP's order."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return [chr(b) for b in shown] + [chr(256 + n) for n in range(256 - len(shown))]


def corpus(work):
    from compose import Glyphs, sample
    from synonyms import Synonyms

    glyphs, rng = Glyphs(work), random.Random(7)
    synonyms = Synonyms(glyphs.things)
    for _ in range(CAPTIONS):
        yield synonyms.vary(sample(glyphs, rng).caption, rng, share=0.5)
    for label in glyphs.all:
        for name in synonyms.of(label):
            yield from (name,) * 8


def build(work):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    folder = work / "tokenizer"
    if (folder / "vocab.json").exists():
        return
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(vocab_size=SIZE, min_frequency=2, end_of_word_suffix="</w>", initial_alphabet=list(string.ascii_lowercase), show_progress=False)
    tokenizer.train_from_iterator(corpus(work), trainer)
    merges = [tuple(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]]
    symbols = [*byte_symbols(), *(s + "</w>" for s in byte_symbols()), *("".join(merge) for merge in merges), "<|startoftext|>", "<|endoftext|>"]
    symbols = list(dict.fromkeys(symbols))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({symbol: n for n, symbol in enumerate(symbols)}, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    (folder / "special_tokens_map.json").write_text(json.dumps(SPECIAL, indent=2) + "\n")
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": MAX_TOKENS, "do_lower_case": True, "add_prefix_space": False, "errors": "replace", **SPECIAL}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    print(f"tokenizer: {len(symbols)} entries")
