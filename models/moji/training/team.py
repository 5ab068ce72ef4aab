"""Several processes of one thread each that train one model: shared weights, own gradients, shared out optimiser work.

On a busy machine this is much faster than one process of several threads, which wait for each other at every operation;
a team meets twice a step. Knows no model and no data. Start it before any backward pass (it forks).
"""

import multiprocessing

import torch


class Team:
    def __init__(self, params, size):
        context = multiprocessing.get_context("fork")
        self.params, self.size, self.rank = params, size, 0
        self.barrier = context.Barrier(size, timeout=600)
        self.context = context
        self.grads = [[torch.zeros_like(p).share_memory_() for p in params] for _ in range(size)]
        self.board = torch.zeros(2 + size).share_memory_()  # rate, progress, each one's loss
        for p in params:
            p.share_memory_()
        load, self.owner = [0.0] * size, {}
        for n in sorted(range(len(params)), key=lambda n: -params[n].numel()):
            self.owner[n] = load.index(min(load))
            load[self.owner[n]] += params[n].numel() * min(params[n].shape[0], params[n][0].numel())

    def start(self, work):
        """Runs work(rank) in every member; returns when this process, rank 0, is done."""
        members = [self.context.Process(target=self._join, args=(work, rank), daemon=True) for rank in range(1, self.size)]
        for member in members:
            member.start()
        self._join(work, 0)
        for member in members:
            member.join(30)

    def _join(self, work, rank):
        torch.set_num_threads(1)
        self.rank = rank
        self._take_grads()
        work(rank)

    def _take_grads(self):
        for p, grad in zip(self.params, self.grads[self.rank]):
            p.grad = grad.zero_()

    def mine(self):
        return [n for n in range(len(self.params)) if self.owner[n] == self.rank]

    def step(self, optimiser, loss, after):
        """Everybody's gradients meet; each member updates its share of the weights, then calls `after`.

        Returns the mean loss, and how far the first member (who writes `board`) says the stage is, 0..1.
        """
        self.board[2 + self.rank] = loss
        self.barrier.wait()
        mean, rate, progress = float(self.board[2:].mean()), float(self.board[0]), float(self.board[1])
        for n, p in enumerate(self.params):
            if self.owner[n] != self.rank:
                p.grad = None
                continue
            for other in range(self.size):
                if other != self.rank:
                    p.grad.add_(self.grads[other][n])
            p.grad.div_(self.size)
        optimiser.update(rate)
        after()
        self.barrier.wait()
        self._take_grads()
        return mean, progress
