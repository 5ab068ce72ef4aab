"""Writes prompts/: pictures of weighted prompts, by the web UI's own way of reading them, on diffusers' nets.

    python test/golden/make_prompts.py

parse_prompt_attention and the chunks are those of AUTOMATIC1111/stable-diffusion-webui 1.10 (modules/prompt_parser.py,
modules/sd_hijack_clip.py, modules/sd_emphasis.py), written down again from their rules; `::` mixes encodings by their shares of
the sum. Both halves of guidance are predicted by calls of their own, so their lengths may differ. Textual inversions are random
vectors in the web UI's files. Tiny random models of tiny_models.py. Made with torch 2.15, diffusers 0.42.
"""
import json
import pathlib
import re
import shutil
import tempfile

import numpy
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors.torch import save_file

from tiny_models import pipeline_folder

HERE = pathlib.Path(__file__).parent / "prompts"
ROOM, BACKTRACK = 75, 20
LONG = "the red fox, a cat and the blue cat, on the red ring, a fox of the cat, and a blue ring, the cat on a fox"
CASES = [
    {"name": "weights", "model": "sd15", "prompt": "a (blue:1.4) fox and [the (red cat)] ((on)) a ring"},
    {"name": "escapes", "model": "sd15", "prompt": r"a fox \(blue\) and (a \[red\] cat:0.7"},
    {"name": "break", "model": "sd15", "prompt": "a blue fox BREAK (the red cat:1.3)"},
    {"name": "long", "model": "sd15", "prompt": LONG},
    {"name": "long-weighted-guided", "model": "sd15", "prompt": f"{LONG}, (blue:1.5)", "negative": "(red:1.2) cat", "guidance": 3.0},
    {"name": "concepts", "model": "sd15", "prompt": "a blue fox::2 the red cat::-0.5"},
    {"name": "word", "model": "sd15", "prompt": "a (inkling:1.2) fox", "negative": "embedding:inkling, red", "guidance": 3.0, "embeddings": ["inkling"]},
    {"name": "sdxl-weights", "model": "sdxl", "prompt": "a (blue:1.4) fox and [the red cat]", "negative": "(red)", "guidance": 3.0},
    {"name": "sdxl-long-word", "model": "sdxl", "prompt": f"pairling {LONG}", "embeddings": ["pairling"]},
]
DEFAULTS = {"negative": "", "guidance": 1.0, "steps": 3, "seed": 9, "embeddings": []}
ATTENTION = re.compile(r"\\\(|\\\)|\\\[|\\]|\\\\|\\|\(|\[|:\s*([+-]?[.\d]+)\s*\)|\)|]|[^\\()\[\]:]+|:")
SHARES = re.compile(r"::\s*([+-]?[\d.]+)?")


def parse(text):
    pieces, rounds, squares = [], [], []

    def multiply(start, factor):
        for piece in pieces[start:]:
            piece[1] *= factor

    for match in ATTENTION.finditer(text):
        part, weight = match[0], match[1]
        if part.startswith("\\"):
            pieces.append([part[1:], 1.0])
        elif part == "(":
            rounds.append(len(pieces))
        elif part == "[":
            squares.append(len(pieces))
        elif weight is not None and rounds:
            multiply(rounds.pop(), float(weight))
        elif part == ")" and rounds:
            multiply(rounds.pop(), 1.1)
        elif part == "]" and squares:
            multiply(squares.pop(), 1 / 1.1)
        else:
            for k, words in enumerate(re.split(r"\s*\bBREAK\b\s*", part)):
                if k > 0:
                    pieces.append(["BREAK", -1])
                pieces.append([words, 1.0])
    for start in rounds:
        multiply(start, 1.1)
    for start in squares:
        multiply(start, 1 / 1.1)
    return pieces or [["", 1.0]]


def chunks_of(pieces, tokenizer, learned):
    """[(ids, weights, {position: vector})]"""
    begin, end, pad = tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id
    ids_of = lambda text: tokenizer(text, add_special_tokens=False).input_ids
    comma = ids_of(",")[0]
    chunks, chunk, last_comma = [], [], -1

    def close():
        nonlocal chunk, last_comma
        missing = ROOM - len(chunk)
        ids = [begin, *[slot[0] for slot in chunk], end] + [pad] * missing
        weights = [1.0, *[slot[1] for slot in chunk], 1.0] + [1.0] * missing
        chunks.append((ids, weights, {k + 1: slot[2] for k, slot in enumerate(chunk) if slot[2] is not None}))
        chunk, last_comma = [], -1

    # Neighbours of one weight are tokenised together.
    merged = []
    for text, weight in pieces:
        if merged and merged[-1][1] == weight and weight != -1:
            merged[-1][0] += text
        else:
            merged.append([text, weight])
    for text, weight in merged:
        if weight == -1:
            close()
            continue
        parts = re.split(r"((?:embedding:)?(?:" + "|".join(learned) + "))", text) if learned else [text]
        for part in parts:
            word = part.removeprefix("embedding:")
            groups = [list(learned[word])] if word in learned else [[i] for i in ids_of(part)]
            for group in groups:
                if word not in learned:
                    if group[0] == comma:
                        last_comma = len(chunk)
                    elif len(chunk) == ROOM and last_comma != -1 and len(chunk) - last_comma <= BACKTRACK:
                        moved = chunk[last_comma + 1:]
                        chunk = chunk[:last_comma + 1]
                        close()
                        chunk = moved
                if len(chunk) + len(group) > ROOM:
                    close()
                chunk += [(0, weight, item) if word in learned else (item, weight, None) for item in group]
    if chunk or not chunks:
        close()
    return chunks


def encode(encoder, chunk, penultimate):
    ids, weights, learned = chunk
    table = encoder.get_input_embeddings()

    def replace(_, __, output):
        output = output.clone()
        for position, vector in learned.items():
            output[0, position] = vector
        return output

    hook = table.register_forward_hook(replace)
    out = encoder(torch.tensor([ids]), output_hidden_states=True)
    hook.remove()
    states = out.hidden_states[-2] if penultimate else out.last_hidden_state
    weighted = states * torch.tensor(weights)[None, :, None]
    return weighted * (states.mean() / weighted.mean()), out[0] if penultimate else None


def conditioning(pipe, prompt, learned, xl):
    concepts = [(prompt, 1.0)]
    if "::" in prompt:
        parts = SHARES.split(prompt)
        concepts = [(text.strip(), float(weight or 1)) for text, weight in zip(parts[::2], parts[1::2])]
        total = sum(weight for _, weight in concepts)
        concepts = [(text, weight / total) for text, weight in concepts]
    tokens = pooled = 0
    for text, share in concepts:
        sides = []
        encoders = [(pipe.text_encoder, pipe.tokenizer, 0)] + ([(pipe.text_encoder_2, pipe.tokenizer_2, 1)] if xl else [])
        for encoder, tokenizer, k in encoders:
            chunks = [encode(encoder, chunk, xl) for chunk in chunks_of(parse(text), tokenizer, {w: v[k] for w, v in learned.items()})]
            sides.append(torch.cat([states for states, _ in chunks], 1))
            own_pooled = chunks[0][1]
        tokens = tokens + share * torch.cat(sides, -1)
        pooled = pooled + share * own_pooled if xl else None
    return tokens, pooled


@torch.no_grad()
def draw(folder, case, learned):
    xl = case["model"] == "sdxl"
    pipe = (StableDiffusionXLPipeline if xl else StableDiffusionPipeline).from_pretrained(folder)
    scheduler = DDIMScheduler.from_config(json.loads((folder / "scheduler" / "scheduler_config.json").read_text()), clip_sample=False)
    scheduler.set_timesteps(case["steps"])
    sides = [conditioning(pipe, case["prompt"], learned, xl)]
    if case["guidance"] > 1:
        sides.append(conditioning(pipe, case["negative"], learned, xl))
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator("cpu").manual_seed(case["seed"]))
    for t in scheduler.timesteps:
        out = []
        for tokens, pooled in sides:
            added = {"text_embeds": pooled, "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]])} if xl else None
            out.append(pipe.unet(latents, t, encoder_hidden_states=tokens, added_cond_kwargs=added).sample)
        prediction = out[0] if len(out) == 1 else out[1] + case["guidance"] * (out[0] - out[1])
        latents = scheduler.step(prediction, t, latents).prev_sample
    image = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    return pipe.image_processor.postprocess(image, output_type="pil")[0]


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    generator = torch.Generator().manual_seed(3)
    vectors = {"inkling": [torch.randn(2, 32, generator=generator)], "pairling": [torch.randn(3, 32, generator=generator), torch.randn(3, 32, generator=generator)]}
    save_file({"emb_params": vectors["inkling"][0]}, HERE / "inkling.safetensors")
    save_file({"clip_l": vectors["pairling"][0], "clip_g": vectors["pairling"][1]}, HERE / "pairling.safetensors")
    cases = []
    with tempfile.TemporaryDirectory() as temporary:
        for partial in CASES:
            case = {**DEFAULTS, **partial}
            folder = pipeline_folder(case["model"], pathlib.Path(temporary) / case["name"], hub_spelling=False)
            picture = draw(folder, case, {word: vectors[word] for word in case["embeddings"]})
            picture.save(HERE / f"{case['name']}.png", optimize=True)
            pixels = numpy.asarray(picture)
            print(f"{case['name']:22} mean {pixels.mean():6.1f} deviation {pixels.std():5.1f}")
            cases.append(case)
    (HERE / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


main()
