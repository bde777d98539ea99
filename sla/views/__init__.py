"""The screens of what was promised: daily work, and the pages on which the promises are edited."""
