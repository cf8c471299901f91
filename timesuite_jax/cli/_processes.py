"""Joins the other processes of a run, where there are any."""

from timesuite_jax.cli._native_libraries import hide_native_output


def join_processes() -> None:
    """Makes this process one of a run's; results on stdout are not mixed with what native libraries print.

    Raises:
      UserError: as `parallel.join_processes`.
    """
    import jax

    from timesuite_jax import parallel  # imported late: errors in options are reported before JAX is imported

    before = jax.distributed.is_initialized()
    parallel.join_processes()
    if jax.distributed.is_initialized() and not before:
        hide_native_output()
