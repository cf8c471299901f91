"""Options of commands that serve: the address, the folder of videos and the size of uploads."""

import argparse
import math
import socket
from pathlib import Path

from timesuite_jax.errors import UserError


def add_address(parser: argparse.ArgumentParser, *, port: int) -> None:
    """Adds `--videos`, `--host`, `--port` and `--max-upload-mb`.

    Args:
      parser: of the command.
      port: the default.
    """
    parser.add_argument("--videos", type=Path, metavar="DIR", help="folder of the videos that can be used as they are")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=port, help="port to listen on (%(default)s); 0: any free one")
    parser.add_argument("--max-upload-mb", type=float, default=100.0, help="of a video that is sent (%(default)s)")


def listen(args: argparse.Namespace) -> socket.socket:
    """A socket that accepts connections.

    Raises:
      UserError: there is no such address, or the port is in use.
    """
    try:
        family = socket.getaddrinfo(args.host, args.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((args.host, args.port), family=family)
    except (OSError, UnicodeError) as error:
        place = f"{args.host} port {args.port}"
        raise UserError(f"cannot listen on {place} ({error}); choose another --host or --port") from error


def check_address(args: argparse.Namespace) -> None:
    """Checks the options of `add_address`.

    Raises:
      UserError: one is out of range, or there is no such folder.
    """
    if not 0 < args.max_upload_mb < math.inf:
        raise UserError(f"--max-upload-mb {args.max_upload_mb} is not a number above 0; give one")
    if not 0 <= args.port < 65536:
        raise UserError(f"--port {args.port} is no port; give a number from 0 to 65535")
    if args.videos is not None and not args.videos.is_dir():
        raise UserError(f"--videos {args.videos} is not a folder; give the folder of the videos")
