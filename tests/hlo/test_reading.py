"""FLOPs, trip counts, memory and collectives of compiled programs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from timesuite_jax import parallel
from timesuite_jax.hlo import Module, array_bytes, count_flops, parse, read_collectives, read_oom_error
from timesuite_jax.hlo.replica_groups import read_groups
from timesuite_jax.parallel import MeshSpec

LAYERS, ROWS, WIDTH = 5, 16, 32


@pytest.fixture(scope="module")
def mesh() -> jax.sharding.Mesh:
    return parallel.make_mesh(MeshSpec(data=1, fsdp=4, tensor=2))


@pytest.fixture(scope="module")
def module(mesh) -> Module:
    """A scan over layers; weights are all-gathered over fsdp, products all-reduced over tensor."""

    def sharding(*axes: str | None) -> NamedSharding:
        return NamedSharding(mesh, PartitionSpec(*axes))

    def network(weights, x):
        def layer(x, w):
            y = jnp.einsum("bi,io->bo", x, jax.lax.with_sharding_constraint(w, sharding("tensor", None)))
            return jax.lax.with_sharding_constraint(jnp.tanh(y), sharding("fsdp", "tensor")), None

        return jax.lax.scan(layer, x, weights)[0]

    weights = jax.ShapeDtypeStruct((LAYERS, WIDTH, WIDTH), jnp.float32, sharding=sharding(None, "tensor", "fsdp"))
    x = jax.ShapeDtypeStruct((ROWS, WIDTH), jnp.float32, sharding=sharding("fsdp", "tensor"))
    return parse(jax.jit(network).lower(weights, x).compile().as_text())


def test_products_are_multiplied_by_trip_counts(module):
    assert module.open_loops == ()
    arithmetic = count_flops(module)
    assert arithmetic.products == LAYERS * 2 * (ROWS // 4) * (WIDTH // 2) * WIDTH
    assert arithmetic.kernels == 0 and arithmetic.unknown_kernels == ()


def test_collectives_are_attributed_to_mesh_axes(module, mesh):
    collectives = {(entry.kind, entry.axes): entry for entry in read_collectives(module, mesh)}
    gathered = collectives["all-gather", "fsdp"]
    half = WIDTH // 2 * WIDTH * 4  # bytes of a layer's weights that one device needs
    assert (gathered.count, gathered.bytes) == (LAYERS, LAYERS * half * 3 / 4)
    summed = sum(entry.bytes for (_, axes), entry in collectives.items() if axes == "tensor")
    assert summed > 0 and {axes for _, axes in collectives} == {"fsdp", "tensor"}
    assert all(entry.overlapped_bytes == 0 for entry in collectives.values()), "the CPU's schedule overlaps nothing"


def test_a_loop_with_a_data_dependent_trip_count_is_reported():
    def halve(x):
        return jax.lax.while_loop(lambda x: jnp.max(x) > 1, lambda x: x @ x, x)

    text = jax.jit(halve).lower(jnp.ones((8, 8))).compile().as_text()
    module = parse(text)
    assert len(module.open_loops) == 1 and "while" in module.open_loops[0]
    assert count_flops(module).products == 2 * 8**3
    with pytest.raises(ValueError, match="no ENTRY"):
        parse("not a program")


# What XLA for TPUs makes of a product whose operand it passes around eight chips, in both directions, in steps that it
# unrolls in pairs: the counter increases by 2.
PAIRED = """
HloModule m, is_scheduled=true

%body (p: (f32[8,8], u32[])) -> (f32[8,8], u32[]) {{
  %p = (f32[8,8]{{1,0}}, u32[]) parameter(0)
  %x = f32[8,8]{{1,0}} get-tuple-element(%p), index=0
  %i = u32[]{{:T(128)}} get-tuple-element(%p), index=1
  %first = f32[8,8]{{1,0}} dot(%x, %x), lhs_contracting_dims={{1}}, rhs_contracting_dims={{0}}
  %second = f32[8,8]{{1,0}} dot(%first, %x), lhs_contracting_dims={{1}}, rhs_contracting_dims={{0}}
{increment}
  ROOT %t = (f32[8,8]{{1,0}}, u32[]) tuple(%second, %next)
}}

%condition (q: (f32[8,8], u32[])) -> pred[] {{
  %q = (f32[8,8]{{1,0}}, u32[]) parameter(0)
  %j = u32[] get-tuple-element(%q), index=1
  %limit = u32[] constant({limit})
  ROOT %less = pred[] compare(%j, %limit), direction=LT
}}

ENTRY %main (a: f32[8,8]) -> (f32[8,8], u32[]) {{
  %a = f32[8,8]{{1,0}} parameter(0)
  %zero = u32[] constant(0)
  %start = (f32[8,8]{{1,0}}, u32[]) tuple(%a, %zero)
  ROOT %loop = (f32[8,8]{{1,0}}, u32[]) while(%start), condition=%condition, body=%body
}}
"""
BY_TWO = "  %two = u32[] constant(2)\n  %next = u32[] add(%i, %two)"
TWICE_ONE = (
    "  %one = u32[] constant(1)\n  %c = u32[] copy(%i)\n  %k = u32[] add(%c, %one)\n  %next = u32[] add(%one, %k)"
)
BY_DATA = "  %next = u32[] multiply(%i, %i)"


@pytest.mark.parametrize(
    ("increment", "limit", "trips"), [(BY_TWO, 4, 2), (BY_TWO, 5, 3), (TWICE_ONE, 4, 2), (BY_DATA, 4, None)]
)
def test_a_counter_may_increase_by_more_than_one(increment, limit, trips):
    module = parse(PAIRED.format(increment=increment, limit=limit))
    loop = module.computations["main"].instructions[-1]
    assert module.trips("main", loop) == trips and len(module.open_loops) == (trips is None)
    assert count_flops(module).products == (trips or 1) * 2 * 2 * 8**3


def test_loops_of_jax_that_count_by_two_have_half_the_trips():
    def body(carry):
        i, x = carry
        return i + 2, x @ x

    text = jax.jit(lambda x: jax.lax.while_loop(lambda c: c[0] < 10, body, (0, x))).lower(jnp.ones((8, 8))).compile()
    module = parse(text.as_text())
    assert not module.open_loops and count_flops(module).products == 5 * 2 * 8**3


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("replica_groups={{0,1},{2,3}}", [[0, 1], [2, 3]]),
        ("replica_groups={}", [[0, 1, 2, 3]]),
        ("replica_groups=[2,2]<=[4]", [[0, 1], [2, 3]]),
        ("replica_groups=[2,2]<=[2,2]T(1,0)", [[0, 2], [1, 3]]),
        ("replica_groups=mesh['a'=2,'b'=2] {'a'}", [[0, 2], [1, 3]]),
        ("replica_groups=mesh['a'=2,'b'=2] {'b','a'}", [[0, 2, 1, 3]]),
        ("replica_groups=mesh['a'=4] {'a':(2)2}", [[0, 1], [2, 3]]),
        ("replica_groups=mesh['a'=4] {'a':(1)2}", [[0, 2], [1, 3]]),
        ("replica_groups=mesh['a'=2,'b'=2], device_ids=([2,2]T(1,0)) {'a'}", [[0, 1], [2, 3]]),
        ("replica_groups=mesh['a'=2,'b'=2], device_ids=([4]) {'a'}", [[0, 2], [1, 3]]),
        ("source_target_pairs={{0,1},{1,2},{2,0}}", [[0, 1], [1, 2], [2, 0]]),
    ],
)
def test_all_notations_of_replica_groups(text, groups):
    np.testing.assert_array_equal(read_groups(f"channel_id=1, {text}, dimensions={{0}}", 4), groups)


TPU_TEXT = """HloModule jit_f, is_scheduled=true

%fused (a: bf16[8,64], b: bf16[64,32]) -> bf16[8,32] {
  %a = bf16[8,64]{1,0:T(8,128)(2,1)} parameter(0)
  %b = bf16[64,32]{1,0:T(8,128)(2,1)} parameter(1)
  ROOT %convolution.1 = bf16[8,32]{1,0:T(8,128)(2,1)} convolution(%a, %b), dim_labels=bf_io->bf
}

ENTRY %main (p: bf16[8,64], w: bf16[16,32], h: bf16[4,8,64], v: bf16[4,8,64]) -> bf16[8,32] {
  %p = bf16[8,64]{1,0:T(8,128)(2,1)} parameter(0)
  %w = bf16[16,32]{1,0:T(8,128)(2,1)} parameter(1)
  %h = bf16[4,8,64]{2,1,0} parameter(2)
  %v = bf16[4,8,64]{2,1,0} parameter(3)
  %all-gather-start.1 = (bf16[16,32]{1,0}, bf16[64,32]{1,0}) all-gather-start(%w), channel_id=1, replica_groups=[2,4]<=[8], dimensions={0}, use_global_device_ids=true
  %scores = f32[4,8,8]{2,1,0} convolution(%h, %v), window={size=4 stride=3 lhs_dilate=4}, dim_labels=0bf_0oi->0bf
  %all-gather-done.1 = bf16[64,32]{1,0} all-gather-done(%all-gather-start.1)
  %all-gather-start.2 = (bf16[16,32]{1,0}, bf16[64,32]{1,0}) all-gather-start(%w), channel_id=2, replica_groups=[2,4]<=[8], dimensions={0}, use_global_device_ids=true
  %all-gather-done.2 = bf16[64,32]{1,0} all-gather-done(%all-gather-start.2)
  ROOT %fusion = bf16[8,32]{1,0} fusion(%p, %all-gather-done.1), kind=kOutput, calls=%fused
}
"""  # noqa: E501


def test_a_tpu_schedule():
    """Products are convolutions, over mostly padding if batched; one between start and done is overlapped."""
    module = parse(TPU_TEXT)
    batched, plain = 2 * 4 * 8 * 64 * 8, 2 * 8 * 64 * 32
    assert count_flops(module).products == batched + plain
    fsdp_tensor = parallel.make_mesh(MeshSpec(data=2, fsdp=4))
    (gather,) = read_collectives(module, fsdp_tensor)
    size = 64 * 32 * 2 * 3 / 4
    assert (gather.kind, gather.axes, gather.count) == ("all-gather", "fsdp", 2)
    assert (gather.bytes, gather.overlapped_bytes) == (2 * size, size)


FUSED_TEXT = """HloModule jit_f, is_scheduled=true

%started (w: bf16[16,32]) -> (bf16[16,32], bf16[64,32]) {
  %w = bf16[16,32]{1,0} parameter(0)
  %all-gather.1 = bf16[64,32]{1,0} all-gather(%w), channel_id=7, replica_groups=[2,4]<=[8], dimensions={0}
  ROOT %custom-call.1 = (bf16[16,32]{1,0}, bf16[64,32]{1,0}) custom-call(%all-gather.1), custom_call_target="AsyncCollectiveStart"
}

%piece (w.1: bf16[16,32], a: bf16[8,64], b: bf16[64,32]) -> (bf16[8,32], bf16[64,32]) {
  %w.1 = bf16[16,32]{1,0} parameter(0)
  %a = bf16[8,64]{1,0} parameter(1)
  %b = bf16[64,32]{1,0} parameter(2)
  %all-gather.2 = bf16[64,32]{1,0} all-gather(%w.1), channel_id=7, replica_groups=[2,4]<=[8], dimensions={0}
  %convolution.1 = bf16[8,32]{1,0} convolution(%a, %b), dim_labels=bf_io->bf
  ROOT %tuple.1 = (bf16[8,32]{1,0}, bf16[64,32]{1,0}) tuple(%convolution.1, %all-gather.2)
}

%done (w.2: bf16[16,32]) -> bf16[64,32] {
  %w.2 = bf16[16,32]{1,0} parameter(0)
  %all-gather.3 = bf16[64,32]{1,0} all-gather(%w.2), channel_id=7, replica_groups=[2,4]<=[8], dimensions={0}
  ROOT %custom-call.2 = bf16[64,32]{1,0} custom-call(%all-gather.3), custom_call_target="AsyncCollectiveDone"
}

ENTRY %main (p: bf16[16,32], q: bf16[8,64], r: bf16[64,32]) -> bf16[64,32] {
  %p = bf16[16,32]{1,0} parameter(0)
  %q = bf16[8,64]{1,0} parameter(1)
  %r = bf16[64,32]{1,0} parameter(2)
  %async-collective-start = (bf16[16,32]{1,0}, bf16[64,32]{1,0}) fusion(%p), kind=kCustom, calls=%started
  %fusion.1 = (bf16[8,32]{1,0}, bf16[64,32]{1,0}) fusion(%p, %q, %r), kind=kOutput, calls=%piece
  ROOT %async-collective-done = bf16[64,32]{1,0} fusion(%p), kind=kCustom, calls=%done
}
"""  # noqa: E501


def test_a_decomposed_collective_counts_once():
    (gather,) = read_collectives(parse(FUSED_TEXT), parallel.make_mesh(MeshSpec(data=2, fsdp=4)))
    assert (gather.count, gather.bytes, gather.overlapped_bytes) == (1, 64 * 32 * 2 * 3 / 4, 64 * 32 * 2 * 3 / 4)


KERNEL_TEXT = """HloModule jit_f, is_scheduled=true

ENTRY %main (i: s8[1,3,3], q: bf16[32,1536,128], k: bf16[8,1536,128]) -> bf16[32,1536,128] {
  %i = s8[1,3,3]{2,1,0} parameter(0)
  %q = bf16[32,1536,128]{2,1,0} parameter(1)
  %k = bf16[8,1536,128]{2,1,0} parameter(2)
  ROOT %splash_mha_fwd.1 = bf16[32,1536,128]{2,1,0} custom-call(%i, %q, %k, %k), custom_call_target="tpu_custom_call", frontend_attributes={kernel_metadata={
"xprof_metadata":"{}"
}}, metadata={op_name="jit(f)/splash_causal_512x512/splash_mha_fwd_segmented/pallas_call"}
}
"""  # noqa: E501


def test_a_kernel_counts_the_blocks_that_it_visits():
    """Two products in six of nine blocks; a kernel without a formula is reported by name."""
    arithmetic = count_flops(parse(KERNEL_TEXT))
    assert arithmetic.kernels == 2 * 2 * 32 * 128 * 6 * 512**2
    other = count_flops(parse(KERNEL_TEXT.replace("splash_causal", "other")))
    assert other.kernels == 0 and "other_512x512" in other.unknown_kernels[0]


@pytest.mark.parametrize(
    ("message", "peak"),
    [
        ("Ran out of memory in memory space hbm. Used 20.50G of 15.75G hbm. Exceeded hbm capacity by 4.75G.", 20.5),
        ("the total memory required for HLO temporaries (600.00G) exceeds available HBM (15.75G).", 601),
    ],
)
def test_an_out_of_memory_error_gives_the_required_memory(message, peak):
    memory = read_oom_error(f"RESOURCE_EXHAUSTED: {message}", 2.0**30)
    assert memory is not None and not memory.fits
    assert (memory.peak, memory.hbm_limit, memory.arguments) == (peak * 2**30, 15.75 * 2**30, 2**30)
    assert read_oom_error("INTERNAL: something else", 0.0) is None


def test_two_four_bit_integers_share_a_byte():
    key = jax.eval_shape(lambda: jax.random.key(0))
    sizes = {dtype: array_bytes((3, 8), jnp.dtype(dtype)) for dtype in ("int4", "int8", "bfloat16", "bool")}
    assert sizes == {"int4": 12, "int8": 24, "bfloat16": 48, "bool": 24}
    assert array_bytes(key.shape, key.dtype) == 8


SCATTERED_TEXT = """
HloModule m, is_scheduled=true

%all-reduce-scatter (input: bf16[60,32]) -> bf16[16,32] {
  %input = bf16[60,32]{1,0} parameter(0)
  %zero = bf16[] constant(0)
  %padded = bf16[64,32]{1,0} pad(%input, %zero), padding=0_4x0_0
  %sum = bf16[64,32]{1,0} all-reduce(%padded), channel_id=4, replica_groups={{0,1,2,3},{4,5,6,7}}, to_apply=%add
  %start = u32[] constant(0)
  ROOT %part = bf16[16,32]{1,0} dynamic-slice(%sum, %start, %start), dynamic_slice_sizes={16,32}
}

ENTRY %main (p: bf16[60,32]) -> bf16[16,32] {
  %p = bf16[60,32]{1,0} parameter(0)
  ROOT %fusion = bf16[16,32]{1,0} fusion(%p), kind=kCustom, calls=%all-reduce-scatter
}
"""


def test_an_all_reduce_with_a_slice_of_it_is_a_reduce_scatter():
    (found,) = read_collectives(parse(SCATTERED_TEXT), parallel.make_mesh(MeshSpec(data=2, fsdp=4)))
    # Each of four chips receives three parts of its quarter: half of what an all-reduce takes.
    assert (found.kind, found.axes, found.count, found.bytes) == ("reduce-scatter", "fsdp", 1, 3 * 16 * 32 * 2)
