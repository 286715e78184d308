"""Writing down that somebody was rung, texted or mailed. What follows from it, the marts read at once."""
