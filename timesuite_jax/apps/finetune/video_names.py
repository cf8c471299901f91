"""Finds the file that a row's video names, as `timesuite data build` does."""

from etils import epath

from timesuite_jax.apps.finetune.fields import FieldError
from timesuite_jax.apps.finetune.raw_rows import shown
from timesuite_jax.data.corpora.video_folder import VideoFolder
from timesuite_jax.errors import UserError
from timesuite_jax.media import VideoError
from timesuite_jax.storage.remote_path import to_path
from timesuite_jax.suggestions import did_you_mean


class VideoNames:
    """The names that rows may give to the videos of a folder; see `VideoFolder`.

    Args:
      root: the folder, on a disk or in a bucket.

    Raises:
      UserError: there is no such folder.
    """

    def __init__(self, root: epath.PathLike) -> None:
        self.root = to_path(root)
        if not self.root.is_dir():
            raise UserError(f"there is no folder of videos {root}; give the folder that the rows' videos are in")
        self._folder = VideoFolder(self.root)

    def find(self, name: str) -> str:
        """Returns the path of a video, relative to the folder, by which all of its rows name it.

        Raises:
          FieldError: there is no such file, or several have the name without its suffix.
        """
        try:
            found = self._folder.find(name)
        except VideoError as error:
            raise FieldError(f"video {shown(name)} {error.problem}; write one of them") from error
        if found is not None:
            return found
        if "\\" in name and (self.root / name.replace("\\", "/")).is_file():
            raise FieldError(f"video {shown(name)} does not exist in {self.root}; write / instead of \\")
        hint = did_you_mean(name, sorted(self._folder.paths))
        raise FieldError(
            f"video {shown(name)} does not exist in {self.root}; {hint or 'correct the path, or --videos'}"
        )
