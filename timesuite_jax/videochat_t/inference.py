"""What a trained VideoChat-T does: answers questions, and is scored on corpora."""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.config_spec import as_json
from timesuite_jax.data.corpora import open_corpus
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Span, shard_batches
from timesuite_jax.evaluation.calibration_file import UNCALIBRATED, Calibration
from timesuite_jax.evaluation.job import EvaluationJob, EvaluationRequest
from timesuite_jax.param_tree import Params
from timesuite_jax.text import Tokenizer, check_clip_tokenizer, check_tokenizer, load_clip_tokenizer, load_tokenizer
from timesuite_jax.training import Call, Evaluation
from timesuite_jax.videochat_t.answering.answer_forms import SPANS, AnswerChoice
from timesuite_jax.videochat_t.answering.answer_grammar import AnswerGrammar, AnswerRequest, compiled_grammar
from timesuite_jax.videochat_t.answering.answerer import Answerer, answering_calls
from timesuite_jax.videochat_t.answering.ask import ask
from timesuite_jax.videochat_t.answering.ask_result import AskResult
from timesuite_jax.videochat_t.answering.encodings import EncodingCache
from timesuite_jax.videochat_t.answering.long_video.hierarchical import ask_windows
from timesuite_jax.videochat_t.answering.long_video.long_video import index_long_video, window_hindrance
from timesuite_jax.videochat_t.answering.long_video.strategy import Strategy, choose_strategy, clip_factor
from timesuite_jax.videochat_t.answering.predictor import VideoChatPredictor
from timesuite_jax.videochat_t.answering.requirements import Requirements
from timesuite_jax.videochat_t.benchmarks.corpus_evaluation import CorpusEvaluation
from timesuite_jax.videochat_t.benchmarks.evaluation_job import evaluation_job
from timesuite_jax.videochat_t.benchmarks.table import find_benchmark
from timesuite_jax.videochat_t.config import VideoChatTConfig, model_spec
from timesuite_jax.videochat_t.data.padding_batch import padding_batch
from timesuite_jax.videochat_t.data.processor import Processor
from timesuite_jax.videochat_t.missing_inputs import check_inputs
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT
from timesuite_jax.videochat_t.more_clips import with_more_clips
from timesuite_jax.videochat_t.protocol import adapt, apply_protocol


class VideoChatInference:
    """The half of `VideoChatTask` that needs parameters and no training data; parameters are passed to each method."""

    def __init__(self, config: VideoChatTConfig, needs: Requirements | None = None) -> None:
        """Builds the model; tokenizers and corpora are read when they are first used.

        `config` is that of training; questions are answered under `config.evaluation.protocol`, with the changes of
        `needs`.

        Raises:
          UserError: if the Q-Former has no room for a clip's text.
        """
        self.config = config
        self.model = VideoChatT(config.model)
        self._answering = adapt(apply_protocol(config), needs or Requirements())
        self._answering_model = VideoChatT(self._answering.model)
        self._encodings = EncodingCache()
        self._models: dict[str, VideoChatInference] = {}  # by protocol, or by protocol and factor of clips
        positions = config.model.qformer.positions
        if config.data.clip_text_length > positions:
            raise UserError(
                f"data.clip_text_length={config.data.clip_text_length} is more than "
                f"model.qformer.positions={positions}; lower it"
            )

    @classmethod
    def model_config(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Every field of the model that a config describes."""
        return as_json(model_spec(config.get("model", {})))

    @classmethod
    def replace_data(cls, config: Mapping[str, Any], data: Sequence[str]) -> dict[str, Any]:
        """The config with other evaluation corpora."""
        return {**config, "evaluation": {**config.get("evaluation", {}), "corpora": tuple(data)}}

    def check_ready(self, *, weights: bool, evaluate: bool) -> None:
        """Checks that all inputs exist, and that the tokenizers can be read; see `tokenizers`."""
        check_inputs(self.config, train=False, weights=weights, evaluate=evaluate)
        self.processor()

    @functools.cached_property
    def tokenizers(self) -> tuple[Tokenizer, Tokenizer]:
        """Of the language model and of the Q-Former.

        Raises:
          UserError: if they are not there, lack what prompts are made of, or are of other models.
        """
        text, spec = self.config.text, self.config.model
        words, clips = load_tokenizer(text.tokenizer), load_clip_tokenizer(text.clip_tokenizer)
        check_tokenizer(words, text.tokenizer)
        if spec.qformer.text_input:
            check_clip_tokenizer(clips, text.clip_tokenizer, self._answering.data.time_style)
        for field, tokenizer, rows in (("mistral", words, spec.mistral.vocab), ("qformer", clips, spec.qformer.vocab)):
            if tokenizer.vocab_size > rows:
                raise UserError(
                    f"the tokenizer has {tokenizer.vocab_size} tokens but model.{field}.vocab={rows}; "
                    "give the model's own tokenizer, or set that field for a model that starts from nothing"
                )
        return words, clips

    def processor(self, layout: str | None = None) -> Processor:
        """Makes prompts for evaluation and for single questions.

        Args:
          layout: name of a conversation layout; that of the protocol if not given.

        Raises:
          UserError: on an unknown layout.
        """
        data = self._answering.data
        data = data if layout is None else dataclasses.replace(data, layout=layout)
        return Processor(data, self._answering.video_inputs(), *self.tokenizers, train=False)

    def with_protocol(self, protocol: str | None) -> "VideoChatInference":
        """The same model under another protocol, see `protocol.py`; under the config's if not given.

        Raises:
          UserError: on an unknown protocol.
        """
        if protocol is None:
            return self
        evaluation = dataclasses.replace(self.config.evaluation, protocol=protocol)
        return VideoChatInference(dataclasses.replace(self.config, evaluation=evaluation))

    def evaluation_programs(self, params: Params) -> dict[str, Call]:
        """An evaluation's batch: encoding videos, reading prompts, making one token."""
        data, evaluation = self._answering.data, self._answering.evaluation
        rows = evaluation.batch_size
        if rows > 1:  # one question is answered by all devices together
            share, rows = shard_batches(rows)
            rows *= share.count
        batch = self.padding_batch(rows, max(data.buckets), data.clip_text_length)
        return answering_calls(self._answering_model, params, batch, evaluation.max_new_tokens)

    def evaluations(self) -> dict[str, Evaluation]:
        """The benchmark of `config.evaluation` on each evaluation corpus, by folder name.

        Raises:
          UserError: if two have the same name, one cannot be read, or the benchmark is unknown.
        """
        metric_names = find_benchmark(self.config.evaluation.benchmark).metric_names
        corpora = self.config.evaluation.corpora
        folders = {folder.rstrip("/").rpartition("/")[2]: folder for folder in corpora}
        if len(folders) < len(corpora):
            raise UserError(
                f"evaluation.corpora={corpora} has two folders of one name, and metrics are named after "
                "folders; rename one, or leave it out"
            )
        for folder in corpora:
            open_corpus(folder)  # fails when a run begins, not at its first evaluation
        spec = self.config.evaluation
        scored = {name: CorpusEvaluation(folder, spec, self.predictor) for name, folder in folders.items()}
        return {name: Evaluation(metric_names, one.run, one.pictures) for name, one in scored.items()}

    def evaluation_job(self, request: EvaluationRequest) -> EvaluationJob:
        """A benchmark on the evaluation corpora; see `evaluation_job`."""
        model = self.with_protocol(request.protocol)
        model.processor(request.prompt)  # rejects an unknown layout before parameters are read

        def make_predictor(params: Params, needs: Requirements) -> VideoChatPredictor:
            adapted = VideoChatInference(model.config, needs)
            answers, calibration = request.answers or "auto", request.calibration or UNCALIBRATED
            return adapted.predictor(params, request.prompt, needs.answer_tokens, answers, calibration)

        return evaluation_job(model.config.evaluation, request, make_predictor)

    def check_prompt(self, prompt: str | None, protocol: str | None) -> None:
        """Checks names of a layout and of a protocol; as in `registry.capabilities.Answers`."""
        self.with_protocol(protocol).processor(prompt)

    def ask(
        self,
        params: Params,
        video: str | Path,
        question: str,
        *,
        clip: Span | None = None,
        prompt: str | None = None,
        protocol: str | None = None,
        max_new_tokens: int | None = None,
        limit: int | None = None,
        temperature: float = 0.0,
        seed: int | None = None,
        history: Sequence[Any] = (),
        on_text: Callable[[str], None] | None = None,
        answers: AnswerChoice = "auto",
        calibration: Calibration = UNCALIBRATED,
        long: Strategy = "whole",
        window: float | None = None,
    ) -> AskResult:
        """Answers one question about a video; arguments as in `registry.capabilities.Answers`."""
        if protocol is not None and protocol not in self._models:
            self._models[protocol] = self.with_protocol(protocol)
        model = self if protocol is None else self._models[protocol]
        choices = {"max_new_tokens": max_new_tokens} if max_new_tokens else {}
        grammar, strategy, content = _grammar(model, answers), "whole", None
        if long != "whole":
            found = index_long_video(video, clip, window or self.config.evaluation.window_s)
            content = found.content
            hindrance = window_hindrance(question, constrained=grammar is not None, follows=bool(history))
            strategy = choose_strategy(long, shown=found.shown, window=found.window, hindrance=hindrance)
            if strategy == "hierarchical" and grammar is not None:  # else it has been rejected
                answerer = model.answerer(params, temperature=temperature, **choices)
                return ask_windows(
                    answerer,
                    model.processor(prompt),
                    found,
                    question,
                    encodings=self._encodings,
                    limit=limit,
                    seed=seed,
                    grammar=grammar,
                    calibration=calibration,
                )
            if strategy == "resampled":
                factor = clip_factor(found.shown, found.window)
                name = f"{model.config.evaluation.protocol} {factor}"
                if name not in self._models:
                    self._models[name] = VideoChatInference(with_more_clips(model.config, factor))
                model = self._models[name]
        answerer = model.answerer(params, temperature=temperature, **choices)
        answer = ask(
            answerer,
            model.processor(prompt),
            video,
            question,
            clip=clip,
            history=history,
            encodings=self._encodings,
            content=content,
            limit=limit,
            seed=seed,
            on_text=on_text,
            grammar=grammar,
            calibration=calibration,
        )
        return dataclasses.replace(answer, long=strategy)

    def padding_batch(self, count: int, length: int, text_length: int) -> dict[str, Shaped[np.ndarray, "B ..."]]:
        """Returns the shapes of a batch of this config; see `padding_batch`."""
        segments = self.config.data.turns == "independent"
        return padding_batch(self.config.model, count, length, text_length, segments=segments)

    def answerer(self, params: Params, **choices: Any) -> Answerer:
        """The model with these parameters, ready to answer; `choices` as `Answerer` takes them."""
        evaluation = self._answering.evaluation
        choices = {"max_new_tokens": evaluation.max_new_tokens, **choices}
        upstream_text = evaluation.protocol == "paper"
        return Answerer(self._answering_model, params, self.tokenizers[0], upstream_text=upstream_text, **choices)

    def predictor(
        self,
        params: Params,
        layout: str | None = None,
        max_new_tokens: int | None = None,
        answers: AnswerChoice = "auto",
        calibration: Calibration = UNCALIBRATED,
    ) -> VideoChatPredictor:
        """The model with these parameters for `run_benchmark`.

        Args:
          params: all parameters of the model.
          layout: name of a conversation layout; that of the protocol if not given.
          max_new_tokens: maximum length of an answer; that of the config if not given.
          answers: "auto": answers to questions for times are constrained to their form, except under the protocol
            "paper", and where the tokenizer or `max_new_tokens` do not permit a span; "free": none is.
          calibration: temperatures of the confidences of constrained answers.
        """
        choices = {"max_new_tokens": max_new_tokens} if max_new_tokens else {}
        length = max_new_tokens or self._answering.evaluation.max_new_tokens
        compiled = _grammar(self, answers)
        grammar = None if compiled is None else compiled()
        if grammar is not None and not grammar.permits(AnswerRequest(SPANS, math.inf), length):
            grammar = None
        return VideoChatPredictor(self.answerer(params, **choices), self.processor(layout), grammar, calibration)


def _grammar(model: VideoChatInference, answers: AnswerChoice) -> Callable[[], AnswerGrammar] | None:
    """Returns what compiles the grammar of constrained answers; None where all are free: under the protocol "paper"."""
    if answers == "free" or model.config.evaluation.protocol != "default":
        return None
    return lambda: compiled_grammar(model.tokenizers[0], model.config.model.mistral.vocab)
