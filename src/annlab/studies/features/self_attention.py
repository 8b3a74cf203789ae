"""What are queries, keys and values, which shape has every step of self-attention, and why are scores divided by the root of d?

Three examples are computed in NumPy and in torch and compared with torch's scaled dot-product attention: 32 tokens of 256 numbers with
square matrices; 32 sequences of 20 tokens of 128 numbers with keys of 64 and values of 32; the same with 4 heads of 32. Scores of
standard normal queries and keys of 4 to 1024 numbers, with and without division by sqrt(d), give the variance of the scores and the entropy
of the softmax over 32 tokens, which is log 32 where all share alike. A sentence of eight words has hand-made features and matrices, so
that one can read off who asks for what. A small vision transformer (patches of 7, 2 blocks of 4 heads) is trained on digits; where its
class token looks is compared with where there is ink.

quick | standard | full: 13 x 3 x ~1 | 23 x 10 x ~14 | 23 x 10 x ~14 updates, estimated 3 | 60 | 60 seconds on two cores
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch.nn import functional

from annlab.data import holdout, require
from annlab.lab import Figure, Grid, Metric, Outcome, Question, Study, Table, grid, overrides
from annlab.measure.attention import attention, attention_entropy, multi_head_attention, self_attention
from annlab.nets import VisionTransformer
from annlab.nets.attention import attention as by_torch
from annlab.studies.features import self_attention_reading as reading
from annlab.studies.features.self_attention_claims import CLAIMS
from annlab.train import Recipe
from annlab.train.evaluation import dataset_outputs
from annlab.train.images import fit_images
from annlab.train.tensors import as_float, as_tensor

if TYPE_CHECKING:
    from annlab.lab import Context

IMAGES = {"X_train": (None, 28, 28), "y_train": (None,), "X_test": (None, 28, 28), "y_test": (None,)}
TOKENS = 32
SENTENCE = np.array(  # one row a word of the sentence; columns: article, noun, thing, verb, pronoun
    [
        [1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 0, 1, 0],
        [1, 0, 0, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 1],
    ],
    dtype=float,
)
W_Q = 8.0 * np.array([[0, 1, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]], dtype=float)
"""An article and a verb ask for nouns, a noun for verbs, a pronoun for things."""


@dataclass(frozen=True)
class Params:
    """Which part; length of the keys and scaling of the scores; data of the trained transformer."""

    part: Literal["numpy", "torch", "heads", "scores", "sentence", "digits"] = "scores"
    key_size: int = 64
    scaled: bool = True
    data: str = "mnist"
    images: int = 5000
    epochs: int = 4


def trial(params: Params, ctx: "Context") -> Outcome:
    """Compute one part."""
    if params.part == "scores":
        return _scores(params, ctx.streams("data"))
    if params.part == "sentence":
        found = self_attention(SENTENCE, W_Q, np.eye(5), np.eye(5))
        arrays = {"weights": found.weights, "output": found.output}
        return Outcome({"entropy": float(attention_entropy(found.weights).mean()), "most": float(found.weights[-1].max())}, arrays=arrays)
    if params.part == "digits":
        return _digits(params, ctx)
    return _example(params, ctx.streams("data"))


def _example(params: Params, rng: np.random.Generator) -> Outcome:
    """Largest differences of both implementations from torch's product."""
    shape, key_size, value_size = {"numpy": ((32, 256), 256, 256)}.get(params.part, ((32, 20, 128), 64, 32))
    X = rng.normal(size=shape)
    if params.part == "heads":
        W_q, W_k, W_v = (rng.normal(size=(4, shape[-1], 32)) / math.sqrt(shape[-1]) for _ in range(3))
        W_o = rng.normal(size=(128, shape[-1])) / math.sqrt(128)
        output, found = multi_head_attention(X, W_q, W_k, W_v, W_o)
    else:
        scales = math.sqrt(shape[-1])
        W_q, W_k, W_v = (rng.normal(size=(shape[-1], size)) / scales for size in (key_size, key_size, value_size))
        found = self_attention(X, W_q, W_k, W_v)
        output = found.output
    q, k, v = (torch.as_tensor(each) for each in (found.queries, found.keys, found.values))
    reference = functional.scaled_dot_product_attention(q, k, v)
    joined = reference.numpy()
    if params.part == "heads":
        joined = joined.swapaxes(1, 2).reshape(*shape[:-1], -1) @ W_o
    metrics = {
        "numpy_difference": float(np.abs(output - joined).max()),
        "torch_difference": float((by_torch(q, k, v)[0] - reference).abs().max()),
        "entropy": float(attention_entropy(found.weights).mean()),
    }
    names = ("queries", "keys", "values", "scores", "weights")
    lengths = {name: np.array(getattr(found, name).shape) for name in names} | {"output": np.array(output.shape), "tokens": np.array(shape)}
    return Outcome(metrics, arrays=lengths)


def _scores(params: Params, rng: np.random.Generator) -> Outcome:
    """Variance of the scores and evenness of their softmax, keys and queries standard normal."""
    q, k = rng.normal(size=(2, 20, TOKENS, params.key_size))
    _, weights, scores = attention(q, k, k, None if params.scaled else 1.0)
    slope = weights * (1 - weights)  # derivative of a weight by its own score
    metrics = {
        "score_variance": float(scores.var()),
        "entropy": float(attention_entropy(weights).mean()),
        "largest_weight": float(weights.max(-1).mean()),
        "gradient": float(slope.mean()),
    }
    return Outcome(metrics)


def _digits(params: Params, ctx: "Context") -> Outcome:
    """A small transformer trained, and where its class token looks."""
    data = ctx.data(params.data)
    net = VisionTransformer((28, 28), 10, 7, 32, 2, 4, 32, 64, generator=ctx.streams.torch("init"))
    rows = holdout(len(data["X_train"]), [min(params.images, len(data["X_train"]))], ctx.streams("split"))[0]
    recipe = Recipe(loss="cross_entropy", learning_rate=0.002, batch_size=64, max_epochs=params.epochs, running_loss=True)
    fit_images(net, data["X_train"][rows], data["y_train"][rows], recipe, order=ctx.streams.torch("order"))
    images = as_tensor(data["X_test"][:1000], torch.device("cpu"), None)
    net.eval()
    right = dataset_outputs(net, images, torch.float32).argmax(1).numpy() == data["y_test"][:1000]
    with torch.no_grad():
        weights = net.attention(as_float(images[:200], torch.float32))[:, :, :, 0, 1:].numpy()  # (images, blocks, heads, patches)
    share = weights / weights.sum(-1, keepdims=True)
    ink = images[:200].numpy().reshape(-1, 4, 7, 4, 7).mean(axis=(2, 4)).reshape(-1, 16) / 255
    inked = ink > 0.1
    metrics = {
        "test_accuracy": float(right.mean()),
        "ink_share": float(inked.mean()),
        "entropy": float(attention_entropy(share[:, -1]).mean()),
        **{f"ink_attention_{block + 1}": float((share[:, block] * inked[:, None]).sum(-1).mean()) for block in range(2)},
    }
    arrays = {"images": images[:8].numpy(), "maps": share[:8, -1].reshape(8, 4, 4, 4)} if ctx.replicate == 0 else {}
    return Outcome(metrics, arrays=arrays)


METRICS = {
    "numpy_difference": Metric("NumPy against torch's product", scale="log", better="lower"),
    "torch_difference": Metric("ours in torch against torch's product", scale="log", better="lower"),
    "score_variance": Metric("variance of the scores", scale="log"),
    "entropy": Metric("entropy of the weights", "nats"),
    "largest_weight": Metric("largest weight"),
    "gradient": Metric("slope of the softmax", scale="log", better="higher"),
    "most": Metric("largest weight of the pronoun"),
    "test_accuracy": Metric("test accuracy", scale="logit", better="higher"),
    "ink_share": Metric("share of patches with ink"),
    "ink_attention_1": Metric("attention to ink, first block"),
    "ink_attention_2": Metric("attention to ink, last block"),
}


def cells(sizes: list[int], **digits: Any) -> Grid:
    """The examples, scores of keys of some lengths scaled and not, the sentence, the trained transformer."""
    parts = grid(part=["numpy", "torch", "heads", "sentence"]) + grid(part=["scores"], key_size=sizes, scaled=[True, False])
    return parts + grid(part=["digits"], **{name: [value] for name, value in digits.items()})


study = Study(
    name="self-attention",
    title="Self-attention step by step",
    sheet={"2024": "3.3", "C": "3.4"},
    version=1,
    params=Params(),
    trial=trial,
    grid=cells([4, 8, 16, 32, 64, 128, 256, 512, 1024]),
    replicates=10,
    profiles={
        "quick": overrides(grid=cells([4, 32, 256, 1024], data="digits28", images=320, epochs=2), replicates=3),
        "standard": overrides(),
        "full": overrides(),
    },
    data=lambda params: (require(params.data, task="classification", shape=IMAGES).name,) if params.part == "digits" else (),
    cost=lambda params: 0.1 + (params.images * params.epochs * 4e-4 if params.part == "digits" else 0.05),
    metrics=METRICS,
    questions=[
        Question("What do queries, keys and values mean?", reading.meaning, "3.3"),
        Question("Which shape has each step?", reading.shapes, "3.3"),
        Question("Why are scores divided by the root of the keys' length?", reading.why_scaled, "3.3"),
    ],
    figures=[
        Figure("variance", reading.variance, "Variance of the scores by length of the keys, with and without division by its root."),
        Figure("entropy", reading.entropy, "Entropy of the softmax over 32 tokens by length of the keys; the line is log 32, all alike."),
        Figure(
            "sentence", reading.sentence, "Weights of attention in a sentence with hand-made features: each row says what its word takes."
        ),
        Figure("digits", reading.digits, reading.digits_caption),
    ],
    tables=[
        Table("shapes", reading.shape_table, "Shapes of every step in three examples."),
        Table("agreement", reading.agreement, "Largest difference of our implementations from torch's scaled dot-product attention."),
        Table("scores", reading.score_table, "Scores and their softmax by length of the keys."),
        Table("digits", reading.digit_table, "The trained transformer: accuracy, and how much its class token looks at ink."),
    ],
    claims=CLAIMS,
)
