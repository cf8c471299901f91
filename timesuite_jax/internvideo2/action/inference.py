"""What a trained classifier does: classifies videos, and is scored on corpora with labels."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from timesuite_jax import evaluation
from timesuite_jax.checkpoints.fingerprint import fingerprint
from timesuite_jax.config_spec import as_json
from timesuite_jax.data.corpora.corpus_shares import corpus_folders, missing_corpora
from timesuite_jax.embeddings.video import FeatureEncoder, FeatureRequest
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.job import EvaluationJob, EvaluationReport, EvaluationRequest, Progress
from timesuite_jax.internvideo2.action.benchmark import METRICS, ActionRecognition
from timesuite_jax.internvideo2.action.classifier import Classifier, view_probabilities
from timesuite_jax.internvideo2.action.classify import VideoClassification, classify
from timesuite_jax.internvideo2.action.config import ActionConfig
from timesuite_jax.internvideo2.action.model import ActionModel
from timesuite_jax.internvideo2.action.spec import model_spec
from timesuite_jax.internvideo2.encoder.features import feature_encoder
from timesuite_jax.layers import num_shards
from timesuite_jax.media import VideoError
from timesuite_jax.param_tree import Params
from timesuite_jax.training import Call, Evaluation

SUPPORTED = ("batch_size", "limit", "results", "predictions")


class ActionInference:
    """The half of `ActionTask` that needs parameters and no training data; parameters are passed to each method."""

    def __init__(self, config: ActionConfig) -> None:
        self.config = config
        self.model = ActionModel(config.model)

    @classmethod
    def model_config(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Every field of the model that a config describes."""
        return as_json(model_spec(config.get("model", {})))

    @classmethod
    def replace_data(cls, config: Mapping[str, Any], data: Sequence[str]) -> dict[str, Any]:
        """The config with other evaluation corpora."""
        return {**config, "evaluation": {**config.get("evaluation", {}), "corpora": tuple(data)}}

    def check_ready(self, *, weights: bool, evaluate: bool) -> None:
        """Checks that files of weights and evaluation corpora exist, where they are needed.

        Raises:
          UserError: if not.
        """
        self.check_files(self.config.evaluation.corpora if evaluate else (), weights=weights)

    def check_files(self, corpora: Sequence[str], *, weights: bool) -> None:
        """Checks that corpora exist, and the files of the weights if they are needed.

        Raises:
          UserError: listing all that are missing.
        """
        lines = [
            f"{folder} holds no corpus; build it with `timesuite data build --out {folder}`"
            for folder in missing_corpora(corpus_folders(corpora))
        ]
        if weights:
            lines += [f"config.weights.files: {path} does not exist" for path in self.config.weights.missing()]
        if lines:
            raise UserError("; ".join(lines))

    def classifier(self, params: Params, *, labelled: bool = True) -> Classifier:
        """The model with these parameters for `run_benchmark`, or for records without labels."""
        config = self.config
        classes = config.model.num_classes if labelled else None
        return Classifier(self.model, params, config.data, config.evaluation.views, classes)

    def classify(
        self, params: Params, videos: Sequence[str | Path], *, top: int = 5
    ) -> Iterator[VideoClassification | VideoError]:
        """The most likely classes of video files, see `registry.Classifies`."""
        classifier, size = self.classifier(params, labelled=False), self.config.evaluation.batch_size
        return classify(classifier, videos, self.config.classes, top=top, batch_size=size)

    def feature_encoder(self, request: FeatureRequest) -> FeatureEncoder:
        """The encoder's part in extracting features, see `registry.ExtractsFeatures`."""
        return feature_encoder(self.config.model.vision, request, lambda params: params["vision"])

    def evaluation_programs(self, params: Params) -> dict[str, Call]:
        """The views of a batch of videos."""
        views, vision = self.config.evaluation.views.count, self.config.model.vision
        rows = -(-self.config.evaluation.batch_size // num_shards("batch")) * num_shards("batch")
        size = (rows, views, vision.num_frames, vision.image_size, vision.image_size, 3)
        frames: Any = jax.ShapeDtypeStruct(size, jnp.uint8)
        return {"views": Call(view_probabilities, (self.model, params, frames))}

    def evaluations(self) -> dict[str, Evaluation]:
        """Accuracy on each evaluation corpus, by folder name.

        Raises:
          UserError: if two have the same name.
        """
        corpora = self.config.evaluation.corpora
        folders = {folder.rstrip("/").rpartition("/")[2]: folder for folder in corpora}
        if len(folders) < len(corpora):
            raise UserError(
                f"evaluation.corpora={corpora} has two folders of one name, and metrics are named after folders; "
                "rename one, or leave it out"
            )
        names = (*METRICS, *evaluation.COUNTS)
        return {name: Evaluation(names, functools.partial(self._score, folder)) for name, folder in folders.items()}

    def _score(self, folder: str, params: Params) -> dict[str, float]:
        spec = self.config.evaluation
        benchmark = ActionRecognition([folder], spec.limit)
        classifier, threads = self.classifier(params), self.config.data.threads
        return evaluation.run_benchmark(benchmark, classifier, batch_size=spec.batch_size, threads=threads).metrics()

    def evaluation_job(self, request: EvaluationRequest) -> EvaluationJob:
        """Accuracy on all evaluation corpora together.

        Raises:
          UserError: if an option is not supported, or there are no corpora.
        """
        request.check_supported("internvideo2_action", SUPPORTED)
        spec = self.config.evaluation
        if not spec.corpora:
            raise UserError("config.evaluation.corpora is empty; give a corpus to evaluate with --data")
        benchmark = ActionRecognition(spec.corpora, request.limit or spec.limit)

        def run(params: Params, on_progress: Progress) -> EvaluationReport:
            result = evaluation.run_benchmark(
                benchmark,
                self.classifier(params),
                batch_size=request.batch_size or spec.batch_size,
                folder=request.results,
                settings={"weights": fingerprint(params)} if request.results else {},
                threads=self.config.data.threads,
                on_progress=on_progress,
            )
            title = f"{', '.join(spec.corpora)}: {spec.views.clips} clips, {spec.views.crops} crops"
            files = (
                []
                if request.predictions is None
                else [functools.partial(evaluation.write_predictions, result, request.predictions)]
            )
            return EvaluationReport(result.as_json(), functools.partial(evaluation.print_result, result, title), files)

        return EvaluationJob("classifying", len(benchmark.examples()), run)
