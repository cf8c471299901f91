"""Where the files that the shipped configs name are published; docs/downloads.md describes them."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import NamedTuple

PAGE = "docs/downloads.md"


class Download(NamedTuple):
    """A published file or folder."""

    repository: str  # on huggingface.co
    files: str  # in it

    def __str__(self) -> str:
        return f"download {self.files} from huggingface.co/{self.repository}"


DOWNLOADS: Mapping[str, Download] = {  # by the name in the configs, below downloads/
    "timesuite.pth": Download("Lanxingxuan/TimeSuite", "parameters/timesuite.pth"),
    "umt_l16_qformer.pth": Download("OpenGVLab/videochat", "umt_l16_qformer.pth"),
    "videochat2_mistral_7b_stage3.pth": Download(
        "OpenGVLab/VideoChat2_stage3_Mistral_7B", "videochat2_mistral_7b_stage3.pth"
    ),
    "Mistral-7B-Instruct-v0.2": Download("mistralai/Mistral-7B-Instruct-v0.2", "all files"),
    "bert-base-uncased": Download("google-bert/bert-base-uncased", "tokenizer.json and vocab.txt"),
}


def where_to_get(path: str) -> str:
    """Returns where a file of the configs is published; "" if it is none of them."""
    download = DOWNLOADS.get(PurePath(path).name)
    return str(download) if download else ""
