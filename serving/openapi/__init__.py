"""The API's description of itself, and the page that shows it."""
