"""Stage `classifier`: the judge. A small convolutional net that names what is in a picture.

Four answers from one trunk: noun, colour, place (ground or scene) and style. It is trained on the art alone, held-out
pairs included, never on generated pictures; its 64 features also serve for the Frechet distance.
"""

import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from art import STYLES
from clock import Clock
from data import Pictures
from optim import Average, Pair
from vocabulary import COLOURS, GROUNDS, SCENES, nouns

MINUTES = 4.5
HEADS = {
    "noun": [name for name, _, _ in nouns()],
    "colour": [None, *COLOURS],
    "place": [*GROUNDS, *SCENES],
    "style": [None, *STYLES],
}


class Judge(nn.Module):
    def __init__(self):
        super().__init__()
        widths, layers, before = (32, 64, 128, 192), [], 3
        for width in widths:
            layers += [nn.Conv2d(before, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
            layers += [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        self.trunk = nn.Sequential(*layers)
        self.features = nn.Linear(before * 4, 64)
        self.by_features = nn.Linear(64, len(HEADS["noun"]))
        self.heads = nn.ModuleDict({name: nn.Linear(before * 4, len(labels)) for name, labels in HEADS.items()})

    def forward(self, pictures):
        """float [B, 3, 64, 64] in -1..1 -> logits by head, and features [B, 64]"""
        map_ = self.trunk(pictures)  # [B, 192, 4, 4]
        pooled = F.adaptive_max_pool2d(map_, 2).flatten(1)
        features = self.features(pooled)
        logits = {name: head(pooled) for name, head in self.heads.items()}
        logits["noun_by_features"] = self.by_features(features)  # keeps the 64 features about content
        return logits, features


def prepare(pictures):
    """uint8 [B, 128, 128, 3] -> float [B, 3, 64, 64]"""
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1)
    return F.avg_pool2d(x, 2).contiguous(memory_format=torch.channels_last)


def load(work):
    model = Judge().to(memory_format=torch.channels_last)
    model.load_state_dict(torch.load(work / "classifier.pt", map_location="cpu", weights_only=False)["average"])
    return model.eval().requires_grad_(False)


class Pool:
    def __init__(self, work, rng, size=6000):
        self.pictures, self.rng = Pictures(work, held_out=True), rng
        self.pictures.weights = [1.0] * len(self.pictures.names)
        drawn = [self.fresh() for _ in range(size)]
        self.images, self.labels = np.stack([d[0] for d in drawn]), [d[1] for d in drawn]

    def fresh(self):
        style = self.rng.choice(list(STYLES)) if self.rng.random() < 0.3 else None
        facts = self.pictures.facts(self.rng)
        picture = self.pictures.draw(facts, self.rng, style)
        plain = style is None
        found = {"noun": facts["noun"], "colour": facts["colour"], "place": facts["scene"] or facts["ground"], "style": style}
        return picture, [HEADS[h].index(found[h]) if plain or h in ("noun", "style") else -100 for h in HEADS]

    def batch(self, count):
        for _ in range(12):
            n = self.rng.randrange(len(self.images))
            self.images[n], self.labels[n] = self.fresh()
        picked = [self.rng.randrange(len(self.images)) for _ in range(count)]
        x = prepare(self.images[picked])
        if self.rng.random() < 0.5:  # the decoder's softness must not be news to the judge
            soft = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
            x = x.lerp(soft, self.rng.random())
        x = x + torch.randn_like(x) * 0.05 * self.rng.random()
        return x, torch.tensor([self.labels[n] for n in picked])


def main(work, args):
    torch.manual_seed(6)
    torch.set_num_threads(args.threads)
    rng = random.Random(6)
    clock = Clock("classifier", work, args.minutes or MINUTES)
    model = Judge().to(memory_format=torch.channels_last)
    optimiser, average = Pair(model.named_parameters(), lr=3e-3, adam_lr=2e-3, not_matrices=("heads", "features", "trunk.0.")), Average(model, 0.99)
    if saved := clock.resume():
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        average.weights, average.steps = saved["average"], saved["step"]
    pool, running = Pool(work, rng), True
    clock.start()
    while running:
        x, labels = pool.batch(64)
        with torch.autocast("cpu", torch.bfloat16):
            logits, _ = model(x)
        loss = sum(F.cross_entropy(logits[h].float(), labels[:, n], ignore_index=-100, label_smoothing=0.05) for n, h in enumerate(HEADS))
        loss = loss + 0.5 * F.cross_entropy(logits["noun_by_features"].float(), labels[:, 0])
        loss.backward()
        optimiser.step(clock.rate(warmup_steps=40))
        average.update(model)
        right = (logits["noun"].argmax(1) == labels[:, 0]).float().mean()
        running = clock.tick(64, loss=float(loss), noun=float(right))
        if clock.due(60) or not running:
            clock.save(model=model.state_dict(), optimiser=optimiser.state_dict(), average=average.weights)
