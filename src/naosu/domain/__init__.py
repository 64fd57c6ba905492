"""The nouns of Naosu, one per file: plain immutable values, no I/O."""
