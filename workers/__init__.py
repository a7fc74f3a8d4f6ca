"""The process that writes: arq workers that carry records to the targets."""
