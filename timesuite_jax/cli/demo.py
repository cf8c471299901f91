"""Opens a page in which videos are uploaded or chosen and asked about; spans of the answers move the player.

The page works without a network, and nothing is reported to anyone. There is no authentication: it is served to this
machine only, unless --host is given. It needs `pip install "timesuite_jax[demo]"`.

examples:
  timesuite demo --workdir quickstart/run --videos quickstart/two_objects/videos
  timesuite demo --config configs/timesuite/paper.py --port 7861
"""

import argparse
from collections.abc import Sequence

from timesuite_jax.apps.decoding_options import as_option, check_decoding
from timesuite_jax.cli._listening import add_address, check_address, listen
from timesuite_jax.cli._model_args import add_answers, add_model, open_model
from timesuite_jax.errors import UserError

_CHOICES = 200  # videos of a folder that the page lists


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_model(parser)
    add_answers(parser)
    add_address(parser, port=7860)
    parser.add_argument("--max-new-tokens", type=int, default=128, help="maximum length of an answer (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Serves the page until it is interrupted.

    Raises:
      UserError: an option is out of range, a library is missing, or the model cannot be used.
    """
    check_address(args)
    check_decoding(args.max_new_tokens, shown=as_option)
    try:
        import uvicorn

        from timesuite_jax.apps.demo.server import make_demo
    except ImportError as error:
        raise UserError(
            f'{error.name} is not installed; `pip install "timesuite_jax[demo]"` installs what `demo` needs'
        ) from error
    from timesuite_jax import registry
    from timesuite_jax.media import VIDEO_SUFFIXES
    from timesuite_jax.registry.capabilities import VideoAnswer

    videos = [] if args.videos is None else sorted(args.videos.rglob("*"))
    videos = [path.resolve() for path in videos if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()]
    model = open_model(args, registry.Answers)
    listener = listen(args)
    loaded = model.load()

    def answer(video: str, question: str, earlier: Sequence[VideoAnswer]) -> VideoAnswer:
        return loaded.run(
            loaded.task.ask,
            video,
            question,
            history=earlier,
            max_new_tokens=args.max_new_tokens,
            answers=args.answers or "auto",
            calibration=loaded.calibration,
        )

    name = str(args.workdir or args.config) + ("" if args.step is None else f", step {args.step}")
    app = make_demo(answer, name, videos[:_CHOICES], int(args.max_upload_mb * 1e6))
    if len(videos) > _CHOICES:
        print(f"the page lists {_CHOICES} of {len(videos)} videos; others can be uploaded")
    print(f"open http://{args.host}:{listener.getsockname()[1]}/", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
    return 0
