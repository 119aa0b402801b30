"""The demo: invented complaints, played through the running system by its real doors.

`stories` tells what happens, `browser` and `doors` are the ways in, `play` goes through a story.
"""
