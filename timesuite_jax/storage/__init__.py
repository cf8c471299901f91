"""Files: atomic writes, checksums, write errors, remote paths, `.npz` files, restricted unpickling."""
