"""Stage `gpu`: some minutes of the base on a card, beside which every processor composes pictures that are seen once or twice.

Runs in what stage `pack` made, without a network, and writes the averaged base in pieces. Composers hand pictures over in shared
memory; the card encodes them into a pool of latents, of which batches are drawn as `base` draws them from its shards. Where there is
no card it runs on the processor: slow, but a rehearsal of the same code.
"""

import itertools
import multiprocessing
import queue
import random
import time

import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor2_0

import base
import pack
import vae
from clock import Clock
from compose import sample
from compose.mix import KINDS
from latents import captions_of, latents_of
from optim import Average
from tokens import MAX_TOKENS

MINUTES = 8
BATCH = 1024
POOL = 400_000
CHUNK, SLOTS = 100, 64  # pictures handed over at once; how many such wait at most
CAPTIONS = 2
FIRST = 8  # batches that the pool holds before the first step
SAVE_SECONDS = 60


class Composers:
    """A process a processor but one. `board` is how far the stage is, 0..1."""

    def __init__(self, folder, seed):
        context = multiprocessing.get_context("fork")
        self.pictures = torch.zeros(SLOTS, CHUNK, 128, 128, 3, dtype=torch.uint8).share_memory_()
        self.ids = torch.zeros(SLOTS, CHUNK, CAPTIONS, MAX_TOKENS, dtype=torch.int32).share_memory_()
        self.facts = torch.zeros(SLOTS, CHUNK, 2, dtype=torch.int32).share_memory_()  # kind, whether everyday
        self.board = torch.zeros(1).share_memory_()
        self.free, self.filled = context.Queue(), context.Queue()
        for slot in range(SLOTS):
            self.free.put(slot)
        words, tokens, count = pack.read_words(folder), base.tokenizer(folder), max(1, multiprocessing.cpu_count() - 1)
        self.processes = [context.Process(target=self._compose, args=(words, tokens, f"gpu {seed} {rank}"), daemon=True) for rank in range(count)]
        for process in self.processes:
            process.start()

    def _compose(self, words, tokens, seed):
        torch.set_num_threads(1)
        (glyphs, synonyms), rng, kinds = words, random.Random(seed), list(KINDS)
        names = base.names_of(glyphs)
        while True:
            slot = self.free.get()
            wanted = dict(zip(kinds, base.shares(kinds, float(self.board[0])) / base.shares(kinds, 0.5)))
            made = [sample(glyphs, rng, weights=wanted) for _ in range(CHUNK)]
            said = [captions_of(each, synonyms, rng) for each in made]
            self.pictures[slot] = torch.from_numpy(np.stack([each.picture for each in made]))
            self.ids[slot] = base.token_ids(tokens, [words for row in said for words in row]).view(CHUNK, CAPTIONS, -1).int()
            everyday = base.is_everyday([row[0] for row in said], names)
            self.facts[slot] = torch.tensor([[kinds.index(each.facts["kind"]), int(common)] for each, common in zip(made, everyday)])
            self.filled.put(slot)

    def take(self, wait):
        """(pictures, ids, facts) of a slot, copied, or None where none is ready."""
        try:
            slot = self.filled.get(timeout=wait) if wait else self.filled.get_nowait()
        except queue.Empty:
            if not all(process.is_alive() for process in self.processes):
                raise SystemExit("gpu: a composing process ended; its fault stands above") from None
            return None
        taken = self.pictures[slot].clone(), self.ids[slot].clone(), self.facts[slot].clone()
        self.free.put(slot)
        return taken

    def stop(self):
        for process in self.processes:
            process.terminate()


class Pool:
    """The latest pictures as latents on the device; the oldest make room."""

    def __init__(self, model, tokens, device, size):
        channels = model.config.latent_channels
        self.model, self.device, self.size, self.at, self.held, self.seen = model, device, size, 0, 0, 0
        self.z = torch.zeros(size, 16, 16, channels, dtype=torch.half, device=device)
        self.ids = torch.zeros(size, CAPTIONS, MAX_TOKENS, dtype=torch.int32, device=device)
        self.kind, self.everyday = (torch.zeros(size, dtype=torch.long, device=device) for _ in range(2))
        self.empty = base.token_ids(tokens, [""])[0].to(device)

    def add(self, pictures, ids, facts):
        places = (self.at + torch.arange(len(pictures), device=self.device)) % self.size
        self.z[places] = latents_of(self.model, pictures.to(self.device))
        self.ids[places], facts = ids.to(self.device), facts.to(self.device).long()
        self.kind[places], self.everyday[places] = facts[:, 0], facts[:, 1]
        self.at, self.held, self.seen = (self.at + len(pictures)) % self.size, min(self.held + len(pictures), self.size), self.seen + len(pictures)

    def batch(self, count, progress):
        """(latents [B, C, 16, 16], token ids [B, T]): kinds by the curriculum's shares, everyday things more often."""
        kind, weight = self.kind[: self.held], 1 + self.everyday[: self.held] * (base.everyday_factor(progress) - 1)
        of_kind = torch.zeros(len(KINDS), device=self.device).index_add_(0, kind, weight.float()).clamp_min(1e-9)
        wanted = torch.from_numpy(base.shares(list(KINDS), progress)).float().to(self.device)
        rows = torch.multinomial(weight * (wanted / of_kind)[kind], count, replacement=True)
        ids = self.ids[rows, torch.randint(CAPTIONS, (count,), device=self.device)].long()
        ids[torch.rand(count, device=self.device) < base.EMPTY] = self.empty
        return self.z[rows].float().permute(0, 3, 1, 2), ids


def main(work, args):
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    batch, out = args.batch or BATCH, args.out or work
    out.mkdir(parents=True, exist_ok=True)
    before = torch.load(work / "base.pt", map_location="cpu", weights_only=False)
    tokens, clock = base.tokenizer(work), Clock("gpu", work, args.minutes or MINUTES, timer=time.monotonic)
    composers = Composers(work, before["step"])  # forks, so before the card is touched
    torch.manual_seed(before["step"])
    torch.set_float32_matmul_precision("high")
    (unet, text), model = base.load(work, tokens), vae.load(work)
    unet, text, model = (net.float().to(device) for net in (unet.requires_grad_(True).train(), text.requires_grad_(True).train(), model))
    unet.set_attn_processor(AttnProcessor2_0())
    _, optimiser = base.optimiser_of(unet, text)
    averages, alpha_bar = (Average(unet, 0.999), Average(text, 0.999)), base.alphas_cumprod().to(device)
    pool = Pool(model, tokens, device, min(POOL, 400 * batch))

    def write():
        counts = {"spent": before["spent"], "step": before["step"] + clock.step, "seen": before["seen"] + clock.seen, "gpu_spent": before["gpu_spent"] + clock.spent}
        pack.write_pieces(out, {**counts, "unet_average": averages[0].weights, "text_average": averages[1].weights})

    most = 1 + 2 * batch // CHUNK  # slots taken before each step: composing never keeps the card from learning
    clock.start()
    running = True
    while running:
        few = pool.held < FIRST * batch
        for taken in itertools.takewhile(bool, (composers.take(wait=1 if few else 0) for _ in range(most))):
            pool.add(*taken)
        if few:
            continue
        composers.board[0] = clock.progress
        loss = base.diffusion_loss(unet, text, *pool.batch(batch, clock.progress), alpha_bar)
        loss.backward()
        optimiser.step(clock.rate(warmup_steps=60))
        for average, net in zip(averages, (unet, text)):
            average.update(net)
        running = clock.tick(batch, loss=float(loss.detach()), composed=pool.seen)
        if clock.due(SAVE_SECONDS) or not running:
            write()
    composers.stop()
    print(f"gpu: {clock.seen:,} pictures in {clock.spent:.0f} s, {pool.seen:,} of them composed meanwhile; on {device}")
