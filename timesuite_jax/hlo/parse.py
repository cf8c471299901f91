"""Parses the text of a compiled program (`jax.stages.Compiled.as_text()`): scheduled HLO.

Only what this package needs is parsed: computations, their instructions in the order they run, shapes, operands, which
computation calls which, and how often. The grammar is in XLA's `xla/hlo/parser/hlo_parser.cc`; layouts are skipped.
"""

import dataclasses
import functools
import math
import re
from collections.abc import Callable

# Bytes of an element. A boolean takes a byte, a 4-bit integer half a byte on a TPU.
BYTES = {
    **dict.fromkeys(("pred", "s8", "u8", "f8e4m3fn", "f8e5m2", "f8e4m3b11fnuz"), 1.0),
    **dict.fromkeys(("s4", "u4"), 0.5),
    **dict.fromkeys(("s16", "u16", "f16", "bf16"), 2.0),
    **dict.fromkeys(("s32", "u32", "f32"), 4.0),
    **dict.fromkeys(("s64", "u64", "f64", "c64"), 8.0),
}
_ARRAY = re.compile(r"(\w+)\[([\d,]*)\]")
_HEADER = re.compile(r"^(ENTRY )?%?([\w.\-]+) \(.*\{$")
_INSTRUCTION = re.compile(r"^\s+(ROOT )?%?([\w.\-]+) = (.*)$")
_NAME = re.compile(r"%([\w.\-]+)")
_CALLED = re.compile(r"\b(?:calls|to_apply|body|true_computation|false_computation)=%([\w.\-]+)")
_BRANCHES = re.compile(r"\bbranch_computations=\{([^}]*)\}")
# Instructions whose computations are applied to every element or pair, not run as a part of the program.
_APPLIED = ("reduce", "reduce-window", "sort", "scatter", "map", "select-and-scatter", "all-reduce", "reduce-scatter",
            "all-reduce-start")  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Shape:
    """Shape of one array."""

    dtype: str
    dims: tuple[int, ...]

    @property
    def bytes(self) -> float:
        """Size without padding; 0 for types without data (tokens, contexts)."""
        return BYTES.get(self.dtype, 0.0) * math.prod(self.dims)


@dataclasses.dataclass(frozen=True)
class Instruction:
    """One line of a computation."""

    name: str
    opcode: str
    shapes: tuple[Shape, ...]  # of the result; those of a tuple in order, nested ones flattened
    operands: tuple[str, ...]  # names; of a constant its value, of a parameter its number
    attributes: str  # the rest of the line

    @property
    def called(self) -> tuple[str, ...]:
        """Computations that it runs."""
        if self.opcode in _APPLIED:
            return ()
        names = _CALLED.findall(self.attributes)
        for branches in _BRANCHES.findall(self.attributes):
            names += _NAME.findall(branches)
        return tuple(names)

    @property
    def scope(self) -> str:
        """Its nested `jax.named_scope`s."""
        found = re.search(r'op_name="([^"]*)"', self.attributes)
        return found.group(1) if found else ""


@dataclasses.dataclass(frozen=True)
class Computation:
    """Instructions in the order in which they run."""

    name: str
    instructions: tuple[Instruction, ...]

    @functools.cached_property
    def by_name(self) -> dict[str, Instruction]:
        """Its instructions, by name."""
        return {instruction.name: instruction for instruction in self.instructions}

    def operand(self, instruction: Instruction, index: int) -> Instruction:
        """An operand of one of its instructions."""
        return self.by_name[instruction.operands[index]]


@dataclasses.dataclass(frozen=True)
class Module:
    """The program of one device."""

    computations: dict[str, Computation]
    entry: str

    @functools.cached_property
    def runs(self) -> dict[str, int]:
        """How often each computation runs in one run of the program.

        A loop whose trip count depends on data counts once: see `open_loops`.
        """
        counts: dict[str, int] = {}

        def visit(name: str, times: int) -> None:
            counts[name] = counts.get(name, 0) + times
            for instruction in self.computations[name].instructions:
                trips = (self.trips(name, instruction) or 1) if instruction.opcode == "while" else 1
                for called in instruction.called:
                    visit(called, times * trips)

        visit(self.entry, 1)
        return counts

    @functools.cached_property
    def open_loops(self) -> tuple[str, ...]:
        """Scopes of the loops whose trip count depends on data."""
        return tuple(
            instruction.scope
            for name in self.runs
            for instruction in self.computations[name].instructions
            if instruction.opcode == "while" and self.trips(name, instruction) is None
        )

    def trips(self, computation: str, loop: Instruction) -> int | None:
        """Trip count of a `while`; None if it depends on data.

        A scan increments an integer up to a constant, and its condition is that comparison. The increment is 1, or 2
        in a product that XLA overlaps with the transfer of its operand, the steps of which it unrolls in pairs.
        """
        found = re.search(r"known_trip_count\D+(\d+)", loop.attributes)
        if found:
            return int(found.group(1))
        condition = self.computations[re.findall(r"\bcondition=%([\w.\-]+)", loop.attributes)[0]]
        compare = condition.instructions[-1]
        if compare.opcode == "fusion":
            condition, operands = self.computations[compare.called[0]], condition
            compare = condition.instructions[-1]
            bounds = [operands.by_name[name] for name in operands.instructions[-1].operands]
        else:
            bounds = [condition.by_name[name] for name in compare.operands]
        if compare.opcode != "compare" or "direction=LT" not in compare.attributes:
            return None
        limit = next((_constant(bound) for bound in bounds if bound.opcode == "constant"), None)
        counter = next((bound for bound in bounds if bound.opcode == "get-tuple-element"), None)
        if limit is None or counter is None:
            return None
        index = int(re.findall(r"index=(\d+)", counter.attributes)[0])
        body = self.computations[re.findall(r"\bbody=%([\w.\-]+)", loop.attributes)[0]]
        increment = self._added(body, body.operand(body.instructions[-1], index), index)
        if not increment:
            return None
        return -(-(limit - self._first(computation, loop, index)) // increment)

    def _added(self, body: Computation, value: Instruction, index: int) -> int | None:
        """What a value in a loop adds to the counter, number `index` of what is carried; None if it is no such sum."""
        if value.opcode in ("copy", "bitcast"):
            return self._added(body, body.operand(value, 0), index)
        if value.opcode == "get-tuple-element":
            carried = body.operand(value, 0).opcode == "parameter" and f"index={index}" in value.attributes.split(", ")
            return 0 if carried else None
        if value.opcode == "fusion":
            inner = self.computations[value.called[0]]
            return self._added_in_fusion(body, value, inner, inner.instructions[-1], index)
        if value.opcode != "add":
            return None
        return _sum(body, value, lambda part: self._added(body, part, index))

    def _added_in_fusion(
        self, body: Computation, fusion: Instruction, inner: Computation, value: Instruction, index: int
    ) -> int | None:
        """As `_added`, for a value in a fusion of the loop."""
        if value.opcode == "parameter":
            return self._added(body, body.operand(fusion, int(value.operands[0])), index)
        if value.opcode != "add":
            return None
        return _sum(inner, value, lambda part: self._added_in_fusion(body, fusion, inner, part, index))

    def _first(self, computation: str, loop: Instruction, index: int) -> int:
        """Initial value of the counter: a constant in the tuple that the loop gets, usually 0."""
        outer = self.computations[computation]
        carried = outer.operand(loop, 0)
        if carried.opcode != "tuple":
            return 0
        start = outer.operand(carried, index)
        while start.opcode in ("copy", "bitcast"):
            start = outer.operand(start, 0)
        return _constant(start) if start.opcode == "constant" else 0


def _constant(instruction: Instruction) -> int:
    return int(instruction.operands[0])


def _sum(computation: Computation, add: Instruction, added: Callable[[Instruction], int | None]) -> int | None:
    """What a sum of a constant and another value adds to a counter, to which that value adds `added(value)`."""
    left, right = computation.operand(add, 0), computation.operand(add, 1)
    if left.opcode == "constant":
        left, right = right, left
    before = added(left) if right.opcode == "constant" else None
    return None if before is None else before + _constant(right)


def parse(text: str) -> Module:
    """Parses the text of a compiled program.

    Raises:
      ValueError: if the text has no entry computation.
    """
    computations: dict[str, Computation] = {}
    entry, name = "", ""
    lines: list[list[str]] = []  # names of instructions, and the rest of their lines
    for line in text.splitlines():
        if header := _HEADER.match(line):
            name, lines = header.group(2), []
            entry = name if header.group(1) else entry
        elif line.rstrip() == "}":
            computations[name] = Computation(name, tuple(_instruction(*pair) for pair in lines))
        elif found := _INSTRUCTION.match(line):
            lines.append([found.group(2), found.group(3)])
        elif lines:  # the metadata of a kernel spans several lines
            lines[-1][1] += line
    if not entry:
        raise ValueError("the text contains no ENTRY computation; pass jax.stages.Compiled.as_text()")
    return Module(computations, entry)


def _instruction(name: str, line: str) -> Instruction:
    end = _closing(line, 0) + 1 if line.startswith("(") else line.index(" ")
    opening = line.index("(", end)
    closing = _closing(line, opening)
    inside = line[opening + 1 : closing]
    opcode = line[end:opening].strip()
    operands = (inside,) if opcode in ("constant", "parameter") else tuple(_NAME.findall(inside))
    return Instruction(name, opcode, _shapes(line[:end]), operands, line[closing + 1 :])


def _shapes(text: str) -> tuple[Shape, ...]:
    return tuple(
        Shape(dtype, tuple(int(size) for size in dims.split(",") if size)) for dtype, dims in _ARRAY.findall(text)
    )


def _closing(text: str, opening: int) -> int:
    """Index of the parenthesis that closes the one at `opening`."""
    depth = 0
    for match in re.finditer(r"[()]", text[opening:]):
        depth += 1 if match.group() == "(" else -1
        if depth == 0:
            return opening + match.start()
    raise ValueError(f"unbalanced parentheses in {text[opening : opening + 80]!r}")
