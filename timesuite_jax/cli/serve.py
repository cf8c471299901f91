"""Serves a model over HTTP, with OpenAI's chat completions: POST /v1/chat/completions, GET /v1/models.

A request names a video by its path below --videos, or sends it as a data URL. Any OpenAI client works with
base_url="http://127.0.0.1:8000/v1". There is no authentication: the server listens on this machine only, unless --host
is given. It needs `pip install "timesuite_jax[serve]"`.

examples:
  timesuite serve --workdir quickstart/run --videos quickstart/two_objects/videos --port 8000
  timesuite serve --config configs/timesuite/paper.py --videos /data/videos --max-requests 32 --timeout 600
"""

import argparse
import math
from pathlib import Path

from timesuite_jax.apps.decoding_options import as_option, check_decoding
from timesuite_jax.cli._listening import add_address, check_address, listen
from timesuite_jax.cli._model_args import add_answers, add_model, open_model
from timesuite_jax.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_model(parser)
    add_answers(parser)
    add_address(parser, port=8000)
    parser.add_argument("--max-new-tokens", type=int, default=512, help="maximum length of an answer (%(default)s)")
    parser.add_argument(
        "--max-requests", type=int, default=8, help="in progress at once; more are rejected with 429 (%(default)s)"
    )
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds for a request (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Serves until it is interrupted or terminated; the running answer is finished first.

    Raises:
      UserError: an option is out of range, a library is missing, or the model cannot be used.
    """
    _check(args)
    try:
        import starlette  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise UserError(
            f'{error.name} is not installed; `pip install "timesuite_jax[serve]"` installs what `serve` needs'
        ) from error
    from timesuite_jax import registry
    from timesuite_jax.apps.serve.answers import answer_function
    from timesuite_jax.apps.serve.app import make_app
    from timesuite_jax.apps.serve.service import Service

    model = open_model(args, registry.Answers)
    listener = listen(args)  # before the parameters are read, which may take minutes
    loaded = model.load()
    name = Path(args.workdir or args.config).absolute().name  # not of what a link leads to
    service = Service(
        answer_function(loaded, args.max_new_tokens, args.answers or "auto"),
        name,
        args.videos,
        max_upload_bytes=int(args.max_upload_mb * 1e6),
        max_new_tokens=args.max_new_tokens,
        max_requests=args.max_requests,
        timeout_s=args.timeout,
        host=args.host,
    )
    config = uvicorn.Config(
        make_app(service), log_level="warning", timeout_graceful_shutdown=math.ceil(args.timeout), lifespan="on"
    )
    print(f"serving the model {name!r} on http://{args.host}:{listener.getsockname()[1]}/v1", flush=True)
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _check(args: argparse.Namespace) -> None:
    check_address(args)
    check_decoding(args.max_new_tokens, shown=as_option)
    for option, value in (
        ("--max-requests", args.max_requests),
        ("--timeout", args.timeout),
    ):
        if not 0 < value < math.inf:
            raise UserError(f"{option} {value} is not a number above 0; give one")
