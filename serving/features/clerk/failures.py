"""Why a sync with Clerk came to nothing, in one word that may be shown."""


class ClerkFailure(Exception):  # noqa: N818 - the code says what failed
    """`code` goes into `app.clerk_syncs` and into answers; nothing of Clerk's own words does."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
