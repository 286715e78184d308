"""The `routiq` command, and what keeps an installation running."""
