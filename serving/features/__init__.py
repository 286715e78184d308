"""One package a question: its routes, its answers' shape and its SQL."""
