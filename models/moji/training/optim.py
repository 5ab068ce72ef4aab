"""Muon for matrices and convolutions, AdamW for the rest, and an average of the weights.

Muon (Keller Jordan, 2024): momentum whose update is orthogonalised by five Newton-Schulz steps. Knows no model by name:
what is a matrix is told by shape, and embeddings and other exceptions are named by the caller.
"""

import torch

import precision


@torch.no_grad()
def orthogonal(update, steps=5):
    a, b, c = 3.4445, -4.7750, 2.0315
    x = update.to(precision.quickest(update.device.type))
    tall = x.shape[0] > x.shape[1]
    x = x.T.contiguous() if tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        # The Gram matrix is made of x anew each time: stepped by itself in bfloat16, what was rounded of it grows without bound.
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.T if tall else x).to(update.dtype)


class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum=0.95, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(weight)
                buffer = state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
                update = weight.grad.lerp(buffer, group["momentum"])
                matrix = update.reshape(update.shape[0], -1)
                # the size of an AdamW update of the same rate (Moonshot's scaling), whatever the shape
                scale = 0.2 * max(matrix.shape) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(orthogonal(matrix).reshape(weight.shape), alpha=-group["lr"] * scale)


class Pair:
    """Muon and AdamW stepped as one, with one rate schedule."""

    def __init__(self, named_params, lr, adam_lr=None, weight_decay=0.0, not_matrices=(), betas=(0.9, 0.99)):
        named = [(name, p) for name, p in named_params if p.requires_grad]
        is_matrix = [p.ndim >= 2 and min(p.shape[0], p[0].numel()) >= 16 and not any(s in name for s in not_matrices) for name, p in named]
        matrices = [p for (_, p), m in zip(named, is_matrix) if m]
        others = [p for (_, p), m in zip(named, is_matrix) if not m]
        self.parts = []
        if matrices:
            self.parts.append((Muon(matrices, lr, weight_decay=weight_decay), lr))
        if others:
            self.parts.append((torch.optim.AdamW(others, adam_lr or lr, betas=betas, weight_decay=0.0, fused=True), adam_lr or lr))
        self.params = matrices + others

    def step(self, rate, clip=1.0):
        """One update at `rate` times the full learning rate; returns the gradient's norm."""
        norm = torch.nn.utils.clip_grad_norm_(self.params, clip)
        self.update(rate)
        for part, _ in self.parts:
            part.zero_grad(set_to_none=True)
        return float(norm)

    def update(self, rate):
        """Only the update, of those weights that have a gradient."""
        for part, lr in self.parts:
            for group in part.param_groups:
                group["lr"] = lr * rate
            part.step()

    def share_memory(self):
        """Muon's momentum where every process of a team sees it; call before the fork."""
        for part, _ in self.parts:
            if isinstance(part, Muon):
                for group in part.param_groups:
                    for weight in group["params"]:
                        state = part.state[weight]
                        state["momentum"] = state.get("momentum", torch.zeros_like(weight)).share_memory_()

    def state_dict(self):
        return [part.state_dict() for part, _ in self.parts]

    def load_state_dict(self, states):
        for (part, _), state in zip(self.parts, states):
            part.load_state_dict(state)


class Average:
    """Exponential moving average of a module's weights, short at first."""

    def __init__(self, module, decay):
        self.decay, self.steps = decay, 0
        self.weights = {k: v.detach().clone() for k, v in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module, names=None):
        """Follow the module's weights, or only those of `names`."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, value in module.state_dict().items():
            if names is not None and name not in names:
                continue
            if value.is_floating_point():
                self.weights[name].lerp_(value, 1 - decay)
            else:
                self.weights[name].copy_(value)
