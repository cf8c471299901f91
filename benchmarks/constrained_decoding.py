"""Measures what constrained decoding costs a token: the same model with and without, interleaved in one process.

    python benchmarks/constrained_decoding.py [--width 512] [--layers 8] [--vocab 32000] [--tokens 64] [--repeats 9]

Both decode the same number of tokens from random weights: the answers have the form `free` in one half of the runs with
the constraint's tables (every step computes masks and records), and none in the other. The vocabulary is synthetic: the
words of the answers, and other words up to `--vocab`.
"""

import argparse
import time

import command_line
import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from timesuite_jax.generation import GenerationSpec, generate
from timesuite_jax.generation.constraint import constraint
from timesuite_jax.generation.grammar.tables import FREE, compile_grammar
from timesuite_jax.models.text import Mistral, MistralSpec
from timesuite_jax.progress import track
from timesuite_jax.videochat_t.answering.answer_forms import answer_graph


def vocabulary(size: int) -> list[str]:
    words = [
        "The",
        "given",
        "query",
        "event",
        "happens",
        "in",
        "between",
        "from",
        "to",
        "and",
        "seconds",
        "It",
        "starts",
        "at",
        "ends",
        "does",
        "not",
        "this",
        "video",
    ]
    pieces = ["", "", "", *"0123456789.,-[] ", *(f" {word}" for word in words), *(f" {digit}" for digit in range(10))]
    return pieces + [f" word{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}" for n in range(size - len(pieces))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (
        ("width", 512),
        ("layers", 8),
        ("vocab", 32000),
        ("tokens", 64),
        ("repeats", 9),
        ("batch", 1),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    sizes = {"width": args.width, "layers": args.layers, "mlp": 4 * args.width}
    model = Mistral(MistralSpec.from_variant("debug", vocab=args.vocab, **sizes))
    embeds, valid = jnp.zeros((args.batch, 32, args.width)), jnp.ones((args.batch, 32), bool)
    positions = jnp.zeros((args.batch, 32), jnp.int32)
    params = nn.meta.unbox(jax.jit(model.init)(jax.random.key(0), embeds, positions, valid)["params"])
    tables = compile_grammar(answer_graph(), vocabulary(args.vocab), (2,), args.vocab)
    spec = GenerationSpec(args.tokens, stop_tokens=())
    limits = {"free": None, "constrained": constraint(tables, [FREE] * args.batch, [30.0] * args.batch, args.tokens)}
    seconds: dict[str, list[float]] = {name: [] for name in limits}
    for number in track(range(args.repeats + 1), "repetitions"):
        for name, limit in limits.items():
            start = time.process_time()  # of all threads: other load on the machine counts less
            jax.block_until_ready(generate(model, params, embeds, valid, spec, None, limit))
            if number:  # the first compiles
                seconds[name].append(time.process_time() - start)
    medians = {name: float(np.median(of)) for name, of in seconds.items()}
    for name, median in medians.items():
        print(f"{name}: {args.batch * args.tokens / median:.1f} tokens per CPU second (median of {args.repeats})")
    ratios = np.array(seconds["constrained"]) / np.array(seconds["free"])
    fastest = min(seconds["constrained"]) / min(seconds["free"])
    print(
        f"CPU seconds, constrained / free: {np.median(ratios):.4f} of pairs, {fastest:.4f} of the fastest (target 1.03)"
    )


if __name__ == "__main__":
    command_line.run_main(main)
