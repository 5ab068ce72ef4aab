"""Stage `base`: the text-to-latent diffusion model, UNet and text encoder learnt together.

Predicts v (Salimans and Ho, 2022): with a picture of 16 x 16 latents the ground's colour shows through even the noisiest
step, and v stays accurate there where the noise prediction is divided by a small number.
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import precision
from clock import Clock
from compose import Glyphs
from compose.mix import KINDS, RELATED, SIMPLE
from compose.things import name_of
from optim import Average, Pair
from team import Team
from tokens import MAX_TOKENS

TEXT_WIDTH, TEXT_LAYERS = 192, 3
MINUTES = 240
BATCH = 64
SNR_CAP, LEAST = 5.0, 0.05
EMPTY = 0.1
CURRICULUM = 0.4, 0.75  # shares of the time after which the mix changes
EVERYDAY = 4.0, 1.5  # how much more often pictures of everyday things alone come, at the beginning and at the end
EVERYDAY_WORDS = pathlib.Path(__file__).resolve().parent / "words" / "everyday.txt"
PUBLISHED = pathlib.Path(__file__).resolve().parent.parent
SCHEDULE = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.02, "beta_schedule": "scaled_linear", "prediction_type": "v_prediction"}


def alphas_cumprod():
    betas = torch.linspace(SCHEDULE["beta_start"] ** 0.5, SCHEDULE["beta_end"] ** 0.5, 1000, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float()


def tokenizer(work):
    return CLIPTokenizer.from_pretrained(work / "tokenizer")


def token_ids(tokens, prompts):
    return tokens(prompts, padding="max_length", max_length=MAX_TOKENS, truncation=True, return_tensors="pt").input_ids


def build_unet(channels):
    unet = UNet2DConditionModel(
        sample_size=16, in_channels=channels, out_channels=channels, block_out_channels=(96, 192, 192), layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        mid_block_type="UNetMidBlock2DCrossAttn", cross_attention_dim=TEXT_WIDTH, attention_head_dim=4, norm_num_groups=16, use_linear_projection=True,
    )
    unet.set_attn_processor(AttnProcessor())  # torch's fused attention has a slow backward on a CPU
    return unet.to(memory_format=torch.channels_last)


def build_text(tokens):
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=len(tokens), hidden_size=TEXT_WIDTH, intermediate_size=4 * TEXT_WIDTH, projection_dim=TEXT_WIDTH, num_hidden_layers=TEXT_LAYERS, num_attention_heads=4,
        max_position_embeddings=MAX_TOKENS, hidden_act="quick_gelu", bos_token_id=tokens.bos_token_id, eos_token_id=tokens.eos_token_id, pad_token_id=tokens.pad_token_id,
    ))


def begin(unet, text, tokens):
    """Start from the published weights: a weight whose shape fits is kept, the rest is fresh; the text encoder's only where a token is what it was."""
    from safetensors.torch import load_file

    def take(net, file):
        old, new = load_file(PUBLISHED / file), net.state_dict()
        old = {name.removeprefix("text_model."): value for name, value in old.items()}
        for name, value in new.items():
            found = old.get(name.removeprefix("text_model."))
            if found is not None and found.shape == value.shape:
                new[name] = found.float()
        net.load_state_dict(new)

    take(unet, "unet/diffusion_pytorch_model.safetensors")
    if json.loads((PUBLISHED / "tokenizer" / "vocab.json").read_text()) == tokens.get_vocab():
        take(text, "text_encoder/model.safetensors")


def load(work, tokens):
    """The averaged model, frozen."""
    state = torch.load(work / "base.pt", map_location="cpu", weights_only=False)
    unet, text = build_unet(state["unet_average"]["conv_in.weight"].shape[1]), build_text(tokens)
    unet.load_state_dict(state["unet_average"])
    text.load_state_dict(state["text_average"])
    return unet.eval().requires_grad_(False), text.eval().requires_grad_(False)


def names_of(glyphs):
    return {name_of(label) for label in (*glyphs.all, *glyphs.people)}


def is_everyday(captions, names):
    """Of each caption whether it names nothing but what people ask for first (words/everyday.txt), of all the `names` there are."""
    everyday = {name if name in names else name.replace("-", " ") for name in EVERYDAY_WORDS.read_text().split()}
    rest, longest = names - everyday, max(len(name.split()) for name in names)

    def named(caption):
        words, at = caption.split(), 0
        while at < len(words):
            for count in range(longest, 0, -1):
                said = " ".join(words[at : at + count])
                name = next((form for form in (said, said.removesuffix("s"), said.removesuffix("es")) if form in names), None)
                if name is not None:
                    yield name
                    break
            at += count

    return np.array([not any(name in rest for name in named(caption)) for caption in captions])


def shares(kinds, progress):
    """Of each kind: first mostly simple things, then the whole mix, at the end what is hard."""
    def factor(kind):
        if progress < CURRICULUM[0]:
            return 3.0 if kind in SIMPLE else 0.5
        return 2.0 if progress >= CURRICULUM[1] and kind in RELATED else 1.0

    share = np.array([KINDS[kind][1] * factor(kind) for kind in kinds])
    return share / share.sum()


def everyday_factor(progress):
    """How much more often a picture of nothing but everyday things comes than another of its kind."""
    return EVERYDAY[0] + (EVERYDAY[1] - EVERYDAY[0]) * progress


class Latents:
    """Batches of (latents, token ids), drawn by kind of picture with shares that follow the curriculum."""

    def __init__(self, work, tokens, seed):
        shards = sorted((work / "latents").glob("*.json"))
        assert shards, f"no latents in {work / 'latents'}: run the stage that draws them first"
        told = [json.loads(shard.read_text()) for shard in shards]
        self.shards = [np.load(shard.with_suffix(".npy"), mmap_mode="r") for shard in shards]
        self.starts = np.cumsum([0, *(len(shard) for shard in self.shards)])
        captions = [row for part in told for row in part["captions"]]
        self.ids = token_ids(tokens, [caption for row in captions for caption in row]).view(len(captions), -1, MAX_TOKENS).to(torch.int16)
        self.empty = token_ids(tokens, [""])[0]
        kinds = np.array([kind for part in told for kind in part["kinds"]])
        self.by_kind = {kind: np.flatnonzero(kinds == kind) for kind in KINDS if (kinds == kind).any()}
        things = Glyphs(work)
        everyday = is_everyday([row[0] for row in captions], names_of(things))
        self.everyday = {kind: (rows[everyday[rows]], rows[~everyday[rows]]) for kind, rows in self.by_kind.items()}
        self.rng = np.random.default_rng(seed)

    @property
    def channels(self):
        return self.shards[0].shape[-1]

    def batch(self, count, progress=0.5, empty=EMPTY):
        kinds = self.rng.choice(len(self.by_kind), count, p=shares(self.by_kind, progress))
        halves, factor = list(self.everyday.values()), everyday_factor(progress)

        def pick(everyday, rest):
            share = len(everyday) * factor
            return self.rng.choice(everyday if self.rng.random() * (share + len(rest)) < share else rest)

        picked = np.array([pick(*halves[kind]) for kind in kinds])
        shard = np.searchsorted(self.starts, picked, side="right") - 1
        z = np.stack([self.shards[s][row - self.starts[s]] for s, row in zip(shard, picked)])
        ids = self.ids[picked, self.rng.integers(0, self.ids.shape[1], count)].long()
        ids[torch.from_numpy(self.rng.random(count) < empty)] = self.empty
        return torch.from_numpy(z.astype(np.float32)).permute(0, 3, 1, 2), ids  # [B, C, 16, 16], channels last in memory


def diffusion_loss(unet, text, z, ids, alpha_bar):
    """Min-SNR weighted error of v; timesteps spread evenly over the batch.

    Something is added to the weight: the noisiest steps decide ground and colour, and with few steps everything, so it must never vanish.
    """
    t = ((torch.arange(len(z), device=z.device) + torch.rand(len(z), device=z.device)) / len(z) * 1000).long()
    a = alpha_bar[t].view(-1, 1, 1, 1)
    noise = torch.randn_like(z)
    noisy, v = a.sqrt() * z + (1 - a).sqrt() * noise, a.sqrt() * noise - (1 - a).sqrt() * z
    with precision.autocast(z.device.type):
        guess = unet(noisy, t, text(ids).last_hidden_state).sample.float()
    snr = (a / (1 - a)).view(-1)
    weight = snr.clamp(max=SNR_CAP) / (snr + 1)
    return ((guess - v).square().mean((1, 2, 3)) * (weight + LEAST)).mean()


def optimiser_of(unet, text):
    """[(name, weight)] of both, and what updates them."""
    named = [(f"unet.{n}", p) for n, p in unet.named_parameters()] + [(f"text.{n}", p) for n, p in text.named_parameters()]
    return named, Pair(named, lr=1.5e-3, adam_lr=1e-3, not_matrices=("embedding", "conv_in", "conv_out"))


def main(work, args):
    torch.manual_seed(2)
    torch.set_num_threads(args.threads)
    tokens = tokenizer(work)
    channels = np.load(next((work / "latents").glob("*.npy")), mmap_mode="r").shape[-1]
    unet, text = build_unet(channels), build_text(tokens)
    begin(unet, text, tokens)
    precision.quickest("cpu")
    clock = Clock("base", work, args.minutes or MINUTES)
    named, optimiser = optimiser_of(unet, text)
    unet_average, text_average = Average(unet, 0.999), Average(text, 0.999)
    if state := clock.resume():
        unet.load_state_dict(state["unet"])
        text.load_state_dict(state["text"])
        if "optimiser" in state:
            optimiser.load_state_dict(state["optimiser"])
        unet_average.weights, text_average.weights = state["unet_average"], state["text_average"]
        unet_average.steps = text_average.steps = state["step"]
    # One process per thread, each with half of the batch; AdamW's few weights all belong to the first.
    optimiser.share_memory()
    for average in (unet_average, text_average):
        average.weights = {name: value.clone().share_memory_() for name, value in average.weights.items()}
    names = [name for name, _ in named]
    team = Team([p for _, p in named], args.threads)
    if len(optimiser.parts) > 1:
        small = {id(p) for group in optimiser.parts[1][0].param_groups for p in group["params"]}
        team.owner.update({n: 0 for n, p in enumerate(team.params) if id(p) in small})

    def member(rank):
        data = Latents(work, tokens, seed=clock.step + 1_000_000 * rank)
        torch.manual_seed(2 + clock.step + 1_000_000 * rank)
        mine = {names[n] for n in team.mine()}
        of_unet, of_text = ({name.split(".", 1)[1] for name in mine if name.startswith(part)} for part in ("unet.", "text."))
        alpha_bar, progress = alphas_cumprod(), clock.progress
        clock.start()

        def follow():
            unet_average.update(unet, of_unet)
            text_average.update(text, of_text)

        while progress < 1:
            z, ids = data.batch(BATCH // team.size, progress)
            loss = diffusion_loss(unet, text, z, ids, alpha_bar)
            loss.backward()
            if rank == 0:
                team.board[0], team.board[1] = clock.rate(warmup_steps=60), clock.progress
            mean, progress = team.step(optimiser, float(loss.detach()), follow)
            if rank == 0:
                clock.tick(BATCH, loss=mean)
                if clock.due() or progress >= 1:
                    clock.save(unet=unet.state_dict(), text=text.state_dict(), optimiser=optimiser.state_dict(), unet_average=unet_average.weights, text_average=text_average.weights)

    team.start(member)
